"""Where words go: reports to standard output, problems to standard error, colour only where it is wanted."""

import errno
import io
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from reconciler.cli import exits
from reconciler.model import Diagnostic, Stopped, Waiting
from reconciler.reports import PLAN_REPORTS, REPORTS, DiagnosticsReport, PlanReport, Report, Style, harmless

if TYPE_CHECKING:
    from reconciler.planning import Plan

_WIDEST = 120


def style(stream: TextIO) -> Style:
    """Return the style for a stream: NO_COLOR wins, then FORCE_COLOR, else colour on a terminal; 80 columns in a pipe."""
    width = min(shutil.get_terminal_size((80, 24)).columns, _WIDEST) if stream.isatty() else 80
    return Style(_has_colour(stream), max(width, 40))


def _has_colour(stream: TextIO) -> bool:
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") not in {"", "0"}:
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def report(form: str, stream: TextIO | None = None) -> Report:
    """Return the report that `--format` names, laid out for a stream, standard output by default."""
    return REPORTS[form](style(stream or sys.stdout))


def plan_report(form: str) -> PlanReport:
    """Return the report that `--format` of a command names that only shows a plan."""
    return PLAN_REPORTS[form](style(sys.stdout))


def say(text: str, *, err: bool = False) -> None:
    """Write `text`. No other function of the product prints.

    Nothing in it then controls a terminal or a CI (`reports.harmless`): reports take care of their values themselves, and this
    holds for whatever they miss. When nobody reads on, the run goes on without words: what was approved is carried out.
    """
    colour = _has_colour(sys.stdout) or _has_colour(sys.stderr)
    try:
        click.echo(harmless(text, colour=colour), nl=False, err=err, color=True)
    except OSError as broken:
        silence(sys.stderr if err else sys.stdout)
        if not err and broken.errno != errno.EPIPE:
            say(f"error: The output cannot be written: {broken.strerror}.\n", err=True)


def say_usage_error(wrong: click.ClickException) -> None:
    """Write what is wrong with the words of a command line to standard error."""
    text = io.StringIO()
    wrong.show(text)
    say(text.getvalue(), err=True)


def silence(stream: TextIO) -> None:
    """Send what is still written to `stream` nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def say_problems(diagnostics: Sequence[Diagnostic]) -> None:
    """Write diagnostics to standard error."""
    problems: DiagnosticsReport = report("text", sys.stderr)
    say(problems.diagnostics(diagnostics), err=True)


def say_waiting(event: Waiting) -> None:
    """Write why the run waits, and how long, to standard error."""
    say(report("text", sys.stderr).event(event), err=True)


@contextmanager
def stops(show: Callable[[tuple[Diagnostic, ...]], str] | None = None) -> Iterator[None]:
    """Turn a `Stopped` into its words and its exit code; what `show` makes of it goes to standard output too."""
    try:
        yield
    except Stopped as stopped:
        say_problems(stopped.diagnostics)
        if show and (text := show(stopped.diagnostics)):
            say(text)
        raise click.exceptions.Exit(exits.STOPS[stopped.reason]) from None


def format_option(command: Callable[..., None]) -> Callable[..., None]:
    """Add `--format text|json`."""
    choice = click.Choice(list(REPORTS))
    return click.option("--format", "form", type=choice, default="text", show_default=True, help="For people or programs.")(
        command
    )


def plan_format_option(command: Callable[..., None]) -> Callable[..., None]:
    """Add `--format text|markdown|json`."""
    choice = click.Choice(list(PLAN_REPORTS))
    words = "For people, for a pull request, for programs."
    return click.option("--format", "form", type=choice, default="text", show_default=True, help=words)(command)


def say_plan(plan: "Plan", form: str) -> None:
    """Write a plan; as Markdown also to the summary of the job, where a CI has one."""
    text = plan_report(form).plan(plan)
    say(text)
    if form == "markdown" and (summary := os.environ.get("GITHUB_STEP_SUMMARY")):
        try:
            with Path(summary).open("a", encoding="utf-8") as opened:
                opened.write(harmless(text))
        except OSError as broken:
            say(f"warning: The job's summary cannot be written to: {broken.strerror}.\n", err=True)
