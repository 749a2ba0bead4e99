"""`apply`: lock, look, decide, ask, write. The lock is held from before the first look until the last outcome is stored."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from pathlib import Path

import anyio

from reconciler import planning
from reconciler.applying import WRITES_IN_FLIGHT, Explain, Journal, execute
from reconciler.config import Settings
from reconciler.infisical import Reader, Writer, explain
from reconciler.model import ApplyEvent, Diagnostic, Noted, Outcome, Stop, Stopped, error
from reconciler.operations.infisical import infisical
from reconciler.operations.interruption import Interruption
from reconciler.operations.options import Options
from reconciler.operations.plan import read_plan
from reconciler.operations.running import run
from reconciler.operations.salesforce import Checks, explain_refusal, preflight, salesforce
from reconciler.operations.sources import sources
from reconciler.operations.stack import Where, backend, locked, manifests, settings, stopped
from reconciler.operations.survey import Survey, survey
from reconciler.planning import Mismatch, Plan
from reconciler.state import Backend, StateError, Version
from reconciler.wire import Asker, Client, WireError


class Approval(StrEnum):
    """What was said to a plan that has changes."""

    YES = "yes"
    NO = "no"
    IMPOSSIBLE = "impossible"
    INTERRUPTED = "interrupted"
    """The run was asked to end while it asked."""


@dataclass(frozen=True, slots=True)
class Request:
    """What to apply: nothing more than was asked. `plan_file` and `expect` (a digest) only ever narrow it."""

    options: Options = field(default_factory=Options)
    plan_file: Path | None = None
    expect: str | None = None
    lock_seconds: float = 0.0
    writes_in_flight: int = WRITES_IN_FLIGHT


@dataclass(frozen=True, slots=True)
class Callbacks:
    """How an apply talks: the plan and the question whether to go on, and what happens before and after it."""

    approve: Callable[[Plan], Approval]
    emit: Callable[[ApplyEvent], None]


@dataclass(frozen=True, slots=True)
class Applied:
    """How an apply ended. `plan` is None when it was interrupted before anything was approved, `outcome` when nothing was
    tried; `interrupted` is the signal's number."""

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


def apply(where: Where, request: Request, callbacks: Callbacks, interruption: Interruption) -> Applied:
    """Apply the stack's manifests. Raises `Stopped` when nothing was written because something is wrong.

    An `interruption` before the first write ends the run at once. During the writes it lets those in flight finish.
    """
    planned = read_plan(request.plan_file) if request.plan_file else None
    return run(_apply, replace(where, waiting=callbacks.emit), request, planned, callbacks, interruption)


async def _apply(
    where: Where, request: Request, planned: Plan | None, callbacks: Callbacks, interruption: Interruption
) -> Applied:
    found = settings(where)
    ending = _Ending(anyio.Event(), anyio.Event())
    applied: Applied | None = None
    problem: Stopped | None = None
    async with anyio.create_task_group() as group:
        group.start_soon(_end_when_asked, interruption, ending, group.cancel_scope)
        try:
            applied = await _locked(found, where, request, planned, callbacks, ending)
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


async def _locked(
    found: Settings, where: Where, request: Request, planned: Plan | None, callbacks: Callbacks, ending: _Ending
) -> Applied:
    loaded = manifests(found)
    keeper = backend(found)
    try:
        async with locked(keeper, "apply", where, request.lock_seconds):
            stored, version = await keeper.load()
            async with infisical(found, where) as session:
                surveyed = await survey(
                    found,
                    loaded.connections,
                    stored,
                    reader := Reader(session.client),
                    sources(found, where.environ, reader),
                    request.options,
                    missing_is_error=True,
                    notes=(*found.warnings, *loaded.diagnostics),
                )
                plan = _reviewed(surveyed.plan, planned, request)
                plan = planning.guarded(plan, found.guards, request.options.allowed)
                if plan.errored or plan.guarded:
                    return Applied(plan)
                approval = callbacks.approve(plan) if plan.changes else Approval.YES
                if approval is Approval.INTERRUPTED:
                    return Applied(None)
                if approval is not Approval.YES:
                    return Applied(plan, approval=approval)
                journal = _journal(plan, surveyed, keeper, version)
                async with salesforce(found, where) as asker:
                    checks = await _preflight(asker, found, plan, surveyed, callbacks)
                    refusal = partial(_refusal, checks, surveyed)
                    outcome = await _carry_out(plan, surveyed, journal, session.client, request, callbacks, ending, refusal)
                return Applied(plan, outcome, approval)
    except StateError as broken:
        raise stopped(broken) from None


def _reviewed(now: Plan, planned: Plan | None, request: Request) -> Plan:
    """Return what may be applied of `now`: all of it, or what the saved plan has, if that is still decided the same."""
    if request.expect is not None and (digest := planning.digest(now)) != request.expect:
        raise Stopped(
            Stop.STALE,
            error(
                "The plan is not the one that was expected.",
                detail=f"Expected digest {request.expect}, decided now {digest}.",
                hint="look at `reconciler plan`, and expect its digest once it is what you want",
            ),
        )
    if planned is None:
        return now
    _same_kind(now, planned, request)
    if (planned.target.url, planned.target.organisation_id) != (now.target.url, now.target.organisation_id):
        raise Stopped(
            Stop.STALE,
            error(
                "The saved plan is of another Infisical.",
                detail=f"Planned: {planned.target.url}, organisation {planned.target.organisation_id}. "
                f"Here: {now.target.url}, organisation {now.target.organisation_id}.",
                hint="plan again here",
            ),
        )
    if planned.basis.lineage and now.basis.lineage and planned.basis.lineage != now.basis.lineage:
        raise Stopped(
            Stop.STALE,
            error(
                "The saved plan is of another state.",
                detail=f"Planned: stack {planned.target.stack}, lineage {planned.basis.lineage}. "
                f"Here: stack {now.target.stack}, lineage {now.basis.lineage}.",
                hint="apply it in the stack it was made in, or plan again here",
            ),
        )
    _still_fresh(planned)
    if planned.part.only:
        now = planning.narrowed(now, planned.part.only)
    differences = planning.compare(planned, now)
    if differences:
        raise Stopped(Stop.STALE, *(_different(difference, planned, now) for difference in differences))
    return planning.select(now, planned)


def _same_kind(now: Plan, planned: Plan, request: Request) -> None:
    """Raises `Stopped` (STALE) for a plan that says other things beside the manifests than this run was told."""
    if planned.basis.base:
        raise Stopped(
            Stop.STALE,
            error(
                "The saved plan was made offline, so it approves nothing.",
                detail=f"It compares manifests with those at {planned.basis.base}, and was not compared with Infisical.",
                hint="plan again where there is a log-in to Infisical",
            ),
        )
    if planned.choices.destroy != now.choices.destroy:
        made, here = ("plan --destroy", "apply") if planned.choices.destroy else ("plan", "destroy")
        other = "destroy" if planned.choices.destroy else "apply"
        raise Stopped(
            Stop.STALE,
            error(
                f"The saved plan is one of `{other}`, and this is `{here}`.",
                detail=f"It was made with `{made}`.",
                hint=f"reconciler {other} {request.plan_file}, if that is what you want",
            ),
        )
    if now.choices.adopt_all and not planned.choices.adopt_all:
        raise Stopped(
            Stop.STALE,
            error("The saved plan was not made with --adopt-all.", hint="plan again with it, or apply without it"),
        )
    unsaid = sorted({*now.choices.accept} - {*planned.choices.accept} | {*now.choices.reassert} - {*planned.choices.reassert})
    if unsaid:
        raise Stopped(
            Stop.STALE,
            error(
                f"The saved plan was not made with a word on the credentials of {', '.join(f'`{name}`' for name in unsaid)}.",
                hint="plan again with these options, or apply without a saved plan",
            ),
        )


def _still_fresh(planned: Plan) -> None:
    """Raises `Stopped` (STALE) for a plan that was to be applied earlier."""
    at = datetime.now(UTC)
    if planned.expires_at and at >= datetime.fromisoformat(planned.expires_at):
        detail = f"It could be applied until {planned.expires_at}; it is {at.isoformat(timespec='seconds')}."
        raise Stopped(Stop.STALE, error("The saved plan has expired.", detail=detail, hint="plan again and review it"))


def _different(difference: Mismatch, planned: Plan, now: Plan) -> Diagnostic:
    flags = [f"--accept-credentials {name}" for name in sorted(planned.choices.accept) if name not in now.choices.accept]
    flags += [f"--reassert-credentials {name}" for name in sorted(planned.choices.reassert) if name not in now.choices.reassert]
    flags += ["--adopt-all"] if planned.choices.adopt_all and not now.choices.adopt_all else []
    return error(
        f"`{difference.address}`: {_words(difference)}.",
        detail="\n".join(planning.explain(difference)),
        hint=f"the plan was made with {' '.join(flags)}; say so again" if flags else "plan again and review what is new",
        address=difference.address,
    )


def _words(difference: Mismatch) -> str:
    if difference.planned is difference.now:
        return f"the planned {difference.planned} would be another one now"
    now = difference.now or "not decided at all"
    return f"planned to {difference.planned}, but now it is: {now}"


async def _preflight(asker: Asker, found: Settings, plan: Plan, surveyed: Survey, callbacks: Callbacks) -> Checks:
    """Try the credentials that are about to be sent. Raises `Stopped`: nothing was written then."""
    about = [surveyed.desired[change.address] for change in plan.changes if change.sends_credentials]
    checks, warnings = await preflight(asker, found, about, surveyed.credentials)
    for one in warnings:
        callbacks.emit(Noted(one))
    return checks


async def _refusal(checks: Checks, surveyed: Survey, refused: Diagnostic) -> Diagnostic:
    address = refused.address
    return await explain_refusal(checks, surveyed.desired[address], surveyed.credentials.get(address), refused)


def _journal(plan: Plan, surveyed: Survey, keeper: Backend, version: Version) -> Journal:
    settled = surveyed.settled.state
    state = replace(settled, organisation_id=plan.target.organisation_id, organisation_name=plan.target.organisation_name)
    return Journal(keeper, state, version)


async def _carry_out(
    plan: Plan,
    surveyed: Survey,
    journal: Journal,
    client: Client,
    request: Request,
    callbacks: Callbacks,
    ending: _Ending,
    refusal: Explain,
) -> Outcome:
    """Write. A plan without changes still records what an interrupted apply turned out to have done."""
    if not plan.changes and not surveyed.interrupted:
        return Outcome()
    ending.writing.set()
    try:
        return await execute(
            plan,
            surveyed.desired,
            surveyed.credentials,
            journal,
            Reader(client),
            Writer(client),
            emit=callbacks.emit,
            explain_refusal=refusal,
            stop=ending.stop,
            writes_in_flight=request.writes_in_flight,
        )
    except WireError as failure:
        raise Stopped(Stop.FAILED, explain(failure, "begin to apply; nothing was written")) from None
