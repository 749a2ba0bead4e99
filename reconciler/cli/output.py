"""Where output goes: reports to standard output, problems to standard error, colour only where it is wanted."""

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
    """Return the style for a stream: NO_COLOR wins, then FORCE_COLOR, then a terminal has colour. A pipe has 80 columns."""
    width = min(shutil.get_terminal_size((80, 24)).columns, _WIDEST) if stream.isatty() else 80
    return Style(_has_colour(stream), max(width, 40))


def _has_colour(stream: TextIO) -> bool:
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") not in {"", "0"}:
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def report(form: str, stream: TextIO | None = None) -> Report:
    """Return the report that `--format` names, laid out for a stream, which is standard output by default."""
    return REPORTS[form](style(stream or sys.stdout))


def plan_report(form: str) -> PlanReport:
    """Return the report that `--format` names, for a command that only shows a plan."""
    return PLAN_REPORTS[form](style(sys.stdout))


def say(text: str, *, err: bool = False) -> None:
    """Write `text`. No other function of the product prints.

    Nothing in it controls a terminal or a CI (`reports.harmless`). Reports already make their values harmless; this also covers
    what they miss. If nobody reads the output any more, the run goes on silently, and carries out what was approved.
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
    """Discard everything that is still written to `stream`."""
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
    """Turn a `Stopped` into messages and its exit code. `show` may add a text for standard output."""
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
    help_text = "text is for people, json for programs."
    return click.option("--format", "form", type=choice, default="text", show_default=True, help=help_text)(command)


def plan_format_option(command: Callable[..., None]) -> Callable[..., None]:
    """Add `--format text|markdown|json`."""
    choice = click.Choice(list(PLAN_REPORTS))
    help_text = "text is for people, markdown for a pull request, json for programs."
    return click.option("--format", "form", type=choice, default="text", show_default=True, help=help_text)(command)


def say_plan(plan: "Plan", form: str) -> None:
    """Write a plan. As Markdown, write it also to the summary of the job if the CI has one."""
    text = plan_report(form).plan(plan)
    say(text)
    if form == "markdown" and (summary := os.environ.get("GITHUB_STEP_SUMMARY")):
        try:
            with Path(summary).open("a", encoding="utf-8") as opened:
                opened.write(harmless(text))
        except OSError as broken:
            say(f"warning: The job summary cannot be written: {broken.strerror}.\n", err=True)
