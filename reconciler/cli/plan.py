"""`reconciler plan`."""

from pathlib import Path

import click

from reconciler.cli import exits, output
from reconciler.cli.options import credentials_options, guard_options, log_option, stack_options
from reconciler.operations.options import Options
from reconciler.operations.stack import Where


@click.command()
@stack_options
@log_option
@credentials_options
@guard_options
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Keep the plan in this file, for apply and show.")
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 when there are changes.")
@output.plan_format_option
def command(where: Where, options: Options, out: Path | None, detailed_exitcode: bool, form: str) -> None:
    """Show what apply would change. Nothing is locked and nothing is written but the file of --out.

    Values that are not available here are warnings: their changes are planned all the same.

    \b
    Example:
      reconciler plan --out plan.json --detailed-exitcode
    """
    from reconciler.operations.plan import plan
    from reconciler.reports import JsonReport

    with output.stops(JsonReport().diagnostics if form == "json" else None):
        planned = plan(where, options, out=out)
    output.say_plan(planned, form)
    if out is not None and form == "text":
        kept = f"Kept in {out}." if not planned.errored else f"Not kept in {out}: mend the errors first."
        click.echo(f"\n{kept}")
    raise click.exceptions.Exit(exits.of_plan(planned, detailed=detailed_exitcode))
