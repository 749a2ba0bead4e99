"""Options that several commands share."""

import functools
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from reconciler.cli import output
from reconciler.model import Diagnostic
from reconciler.operations.location import StackLocation
from reconciler.operations.options import Options
from reconciler.planning import Allowed, Requirement, Selection, parse_selector

Command = Callable[..., None]


def stack_options(command: Command) -> Command:
    """Add `--chdir` and `--config`; the command gets `location`, the stack they name."""

    @click.option(
        "--chdir",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        help="Look for reconciler.yaml in this directory, then in those above it.",
    )
    @click.option("--config", type=click.Path(dir_okay=False, path_type=Path), help="Use this file as reconciler.yaml.")
    @functools.wraps(command)
    def with_stack(*, chdir: Path | None, config: Path | None, **others: Any) -> None:
        start = (chdir or Path()).absolute()
        named = None if config is None else config if chdir is None or config.is_absolute() else chdir / config
        command(location=StackLocation(start, named, os.environ, waiting=output.say_waiting), **others)

    return with_stack


def plan_options(command: Command) -> Command:
    """Add the choices that a user makes for one plan: `--accept-credentials`, `--reassert-credentials`, `--adopt-all`, and
    the options of `guard_options`. The command gets all of them as `options`."""
    accept = click.option(
        "--accept-credentials",
        "accept",
        multiple=True,
        metavar="ADDRESS",
        help="Accept the credentials that somebody else wrote in Infisical. Repeatable; '*' matches any text.",
    )
    reassert = click.option(
        "--reassert-credentials",
        "reassert",
        multiple=True,
        metavar="ADDRESS",
        help="Overwrite the credentials that somebody else wrote in Infisical. Repeatable; '*' matches any text.",
    )
    adopt = click.option(
        "--adopt-all", is_flag=True, help="Take over every unmanaged connection that has the name of a manifest."
    )

    @guard_options
    @functools.wraps(command)
    def with_choices(
        *, options: Options, accept: tuple[str, ...], reassert: tuple[str, ...], adopt_all: bool, **others: Any
    ) -> None:
        if both := sorted({*accept} & {*reassert}):
            raise click.UsageError(f"Accept or reassert credentials, not both: {', '.join(both)}.")
        options = replace(options, accept=frozenset(accept), reassert=frozenset(reassert), adopt_all=adopt_all)
        command(options=options, **others)

    return accept(reassert(adopt(with_choices)))


def guard_options(command: Command) -> Command:
    """Add the options that lift a stop by naming its number: `--allow-deletes`, `--allow-updates`, `--confirm-missing`. The
    command gets them as `options`."""
    allow = [
        click.option(
            f"--allow-{what}",
            f"allow_{what}",
            type=click.IntRange(min=0),
            metavar="N",
            help=f"Lift the guard for a plan with exactly N {what}, in this run only.",
        )
        for what in ("deletes", "updates")
    ]

    @functools.wraps(command)
    def with_guards(
        *, allow_deletes: int | None, allow_updates: int | None, confirm_missing: int | None, **others: Any
    ) -> None:
        options = Options(allowed=Allowed(allow_deletes, allow_updates), confirm_missing=confirm_missing)
        command(options=options, **others)

    return allow[0](allow[1](missing_option(with_guards)))


def missing_option(command: Command) -> Command:
    """Add `--confirm-missing`."""
    return click.option(
        "--confirm-missing",
        type=click.IntRange(min=0),
        metavar="N",
        help="Go on although exactly N recorded connections are missing from Infisical's list.",
    )(command)


class _Selector(click.ParamType[tuple[Requirement, ...]]):
    """A label selector."""

    name = "selector"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[Requirement, ...]:
        try:
            return parse_selector(str(value))
        except ValueError as wrong:
            self.fail(str(wrong), param, ctx)


def selection_options(command: Command) -> Command:
    """Add `--only` and `--selector`, which go into the command's `options`. A saved plan has its own selection."""
    only = click.option(
        "--only",
        multiple=True,
        metavar="ADDRESS",
        help="Work on this address only. Repeatable, or several with commas; '*' matches any text.",
    )
    labels = click.option(
        "--selector",
        "-l",
        "labels",
        type=_Selector(),
        metavar="LABELS",
        help="Work only on connections with these labels, such as team=crm,tier!=test.",
    )

    @functools.wraps(command)
    def with_selection(
        *, options: Options, only: tuple[str, ...], labels: tuple[Requirement, ...] | None, **others: Any
    ) -> None:
        named = tuple(address.strip() for text in only for address in text.split(",") if address.strip())
        if named and labels:
            raise click.UsageError("Give --only or --selector, not both.")
        if (named or labels) and others.get("file") is not None:
            raise click.UsageError("A saved plan has its own selection: leave out --only and --selector.")
        if only and not named:
            raise click.UsageError("--only names no address.")
        command(options=replace(options, selection=Selection(named, labels or ())), **others)

    return only(labels(with_selection))


def apply_options(command: Command) -> Command:
    """Add the options for carrying out a plan: `--lock-timeout`, `--parallelism`, `--auto-approve`."""
    from reconciler.applying import WRITES_IN_FLIGHT

    parallelism = click.option(
        "--parallelism",
        type=click.IntRange(min=1, max=32),
        default=WRITES_IN_FLIGHT,
        show_default=True,
        metavar="N",
        help="Send at most N writes at once. Ten use up the database connections of a self-hosted Infisical.",
    )
    approve = click.option("--auto-approve", is_flag=True, help="Apply without asking.")
    return lock_option(parallelism(approve(command)))


def log_option(command: Command) -> Command:
    """Add `--log-http`. `location` then has the file, and shows notices on standard error."""

    @click.option(
        "--log-http",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        help="Append one line of JSON to this file for each request to Infisical. It contains no secret.",
    )
    @functools.wraps(command)
    def with_log(*, location: StackLocation, log_http: Path | None, **others: Any) -> None:
        def notice(diagnostic: Diagnostic) -> None:
            output.say_problems((diagnostic,))

        command(location=replace(location, log_http=log_http, notice=notice), **others)

    return with_log


def lock_option(command: Command) -> Command:
    """Add `--lock-timeout`."""
    return click.option(
        "--lock-timeout",
        "lock_seconds",
        type=click.FloatRange(min=0),
        default=0,
        metavar="SECONDS",
        help="Wait up to this long for another run to release the lock of the state.",
    )(command)
