"""Carries out the changes of a plan side by side. A change waits only for the one that frees the name it takes."""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import anyio

from reconciler.applying import writes
from reconciler.applying.journal import Journal
from reconciler.infisical import CredentialsRefused, InfisicalError, Reader, WireError, Writer, explain_failure
from reconciler.model import (
    Action,
    ApplyEvent,
    ChangeFailed,
    ChangeFinished,
    ChangeNotTried,
    ChangeStarted,
    Connection,
    Credentials,
    Diagnostic,
    Intent,
    Outcome,
    Reason,
    Record,
    Verb,
    Why,
    error,
)
from reconciler.model.action import ACCEPTED, DESCRIPTION, INSTANCE_URL, NAME, VERSION
from reconciler.planning import Change, Plan
from reconciler.state import Conflict, StateError

WRITES_IN_FLIGHT = 8
"""Ten creates in flight use up the ten database connections of a self-hosted Infisical. More than eight are no faster."""

_CLOCK_MARGIN = timedelta(seconds=5)
"""How far the clocks of Infisical's server and its database may be apart."""

Emit = Callable[[ApplyEvent], None]
Explain = Callable[[Diagnostic], Awaitable[Diagnostic]]
"""Adds to a refusal of credentials what Salesforce says about them, because Infisical hides that."""


@dataclass(frozen=True, slots=True)
class _Step:
    """A change with what it needs: key and secret, the intents of its writes, its record afterwards and now."""

    change: Change
    credentials: Credentials | None
    intents: tuple[Intent, ...]
    record: Record | None
    old: Record | None


async def execute(
    plan: Plan,
    desired: Mapping[str, Connection],
    credentials: Mapping[str, Credentials],
    journal: Journal,
    reader: Reader,
    writer: Writer,
    *,
    emit: Emit,
    explain_refusal: Explain,
    stop: anyio.Event,
    writes_in_flight: int = WRITES_IN_FLIGHT,
) -> Outcome:
    """Carry out `plan` and return what became of it. Once `stop` is set, what is in flight is finished and nothing else begins.

    `desired` and `credentials` are by address; credentials are there for every change that sends them.
    Raises `StateError` when the intents cannot be stored: nothing was written then.
    """
    since = (await reader.clock() - _CLOCK_MARGIN).isoformat() if plan.changes else ""
    key = journal.state.key
    steps = [_step(change, desired, credentials, journal, key, since) for change in plan.changes]
    await journal.intend(intent for step in steps for intent in step.intents)
    slots = anyio.CapacityLimiter(writes_in_flight)
    run = _Run(journal, reader, writer, emit=emit, explain_refusal=explain_refusal, stop=stop, slots=slots)
    return await run.all(steps)


class _Run:
    """One apply that is under way."""

    def __init__(
        self,
        journal: Journal,
        reader: Reader,
        writer: Writer,
        *,
        emit: Emit,
        explain_refusal: Explain,
        stop: anyio.Event,
        slots: anyio.CapacityLimiter,
    ) -> None:
        self._journal = journal
        self._reader = reader
        self._writer = writer
        self._emit = emit
        self._explain_refusal = explain_refusal
        self._stop = stop
        self._slots = slots
        self._over: dict[str, anyio.Event] = {}
        self._not_done: set[str] = set()
        self._partly_done: set[str] = set()
        self._done: list[ChangeFinished] = []
        self._failed: list[ChangeFailed] = []
        self._not_tried: list[ChangeNotTried] = []
        self._problem: Diagnostic | None = None

    async def all(self, steps: Sequence[_Step]) -> Outcome:
        """Run every step. Store as they end, and once more at the end, whatever happens."""
        self._over = {step.change.key: anyio.Event() for step in steps}
        try:
            async with anyio.create_task_group() as keeper:
                keeper.start_soon(self._keep)
                async with anyio.create_task_group() as group:
                    for step in steps:
                        group.start_soon(self._one, step)
                keeper.cancel_scope.cancel()
        finally:
            with anyio.CancelScope(shield=True):
                await self._store_at_last()
        return Outcome(tuple(self._done), tuple(self._failed), tuple(self._not_tried), self._problem)

    async def _keep(self) -> None:
        try:
            await self._journal.keep_storing()
        except StateError as broken:
            self._unstored(broken)
            self._stop.set()

    async def _store_at_last(self) -> None:
        try:
            await self._journal.store()
        except StateError as broken:
            self._unstored(broken)
        else:
            if self._problem is not None:
                stored = "It could be stored in the end, so nothing is missing in it."
                self._problem = replace(self._problem, detail=stored) if self._not_tried else None

    def _unstored(self, broken: StateError) -> None:
        missing = "What was written to Infisical since is not in the state"
        known, hint = "the intents are, so the next apply looks it up", broken.hint
        if isinstance(broken, Conflict):
            known = "nor is it in theirs, which was left as it is"
            hint = f"{hint}; what this run created can be taken over with lifecycle.adopt"
        self._problem = error(str(broken), detail=f"{missing}; {known}.", hint=hint)

    async def _one(self, step: _Step) -> None:
        change = step.change
        try:
            for key in change.waits_for:
                if key in self._over:
                    await self._over[key].wait()
            async with self._slots:
                blocked = next((key for key in change.waits_for if key in self._not_done), None)
                if blocked is not None:
                    self._skip(step, Reason(Why.WAITS_FOR_ANOTHER, waits_for=blocked))
                elif self._stop.is_set():
                    self._skip(step, Reason(Why.RUN_STOPPED))
                else:
                    await self._try(step)
        finally:
            self._over[change.key].set()

    def _skip(self, step: _Step, reason: Reason) -> None:
        for intent in step.intents:
            self._journal.withdraw(intent)
        self._not_done.add(step.change.key)
        event = ChangeNotTried(step.change.key, step.change.action, reason)
        self._not_tried.append(event)
        self._emit(event)

    async def _try(self, step: _Step) -> None:
        change = step.change
        self._emit(ChangeStarted(change.key, change.action))
        started = time.monotonic()
        try:
            connection_id = await self._do(step)
        except (InfisicalError, WireError) as refused:
            for intent in step.intents:
                self._journal.withdraw(intent)
            await self._fail(step, time.monotonic() - started, refused)
        except writes.Lost as lost:
            await self._fail(step, time.monotonic() - started, lost.cause, unknown=True)
        else:
            finished = ChangeFinished(change.key, change.action, time.monotonic() - started, connection_id)
            self._done.append(finished)
            self._emit(finished)

    async def _fail(self, step: _Step, seconds: float, cause: InfisicalError | WireError, *, unknown: bool = False) -> None:
        change = step.change
        self._not_done.add(change.key)
        partly = change.key in self._partly_done
        doing = f"delete what `{change.key}` was before it was replaced" if partly else f"{change.action} `{change.key}`"
        problem = explain_failure(cause, doing, address=change.address, location=change.location)
        if isinstance(cause, CredentialsRefused):
            problem = await self._explain_refusal(problem)
        if unknown:
            problem = replace(problem, hint="nobody can tell whether it happened; the next apply looks first")
        event = ChangeFailed(change.key, change.action, seconds, problem, unknown, partly)
        self._failed.append(event)
        self._emit(event)

    async def _do(self, step: _Step) -> str:
        """Carry out one change, note it, and return the id of the connection that is there now, or was."""
        change = step.change
        match change.action:
            case Action.CREATE | Action.RECREATE:
                return await self._create(step)
            case Action.REPLACE:
                return await self._replace(step)
            case Action.DELETE:
                await writes.delete(self._writer, self._reader, change.id)
                self._journal.drop(change.address, change.id)
                self._journal.finish(step.intents[0])
            case Action.FORGET:
                self._journal.drop(change.address, change.id)
            case _ if step.record is not None:
                await self._update(step, step.record)
        return change.id

    async def _create(self, step: _Step) -> str:
        sent, credentials = _sent(step)
        record = await writes.create(self._writer, self._reader, step.intents[0], sent, credentials)
        self._journal.put(record, step.change.previous_address)
        self._journal.finish(step.intents[0])
        return record.id

    async def _replace(self, step: _Step) -> str:
        """Create in the new scope, record both, then delete the old one. An old one that cannot be deleted stays recorded."""
        created = await self._create(step)
        if step.old is not None:
            self._journal.supersede(replace(step.old, address=step.change.address))
            self._partly_done.add(step.change.key)
            await writes.delete(self._writer, self._reader, step.old.id)
            self._journal.drop(step.change.address, step.old.id)
            self._journal.finish(step.intents[1])
        return created

    async def _update(self, step: _Step, wanted: Record) -> None:
        change = step.change
        if step.intents:
            credentials = _sent(step)[1] if change.sends_credentials else None
            fields = (NAME in change.fields, DESCRIPTION in change.fields)
            wanted = await writes.update(self._writer, change.id, wanted, fields, credentials)
            self._journal.finish(step.intents[0])
        self._journal.put(wanted, change.previous_address)


def _step(
    change: Change,
    desired: Mapping[str, Connection],
    credentials: Mapping[str, Credentials],
    journal: Journal,
    key: bytes,
    since: str,
) -> _Step:
    connection = desired.get(change.address)
    old = journal.record(change.previous_address or change.address)
    pair = credentials.get(change.address)
    record = None
    if connection is not None and not change.superseded:
        record = _record(change, connection, pair, old, key)
    return _Step(change, pair, tuple(_intents(change, record, since)), record, old)


def _intents(change: Change, record: Record | None, since: str) -> list[Intent]:
    def intent(verb: Verb, connection_id: str) -> Intent:
        kept = None if verb is Verb.DELETE else record
        return Intent(verb, change.address, connection_id, kept, change.sends_credentials, since)

    match change.action:
        case Action.CREATE | Action.RECREATE:
            return [intent(Verb.CREATE, "")]
        case Action.REPLACE:
            return [intent(Verb.CREATE, change.id), intent(Verb.DELETE, change.id)]
        case Action.DELETE:
            return [intent(Verb.DELETE, change.id)]
        case Action.UPDATE:
            return [intent(Verb.UPDATE, change.id)]
        case Action.ADOPT if change.sends_credentials or {NAME, DESCRIPTION} & set(change.fields):
            return [intent(Verb.UPDATE, change.id)]
        case _:
            return []


def _record(
    change: Change, connection: Connection, credentials: Credentials | None, old: Record | None, key: bytes
) -> Record | None:
    """Return what is recorded once a change is done. What only the server knows, such as the id, is filled in then."""
    after = change.after
    if after is None:
        return None
    accepted = ACCEPTED in change.fields
    if change.sends_credentials or accepted:
        fingerprints = credentials.fingerprints(key) if credentials else None
        credentials_hash = change.hash if accepted else None
    elif old is not None and change.action is not Action.ADOPT:
        fingerprints, credentials_hash = old.fingerprints, old.credentials_hash
    else:
        fingerprints, credentials_hash = None, change.hash
    return Record(
        address=change.address,
        id=change.id,
        scope=after.scope,
        name=after.name,
        description=after.values[DESCRIPTION] or "",
        instance_url=after.values[INSTANCE_URL] or "",
        credentials_hash=credentials_hash,
        fingerprints=fingerprints,
        version=after.values[VERSION],
        lifecycle=connection.lifecycle,
        labels=connection.labels,
        file=connection.file,
    )


def _sent(step: _Step) -> tuple[Record, Credentials]:
    if step.record is None or step.credentials is None:
        raise AssertionError(f"{step.change.key} sends credentials, but has no values")
    return step.record, step.credentials
