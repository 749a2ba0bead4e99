"""How `apply` and `destroy` talk: to a person with a plan and a question, to a program with lines of JSON."""

import select
import sys

import click

from reconciler.cli import exits, output, signals
from reconciler.cli.progress import Progress, aside
from reconciler.model import ApplyEvent, Noted, Waiting
from reconciler.operations.apply import Applied, Approval, Callbacks, Request, apply
from reconciler.operations.event_loop import run
from reconciler.operations.interruption import Interruption
from reconciler.operations.location import StackLocation
from reconciler.planning import Plan
from reconciler.reports import ApplyReport

_WITHOUT_ASKING = "Use --auto-approve, or apply a plan that `plan --out` saved."


def carry_out(location: StackLocation, request: Request, *, approved: bool, form: str) -> None:
    """Apply what `request` says, and exit. Ask first unless it is `approved`, and show what happens in `form` (text, json)."""
    with output.stops(output.report(form).apply_stopped), signals.handle_signals() as interruption:
        talk = _Json(approved) if form == "json" else _Text(approved, interruption)
        try:
            applied = run(apply, location, request, Callbacks(talk.approve, talk.emit), interruption)
        finally:
            talk.end()
    talk.finish(applied)
    raise click.exceptions.Exit(exits.of_apply(applied))


class _Text:
    """Talks with a person."""

    def __init__(self, approved: bool, interruption: Interruption) -> None:
        self._approved = approved
        self._interruption = interruption
        self._report: ApplyReport = output.report("text")
        self._progress: Progress | None = None
        self._shown = False

    def approve(self, plan: Plan) -> Approval:
        """Show the plan and ask whether to go on."""
        self._show(plan)
        answer = Approval.YES if self._approved else _ask(self._interruption)
        if answer is Approval.YES:
            output.say("\n")
            self._progress = Progress(len(plan.changes))
        return answer

    def emit(self, event: ApplyEvent) -> None:
        """Show what happened. A wait is shown even before there is a plan."""
        if isinstance(event, Waiting):
            with aside():
                output.say_waiting(event)
        elif self._progress is not None:
            show = self._progress.note if isinstance(event, Noted) else self._progress.show
            show(self._report.event(event))

    def end(self) -> None:
        """Clear the progress bar."""
        if self._progress is not None:
            self._progress.close()

    def finish(self, applied: Applied) -> None:
        """Show how it ended."""
        if applied.plan is None:
            output.say("Interrupted. Nothing was written.\n", err=True)
            return
        self._show(applied.plan)
        match applied.approval:
            case None if applied.plan.guarded:
                output.say("Not applied: a guard stops this plan.\n", err=True)
            case Approval.NO:
                output.say("Not applied: the answer was not `yes`.\n", err=True)
            case Approval.IMPOSSIBLE:
                output.say(f"Not applied: there is no terminal to ask at. {_WITHOUT_ASKING}\n", err=True)
            case _ if applied.outcome is not None:
                output.say(self._report.outcome(applied.plan, applied.outcome))

    def _show(self, plan: Plan) -> None:
        if not self._shown:
            output.say(self._report.planned(plan))
            sys.stdout.flush()
        self._shown = True


class _Json:
    """Talks with a program. There is nobody to ask."""

    def __init__(self, approved: bool) -> None:
        self._approved = approved
        self._report: ApplyReport = output.report("json")
        self._begun = False
        self._shown = False

    def approve(self, plan: Plan) -> Approval:
        """Show the plan as lines."""
        self._show(plan)
        return Approval.YES if self._approved else Approval.IMPOSSIBLE

    def emit(self, event: ApplyEvent) -> None:
        """Show what happened as lines. Show a wait on standard error too, for a person who watches."""
        if isinstance(event, Waiting):
            output.say_waiting(event)
        self._begin()
        output.say(self._report.event(event))

    def end(self) -> None:
        """Nothing to clear."""

    def finish(self, applied: Applied) -> None:
        """Show how it ended."""
        if applied.plan is not None:
            self._show(applied.plan)
        if applied.approval is Approval.IMPOSSIBLE:
            output.say(f"Not applied: --format json cannot ask. {_WITHOUT_ASKING}\n", err=True)
        elif applied.plan is not None and applied.outcome is not None:
            output.say(self._report.outcome(applied.plan, applied.outcome))

    def _show(self, plan: Plan) -> None:
        if not self._shown:
            self._begin()
            output.say(self._report.planned(plan))
        self._shown = True

    def _begin(self) -> None:
        if not self._begun:
            output.say(self._report.begun())
        self._begun = True


def _ask(interruption: Interruption) -> Approval:
    """Ask at the terminal and return the answer. A signal ends the question, however close to the answer it comes."""
    if not sys.stdin.isatty():
        return Approval.IMPOSSIBLE
    output.say("\nApply these changes? Only `yes` is accepted: ", err=True)
    ready, _, _ = select.select([sys.stdin, interruption], [], [])
    if interruption in ready:
        output.say("\n")
        return Approval.INTERRUPTED
    answer = sys.stdin.readline()
    if not answer:  # the input ended, and nobody ended the line
        output.say("\n", err=True)
    return Approval.YES if answer.strip() == "yes" else Approval.NO
