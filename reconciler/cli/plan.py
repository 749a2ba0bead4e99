"""`reconciler plan`."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from reconciler.cli import exits, output
from reconciler.cli.options import log_option, plan_options, selection_options, stack_options
from reconciler.operations.location import StackLocation
from reconciler.operations.options import Options


class _Duration(click.ParamType[timedelta]):
    """A number and a unit."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        match = re.fullmatch(r"([1-9]\d{0,5})([smhd])", str(value))
        if match is None:
            self.fail(f"`{value}` is not a duration: write a number and a unit (s, m, h or d), such as 2h", param, ctx)
        return timedelta(**{_UNITS[match[2]]: int(match[1])})


_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


@click.command()
@stack_options
@log_option
@plan_options
@selection_options
@click.option("--destroy", is_flag=True, help="Show what `destroy` would delete.")
@click.option("--offline", is_flag=True, help="Compare with the manifests at --base, not with Infisical. Needs no log-in.")
@click.option("--base", metavar="REF", help="With --offline: the git commit to compare with, such as origin/main.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Save the plan in this file, for apply and show.")
@click.option(
    "--expires",
    type=_Duration(),
    metavar="DURATION",
    help="With --out: how long the saved plan can be applied, such as 2h. Units: s, m, h, d.",
)
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 if there are changes.")
@output.plan_format_option
def command(
    location: StackLocation,
    options: Options,
    out: Path | None,
    expires: timedelta | None,
    detailed_exitcode: bool,
    destroy: bool,
    offline: bool,
    base: str | None,
    form: str,
) -> None:
    """Show what apply would change. Locks nothing, and writes nothing except the file of --out.

    If a key or a secret is not available here, the plan has a warning and goes on. If there is no log-in at all, for example
    in a pull request from a fork, `--offline --base REF` shows what the manifests themselves change.

    \b
    Example:
      reconciler plan --out plan.json --detailed-exitcode
    """
    if expires is not None and out is None:
        raise click.UsageError("--expires needs --out: only a saved plan can expire.")
    if offline != (base is not None):
        raise click.UsageError("--offline and --base REF need each other: give both, or none.")
    options = replace(options, destroy=destroy)
    if offline and (destroy or options != Options(allowed=options.allowed, selection=options.selection)):
        raise click.UsageError(
            "--offline does not ask Infisical, so it allows only these choices: --only, --selector, --allow-deletes, "
            "--allow-updates."
        )
    from reconciler.operations.event_loop import run
    from reconciler.operations.offline import plan_offline
    from reconciler.operations.plan import check_place, keep, plan

    with output.stops(output.plan_report(form).plan_stopped):
        if out is not None:
            check_place(out)
        planned = run(plan, location, options) if base is None else plan_offline(location, base, options)
        planned = keep(planned, out, expires) if out is not None else planned
    output.say_plan(planned, form)
    if out is not None and form == "text":
        saved = f"Saved in {out}." if not planned.errored else f"Not saved in {out}: correct the errors first."
        output.say(f"\n{saved}\n")
    raise click.exceptions.Exit(exits.of_plan(planned, detailed=detailed_exitcode))
