"""What became of an interrupted apply: its stored intents, compared with what Infisical has now.

- A create is ours only if the connection was created after the intent, by the server's clock, with the description, the scope
  and the host that we sent. A create that nobody has seen may still arrive, so its intent stays for a while.
- An update of credentials is sent again, unless the hash never moved.
- A delete is done when its id is gone.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from reconciler.model import Diagnostic, Intent, LiveConnection, Reason, Record, State, Superseded, Verb, Why, hosts, warning
from reconciler.model.connection import APP

_SAME_WRITE = timedelta(seconds=1)
_ON_ITS_WAY = timedelta(hours=1)
"""How long a create that nobody has seen may still arrive; Infisical itself gives up after minutes."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What an interrupted apply amounts to.

    `state` is the state once everything known is recorded. `resend` are the ids whose credentials are sent again. `done` says
    what the interrupted apply turned out to have done, by address.
    """

    state: State
    resend: frozenset[str] = frozenset()
    done: Mapping[str, Reason] = field(default_factory=dict)
    diagnostics: tuple[Diagnostic, ...] = ()


def missing_ids(state: State, live: Iterable[LiveConnection]) -> tuple[str, ...]:
    """Return the ids that `state` knows and `live` lacks. Ask for each of them: Infisical filters lists by permission."""
    seen = {connection.id for connection in live}
    known = [record.id for record in state.records.values()]
    known += [item.id for item in state.superseded]
    known += [intent.connection_id for intent in state.intents if intent.connection_id]
    return tuple(dict.fromkeys(connection_id for connection_id in known if connection_id not in seen))


def too_many_missing(missing: Iterable[str], state: State) -> int:
    """Return how many ids are missing, or 0 when they are few.

    More than max(5, 5 % of the records) are many: then this is likely the wrong organisation, or a permission is lost.
    What an interrupted apply was about to delete is expected to be missing.
    """
    expected = {intent.connection_id for intent in state.intents if intent.verb is Verb.DELETE}
    number = len(set(missing) - expected)
    return number if number > max(5, math.ceil(len(state.records) * 0.05)) else 0


def settle(state: State, live: Iterable[LiveConnection], now: datetime) -> Settled:
    """Return what `state` amounts to, given all live connections, at the time `now`.

    An id that `state` knows and `live` lacks must be gone: Infisical answered 404 for it (see `missing_ids`).
    """
    if not state.intents:
        return Settled(state)
    work = _Work(state, live, now)
    for intent in state.intents:
        match intent.verb:
            case Verb.CREATE:
                work.create(intent)
            case Verb.UPDATE:
                work.update(intent)
            case Verb.DELETE:
                work.delete(intent)
    return work.result()


class _Work:
    """The records, as they change with each intent that is settled."""

    def __init__(self, state: State, live: Iterable[LiveConnection], now: datetime) -> None:
        self._state = state
        self._now = now
        self._records = dict(state.records)
        self._addresses = {record.id: address for address, record in state.records.items()}
        self._superseded = {item.id: item for item in state.superseded}
        self._waiting: list[Intent] = []
        self._done: dict[str, Reason] = {}
        self._diagnostics: list[Diagnostic] = []
        self._by_id = {connection.id: connection for connection in live}
        self._by_name = {(connection.scope, connection.name): connection for connection in self._by_id.values()}

    def create(self, intent: Intent) -> None:
        sent = intent.record
        if sent is None:
            return
        live = self._by_name.get((sent.scope, sent.name))
        if live is None:
            since = _time(intent.since)
            if since is not None and self._now - since < _ON_ITS_WAY:
                self._waiting.append(intent)
            return
        if live.id in self._addresses:
            return
        if not is_ours(live, intent):
            self._diagnostics.append(_not_ours(sent, live))
            return
        if intent.address in self._records and self._records[intent.address].id != intent.connection_id:
            # The address has another connection by now; this one came too late and is only left to be deleted.
            self._superseded[live.id] = Superseded(intent.address, live.id, live.scope, live.name)
            return
        old = self._take(intent.connection_id)
        if old is not None:
            self._superseded[old.id] = Superseded(intent.address, old.id, old.scope, old.name)
        self._put(as_created(sent, live))
        self._done[intent.address] = Reason(Why.CREATED_BY_INTERRUPTED_APPLY)

    def update(self, intent: Intent) -> None:
        live = self._by_id.get(intent.connection_id)
        if live is None or intent.record is None or intent.connection_id not in self._addresses:
            return  # an adoption is decided again, and what was forgotten stays forgotten
        arrived = (live.name, live.description.strip()) == (intent.record.name, intent.record.description)
        if not intent.sends_credentials:
            if arrived:
                self._take(intent.connection_id)
                self._put(intent.record)
                self._done[intent.address] = Reason(Why.UPDATED_BY_INTERRUPTED_APPLY)
            return
        address = self._addresses[intent.connection_id]
        if self._records[address].credentials_hash == live.credentials_hash:
            return
        if arrived:
            self._put(replace(self._records[address], name=intent.record.name, description=intent.record.description))
        self._waiting.append(intent)

    def delete(self, intent: Intent) -> None:
        if intent.connection_id in self._by_id:
            return
        self._take(intent.connection_id)
        self._superseded.pop(intent.connection_id, None)
        self._done[intent.address] = Reason(Why.DELETED_BY_INTERRUPTED_APPLY)

    def result(self) -> Settled:
        state = replace(
            self._state,
            records=self._records,
            superseded=tuple(self._superseded.values()),
            intents=tuple(self._waiting),
        )
        resend = frozenset(intent.connection_id for intent in self._waiting if intent.verb is Verb.UPDATE)
        return Settled(state, resend, self._done, tuple(self._diagnostics))

    def _put(self, record: Record) -> None:
        self._records[record.address] = record
        self._addresses[record.id] = record.address

    def _take(self, connection_id: str) -> Record | None:
        address = self._addresses.pop(connection_id, None)
        return self._records.pop(address) if address is not None else None


def is_ours(live: LiveConnection, intent: Intent) -> bool:
    """Tell whether `live`, which has the name that a create was about to take, is what that create made."""
    sent = intent.record
    created, since = _time(live.created_at), _time(intent.since)
    return (
        sent is not None
        and live.app == APP
        and created is not None
        and since is not None
        and created >= since
        and live.description.strip() == sent.description
        and hosts.fold(live.instance_url) == hosts.fold(sent.instance_url)
    )


def as_created(sent: Record, live: LiveConnection) -> Record:
    """Return the record of a create whose answer was lost, now that its connection is seen.

    If somebody wrote it again since, the credentials may no longer be those we sent. The record then knows nothing of them.
    """
    created, updated = _time(live.created_at), _time(live.updated_at)
    untouched = created is not None and updated is not None and updated - created <= _SAME_WRITE
    return replace(
        sent,
        id=live.id,
        credentials_hash=live.credentials_hash if untouched else None,
        fingerprints=sent.fingerprints if untouched else None,
    )


def _not_ours(sent: Record, live: LiveConnection) -> Diagnostic:
    return warning(
        f"`{sent.name}` ({live.scope}) exists, but it is not what an interrupted apply was about to create.",
        detail=f"Its id is {live.id}; it was created {live.created_at or 'at an unknown time'}, or with other values.",
        hint="reconciler leaves it alone; give the address another spec.name, or take the connection over with lifecycle.adopt",
        address=sent.address,
    )


def _time(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
