"""`apply`: open the stack under its lock, decide, ask, write. The lock is held until the last outcome is stored."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from pathlib import Path

import anyio

from reconciler import planning
from reconciler.applying import WRITES_IN_FLIGHT, Explain, Journal, execute
from reconciler.infisical import Writer, explain_failure
from reconciler.model import ApplyEvent, Diagnostic, Noted, Outcome, Stop, Stopped
from reconciler.operations.interruption import Interruption
from reconciler.operations.location import StackLocation
from reconciler.operations.options import Options
from reconciler.operations.plan import read_plan
from reconciler.operations.salesforce import Checks, explain_refusal, open_salesforce, preflight
from reconciler.operations.saved_plan import SavedPlan, approved_part
from reconciler.operations.stack import OpenStack, open_stack
from reconciler.operations.stored_state import Lock
from reconciler.operations.survey import Survey, survey
from reconciler.planning import Plan
from reconciler.wire import Asker, WireError


class Approval(StrEnum):
    """The answer to a plan that has changes."""

    YES = "yes"
    NO = "no"
    IMPOSSIBLE = "impossible"
    INTERRUPTED = "interrupted"
    """The run was asked to end while it asked."""


@dataclass(frozen=True, slots=True)
class Request:
    """What to apply. `plan_file` names a saved plan, `expect` is a digest: each can only narrow what is applied.

    The run waits up to `lock_seconds` for another run to release the state.
    """

    options: Options = field(default_factory=Options)
    plan_file: Path | None = None
    expect: str | None = None
    lock_seconds: float = 0.0
    writes_in_flight: int = WRITES_IN_FLIGHT


@dataclass(frozen=True, slots=True)
class Callbacks:
    """How an apply talks to its caller.

    It calls `approve` once, with the plan, before it writes anything; then it calls `emit` with each thing that happens. Before
    that it calls `emit` only for a long wait.
    """

    approve: Callable[[Plan], Approval]
    emit: Callable[[ApplyEvent], None]


@dataclass(frozen=True, slots=True)
class Applied:
    """How an apply ended.

    `plan` is None if the run was interrupted before anybody approved it. `outcome` is None if the run tried nothing.
    `interrupted` is the number of the signal that interrupted it, None if none did.
    """

    plan: Plan | None
    outcome: Outcome | None = None
    approval: Approval | None = None
    interrupted: int | None = None

    @property
    def refused(self) -> bool:
        """Whether approval was asked for and not given."""
        return self.approval in {Approval.NO, Approval.IMPOSSIBLE}


@dataclass(frozen=True, slots=True)
class _Ending:
    """How far a run is, for one that is asked to end: `writing` once it may write, `stop` once nothing new may begin."""

    writing: anyio.Event
    stop: anyio.Event


async def apply(location: StackLocation, request: Request, callbacks: Callbacks, interruption: Interruption) -> Applied:
    """Apply the stack's manifests. Raises `Stopped` when nothing was written because something is wrong.

    An `interruption` before the first write ends the run at once. During the writes it lets those in flight finish.
    """
    location = replace(location, waiting=callbacks.emit)
    saved = SavedPlan(read_plan(request.plan_file), request.plan_file) if request.plan_file else None
    ending = _Ending(anyio.Event(), anyio.Event())
    applied: Applied | None = None
    problem: Stopped | None = None
    async with anyio.create_task_group() as group:
        group.start_soon(_end_when_asked, interruption, ending, group.cancel_scope)
        try:
            applied = await _apply(location, request, saved, callbacks, ending)
        except Stopped as stop:
            problem = stop
        group.cancel_scope.cancel()
    if problem is not None:
        raise problem
    return replace(applied or Applied(None), interrupted=interruption.number)


async def _end_when_asked(interruption: Interruption, ending: _Ending, scope: anyio.CancelScope) -> None:
    await interruption.wait()
    ending.stop.set()
    if not ending.writing.is_set():
        scope.cancel()


async def _apply(
    location: StackLocation, request: Request, saved: SavedPlan | None, callbacks: Callbacks, ending: _Ending
) -> Applied:
    async with open_stack(location, lock=Lock("apply", request.lock_seconds)) as stack:
        surveyed = await survey(stack, request.options, missing_is_error=True)
        plan = approved_part(surveyed.plan, request.expect, saved, datetime.now(UTC))
        plan = planning.apply_guards(plan, stack.settings.guards, request.options.allowed)
        if plan.errored or plan.guarded:
            return Applied(plan)
        approval = callbacks.approve(plan) if plan.changes else Approval.YES
        if approval is Approval.INTERRUPTED:
            return Applied(None)
        if approval is not Approval.YES:
            return Applied(plan, approval=approval)
        async with open_salesforce(stack.settings, location) as asker:
            checks = await _preflight(asker, stack, plan, surveyed, callbacks)
            refusal = partial(_explain_refusal, checks, surveyed)
            outcome = await _carry_out(plan, stack, surveyed, request, callbacks, ending, refusal)
        return Applied(plan, outcome, approval)


async def _preflight(asker: Asker, stack: OpenStack, plan: Plan, surveyed: Survey, callbacks: Callbacks) -> Checks:
    """Try the credentials that are about to be sent. Raises `Stopped` if they must not be; nothing was written then."""
    sending = [surveyed.desired[change.address] for change in plan.changes if change.sends_credentials]
    checks, warnings = await preflight(asker, stack.settings, sending, surveyed.credentials)
    for diagnostic in warnings:
        callbacks.emit(Noted(diagnostic))
    return checks


async def _explain_refusal(checks: Checks, surveyed: Survey, refused: Diagnostic) -> Diagnostic:
    address = refused.address
    return await explain_refusal(checks, surveyed.desired[address], surveyed.credentials.get(address), refused)


async def _carry_out(
    plan: Plan,
    stack: OpenStack,
    surveyed: Survey,
    request: Request,
    callbacks: Callbacks,
    ending: _Ending,
    refusal: Explain,
) -> Outcome:
    """Write. A plan without changes still records what an interrupted apply turned out to have done."""
    if not plan.changes and not surveyed.interrupted:
        return Outcome()
    settled = surveyed.settled.state
    state = replace(settled, organisation_id=plan.target.organisation_id, organisation_name=plan.target.organisation_name)
    ending.writing.set()
    try:
        return await execute(
            plan,
            surveyed.desired,
            surveyed.credentials,
            Journal(stack.backend, state, stack.version),
            stack.infisical.reader,
            Writer(stack.infisical.client),
            emit=callbacks.emit,
            explain_refusal=refusal,
            stop=ending.stop,
            writes_in_flight=request.writes_in_flight,
        )
    except WireError as failure:
        raise Stopped(Stop.FAILED, explain_failure(failure, "begin to apply; nothing was written")) from None
