"""Options that several commands share, said once."""

import functools
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from reconciler.cli import output
from reconciler.model import Diagnostic
from reconciler.operations.options import Options
from reconciler.operations.stack import Where
from reconciler.planning import Allowed

Command = Callable[..., None]


def stack_options(command: Command) -> Command:
    """Add `--chdir` and `--config`; the command gets `where`, the stack they name."""

    @click.option(
        "--chdir",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        help="Look for reconciler.yaml from this directory on.",
    )
    @click.option("--config", type=click.Path(dir_okay=False, path_type=Path), help="Use this configuration file.")
    @functools.wraps(command)
    def with_stack(*, chdir: Path | None, config: Path | None, **others: Any) -> None:
        start = (chdir or Path()).absolute()
        named = None if config is None else config if chdir is None or config.is_absolute() else chdir / config
        command(where=Where(start, named, os.environ), **others)

    return with_stack


def credentials_options(command: Command) -> Command:
    """Add `--accept-credentials` and `--reassert-credentials`; the command gets them as `options`."""
    accept = click.option(
        "--accept-credentials",
        "accept",
        multiple=True,
        metavar="ADDRESS",
        help="Take credentials that were written outside as right. Repeatable.",
    )
    reassert = click.option(
        "--reassert-credentials",
        "reassert",
        multiple=True,
        metavar="ADDRESS",
        help="Send ours again over credentials that were written outside. Repeatable.",
    )

    @functools.wraps(command)
    def with_credentials(*, accept: tuple[str, ...], reassert: tuple[str, ...], **others: Any) -> None:
        if both := sorted({*accept} & {*reassert}):
            raise click.UsageError(f"Credentials are accepted or reasserted, not both: {', '.join(both)}.")
        command(options=Options(frozenset(accept), frozenset(reassert)), **others)

    return accept(reassert(with_credentials))


def guard_options(command: Command) -> Command:
    """Add `--allow-deletes` and `--allow-updates`; they go into the command's `options`."""
    allow = [
        click.option(
            f"--allow-{what}",
            f"allow_{what}",
            type=click.IntRange(min=0),
            metavar="N",
            help=f"Let a plan with exactly this number of {what} through its guard, this once.",
        )
        for what in ("deletes", "updates")
    ]

    @functools.wraps(command)
    def with_guards(*, options: Options, allow_deletes: int | None, allow_updates: int | None, **others: Any) -> None:
        command(options=replace(options, allowed=Allowed(allow_deletes, allow_updates)), **others)

    return allow[0](allow[1](with_guards))


def log_option(command: Command) -> Command:
    """Add `--log-http`; `where` knows it then, and tells of what is beside the result on standard error."""

    @click.option(
        "--log-http",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        help="Add a line of JSON for every call to Infisical to this file; no secret is in it.",
    )
    @functools.wraps(command)
    def with_log(*, where: Where, log_http: Path | None, **others: Any) -> None:
        def notice(diagnostic: Diagnostic) -> None:
            output.say_problems((diagnostic,))

        command(where=replace(where, log_http=log_http, notice=notice), **others)

    return with_log


def lock_option(command: Command) -> Command:
    """Add `--lock-timeout`."""
    return click.option(
        "--lock-timeout",
        "lock_seconds",
        type=click.FloatRange(min=0),
        default=0,
        metavar="SECONDS",
        help="Wait this long for another run to release the state.",
    )(command)
