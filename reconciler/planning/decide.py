"""The first decision table: what happens to each address, given what is wanted, recorded and there.

Desired and recorded meet by address, recorded and live by id; a name only finds what is not recorded, and collisions.
"""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from reconciler.model import (
    Connection,
    Diagnostic,
    Fingerprints,
    LiveConnection,
    ProjectRef,
    Record,
    Scope,
    State,
    Superseded,
    error,
    warning,
)
from reconciler.model.connection import APP
from reconciler.planning import names, removed
from reconciler.planning.credentials import Evidence, Judgement, Verdict, judge
from reconciler.planning.differ import drift_of, hosts_differ, local_fields, only_its_hash_moved, remote_fields
from reconciler.planning.plan import (
    CREDENTIALS,
    DESCRIPTION,
    INSTANCE_URL,
    NAME,
    PROJECT,
    VERSION,
    Action,
    Attributes,
    Change,
    Drift,
    Kept,
    KeptWhy,
)

_SEVERAL = 2
"""Connections. A single hash that moved is more likely somebody's hand."""


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything a decision needs. `state` is settled; `scopes` gives each project of the manifests its scope;
    `live` is all of every app; an id that `state` knows and `live` lacks is gone for certain; `values` are the fingerprints
    of what the references give now, None where one gives nothing; `accept`, `reassert` are addresses, `resend` are ids;
    `adopt_all` takes over whatever has a wanted name, `destroy` wants nothing of what is recorded."""

    desired: Sequence[Connection]
    scopes: Mapping[ProjectRef | None, Scope]
    state: State
    live: Sequence[LiveConnection]
    values: Mapping[str, Fingerprints | None]
    accept: frozenset[str] = frozenset()
    reassert: frozenset[str] = frozenset()
    resend: frozenset[str] = frozenset()
    settled: Mapping[str, str] = field(default_factory=dict)
    adopt_all: bool = False
    destroy: bool = False


@dataclass(slots=True)
class Decisions:
    """What was decided so far, address by address."""

    changes: list[Change] = field(default_factory=list)
    unchanged: list[Change] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)
    drift: list[Drift] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    unmanaged: int = 0


def decide(situation: Situation) -> Decisions:
    """Return what an apply would do; sorted by address."""
    table = _Table(situation)
    for connection in () if situation.destroy else situation.desired:
        table.wanted(connection)
    for record in table.removed():
        table.unwanted(record)
    for item in situation.state.superseded:
        table.left_behind(item)
    made = table.decisions
    made.changes, problems = names.order(made.changes, table.holders, table.owners)
    made.diagnostics += names.disguised(made.changes) + problems + table.encrypted_anew()
    made.unmanaged = table.unmanaged()
    made.changes.sort(key=lambda change: change.key)
    made.unchanged.sort(key=lambda change: change.key)
    made.kept.sort(key=lambda kept: (kept.why, kept.address))
    made.drift.sort(key=lambda drift: drift.address)
    return made


class _Table:
    """One pass over the rows; what it looks things up in is built once."""

    def __init__(self, situation: Situation) -> None:
        self._it = situation
        self._desired = {connection.address: connection for connection in situation.desired}
        self._by_id = {live.id: live for live in situation.live}
        self.holders = {(live.scope, live.name): live for live in situation.live}
        self.owners = {record.id: address for address, record in situation.state.records.items()}
        self.owners |= {item.id: item.address for item in situation.state.superseded}
        self._paired: set[str] = set()
        self._adopted: dict[str, str] = {}
        self.decisions = Decisions()

    # -- desired -------------------------------------------------------------------------------------------------

    def wanted(self, connection: Connection) -> None:
        """Decide one manifest: the rows with "desired: yes"."""
        record = self._record_of(connection)
        scope = self._it.scopes[connection.project]
        if record is None:
            self._unrecorded(connection, scope)
        elif (live := self._by_id.get(record.id)) is None:
            self._gone(connection, scope, record)
        else:
            self._present(connection, scope, record, live)

    def _record_of(self, connection: Connection) -> Record | None:
        """The record of the address, else of the one it was renamed from."""
        records = self._it.state.records
        if connection.address in records:
            self._paired.add(connection.address)
            return records[connection.address]
        former = connection.lifecycle.renamed_from
        if former is None:
            return None
        if former not in records:
            self._nothing_to_rename(connection, former)
            return None
        if former in self._desired or former in self._paired:
            other = self._desired.get(former)
            self.decisions.diagnostics.append(
                error(
                    f"`{connection.address}` is renamed from `{former}`, which is still taken.",
                    detail=f"It is declared at {other.location}." if other else "Another address is renamed from it too.",
                    location=connection.location,
                    hint="remove the old manifest, or this lifecycle.renamedFrom",
                    address=connection.address,
                )
            )
            return None
        self._paired.add(former)
        return records[former]

    def _nothing_to_rename(self, connection: Connection, former: str) -> None:
        """On a first apply nothing is recorded, so nothing can be meant; later it is likely a slip of the pen."""
        free = [address for address in self._it.state.records if address not in self._desired]
        near = difflib.get_close_matches(former, free, n=1, cutoff=0.6)
        if self._it.state.records:
            self.decisions.diagnostics.append(
                warning(
                    f"`{connection.address}` is renamed from `{former}`, but there is no record of `{former}`.",
                    location=connection.location,
                    hint=f"did you mean `{near[0]}`?" if near else "remove lifecycle.renamedFrom if this is a new connection",
                    address=connection.address,
                )
            )

    def _unrecorded(self, connection: Connection, scope: Scope, gone: Record | None = None) -> None:
        """Rows 1 to 3, and row 7, which is the same with a record whose connection is gone."""
        adopt = connection.lifecycle.adopt or self._it.adopt_all
        if isinstance(adopt, str) and not (gone and gone.id == adopt):
            self._adopt(connection, scope, self._by_id.get(adopt), gone)
            return
        holder = self.holders.get((scope, connection.name))
        if holder is None or holder.id in self.owners:
            reason = "it was deleted outside" if gone else "it is not in Infisical yet"
            reason += "; there is nothing of that name to adopt" if connection.lifecycle.adopt and not gone else ""
            self._create(connection, scope, Action.RECREATE if gone else Action.CREATE, reason, gone)
        elif holder.app != APP:
            self._error(
                connection,
                f"`{connection.name}` ({scope}) is the name of a connection of the app `{holder.app}`.",
                f"Its id is {holder.id}; Infisical has a name once, whatever the app.",
                "choose another spec.name",
            )
        elif adopt:
            self._adopt(connection, scope, holder, gone)
        else:
            self._error(
                connection,
                f"`{connection.name}` ({scope}) exists in Infisical and is not managed here.",
                f"Its id is {holder.id}.",
                "take it over with `lifecycle: { adopt: true }` (all there are: --adopt-all), or choose another spec.name",
            )

    def _create(self, connection: Connection, scope: Scope, action: Action, reason: str, gone: Record | None) -> None:
        after = Attributes.wanted(connection, scope)
        change = Change(
            connection.address,
            action,
            reason,
            after=after,
            compared=self._compared(connection),
            location=connection.location,
        )
        self._add(connection, change, gone)

    def _adopt(self, connection: Connection, scope: Scope, live: LiveConnection | None, gone: Record | None) -> None:
        if live is None:
            self._error(
                connection,
                f"There is no connection {connection.lifecycle.adopt} to adopt.",
                "Its id is not among those this identity may see.",
                "correct lifecycle.adopt, or remove it to create a new connection",
            )
        elif live.app != APP or live.id in self.owners or live.id in self._adopted:
            owner = self.owners.get(live.id) or self._adopted.get(live.id)
            what = f"managed as `{owner}`" if owner else f"of the app `{live.app}`"
            self._error(connection, f"{live.id} cannot be adopted: it is {what}.", "", "correct lifecycle.adopt")
        elif live.scope != scope:
            self._error(
                connection,
                f"{live.id} cannot be adopted here: it is in the {live.scope}, the manifest says {scope}.",
                "A connection's scope never changes.",
                "correct spec.project; a later change of it replaces the connection",
            )
        else:
            self._adopted[live.id] = connection.address
            judged = self._judge(connection, None, live)
            fields = remote_fields(connection, live, connection.lifecycle.ignore_changes)
            if judged.verdict in {Verdict.SEND, Verdict.ACCEPT}:
                fields += judged.fields
            self._keep_if_held(connection, live, judged)
            change = self._change(connection, scope, live, None, judged)
            change = replace(change, action=Action.ADOPT, reason="it exists and is taken over", fields=fields)
            self._add(connection, change, gone)

    def _gone(self, connection: Connection, scope: Scope, record: Record) -> None:
        self.decisions.drift.append(Drift(record.address, record.id, (), Attributes.recorded(record), None))
        self._unrecorded(connection, scope, gone=record)

    def _present(self, connection: Connection, scope: Scope, record: Record, live: LiveConnection) -> None:
        """Rows 4 and 5: nothing, update, replace or record."""
        judged = self._judge(connection, record, live)
        drift = drift_of(record, live, connection.lifecycle.ignore_changes)
        if drift is not None and live.id not in self._it.resend:
            self.decisions.drift.append(drift)
        local = local_fields(connection, record, live)
        change = self._change(connection, scope, live, record, judged)
        if live.scope == scope:
            remote = remote_fields(connection, live, connection.lifecycle.ignore_changes)
            if judged.verdict is Verdict.SEND:
                remote += judged.fields
            self._keep_if_held(connection, live, judged)
            action, reason = self._in_place(connection, remote, local, judged)
            accepted = judged.fields if judged.verdict is Verdict.ACCEPT else ()
            change = replace(change, action=action, reason=reason, fields=remote + local + accepted)
        elif self._protected(connection, record):
            change = _only_recorded(change, connection, local)
        elif (anew := self._judge(_unignored(connection), record, live)).verdict in {Verdict.HELD, Verdict.ACCEPT}:
            self._keep_if_held(connection, live, _held_for_replace(anew))
            change = _only_recorded(change, connection, local)
        else:
            reason = "a connection cannot move to another project: created there, then deleted here"
            sent = tuple(field for field in anew.fields if field in {INSTANCE_URL, VERSION})
            fields = (*remote_fields(connection, live, ()), PROJECT, *sent, *local)
            after = Attributes.wanted(connection, scope)
            change = replace(change, action=Action.REPLACE, reason=reason, fields=fields, after=after)
        self._add(connection, change, record)

    def _change(
        self, connection: Connection, scope: Scope, live: LiveConnection, record: Record | None, judged: Judgement
    ) -> Change:
        """What is there and what will be: ignored attributes stay, and held credentials stay whole."""
        after = Attributes.wanted(connection, scope)
        ignored = connection.lifecycle.ignore_changes
        if NAME in ignored:
            after = replace(after, name=live.name)
        if DESCRIPTION in ignored:
            after = replace(after, description=live.description)
        if CREDENTIALS in ignored:
            after = replace(after, instance_url=live.instance_url)
        elif judged.verdict is Verdict.HELD:
            after = replace(after, instance_url=live.instance_url, version=record.version if record else None)
        return Change(
            connection.address,
            Action.NOTHING,
            "",
            live.id,
            live.credentials_hash,
            Attributes.present(live, record),
            after,
            compared=self._compared(connection),
            location=connection.location,
        )

    def _compared(self, connection: Connection) -> bool:
        ignored = CREDENTIALS in connection.lifecycle.ignore_changes
        return ignored or self._it.values.get(connection.address) is not None

    def _in_place(
        self, connection: Connection, remote: tuple[str, ...], local: tuple[str, ...], judged: Judgement
    ) -> tuple[Action, str]:
        if remote:
            return Action.UPDATE, judged.reason if judged.verdict is Verdict.SEND else ""
        if judged.verdict is Verdict.ACCEPT:
            return Action.RECORD, judged.reason
        if local:
            return Action.RECORD, _because(local)
        if connection.address in self._it.settled:
            return Action.RECORD, self._it.settled[connection.address]
        if judged.verdict is Verdict.CONDITIONAL:
            return Action.CONDITIONAL, judged.reason
        return Action.NOTHING, ""

    def _judge(self, connection: Connection, record: Record | None, live: LiveConnection) -> Judgement:
        return judge(
            Evidence(
                values=self._it.values.get(connection.address),
                sent=record.fingerprints if record else None,
                recorded_hash=record.credentials_hash if record else None,
                live_hash=live.credentials_hash,
                wanted_version=connection.version,
                recorded_version=record.version if record else None,
                host_differs=hosts_differ(connection, live),
                lifecycle=connection.lifecycle,
                accept=connection.address in self._it.accept,
                reassert=connection.address in self._it.reassert,
                resend=live.id in self._it.resend,
            )
        )

    def _protected(self, connection: Connection, record: Record) -> bool:
        """A replace deletes, so protection refuses it: the record's too, until an apply has shown that it is lifted."""
        if not (record.lifecycle.prevent_destroy or connection.lifecycle.prevent_destroy):
            return False
        lifted = not connection.lifecycle.prevent_destroy
        self.decisions.kept.append(
            Kept(
                connection.address,
                KeptWhy.PROTECTED,
                "the project changed, which would replace it, and it is protected",
                "apply once more: this apply lifts the protection" if lifted else "set preventDestroy: false and apply first",
                record.id,
                connection.project_location,
            )
        )
        return True

    def _keep_if_held(self, connection: Connection, live: LiveConnection, judged: Judgement) -> None:
        if judged.verdict is Verdict.HELD:
            hint = judged.hint.replace("ADDRESS", connection.address)
            self.decisions.kept.append(
                Kept(connection.address, KeptWhy.HELD, judged.reason, hint, live.id, connection.location)
            )

    # -- not desired ---------------------------------------------------------------------------------------------

    def removed(self) -> list[Record]:
        """Return the records that no manifest claims."""
        return [record for address, record in self._it.state.records.items() if address not in self._paired]

    def unwanted(self, record: Record) -> None:
        """Decide one record without a manifest: the rows with "desired: no"."""
        live = self._by_id.get(record.id)
        if live is None:
            self.decisions.drift.append(Drift(record.address, record.id, (), Attributes.recorded(record), None))
        wanted = self._desired.get(record.address)
        found = removed.destroyed(record, live, wanted) if self._it.destroy else removed.unwanted(record, live)
        if isinstance(found, Kept):
            self.decisions.kept.append(found)
        else:
            self.decisions.changes.append(found)

    def left_behind(self, item: Superseded) -> None:
        """Decide one connection that an earlier replace could not delete."""
        self.decisions.changes.append(removed.left_behind(item, self._by_id.get(item.id)))

    def unmanaged(self) -> int:
        """Return how many Salesforce connections there are that nobody here manages or adopts."""
        ours = self.owners.keys() | self._adopted.keys()
        return sum(1 for live in self._it.live if live.app == APP and live.id not in ours)

    def encrypted_anew(self) -> list[Diagnostic]:
        """Say so when every hash moved and nothing else did: many hands are less likely than one server."""
        known = [(one, self._by_id.get(one.id)) for one in self._it.state.records.values() if one.credentials_hash]
        there = [(one, live) for one, live in known if live and live.credentials_hash and live.id not in self._it.resend]
        if len(there) < _SEVERAL or any(not only_its_hash_moved(one, live) for one, live in there):
            return []
        return [
            warning(
                f"The hashes of all {len(there)} connections moved, and nothing else: this looks like a re-encryption on the "
                "server.",
                detail="Infisical's hashes are of what it stores encrypted, so new keys move them while the values stay.",
                hint="ask who runs Infisical; if it was that, --accept-credentials '*' keeps what is there",
            )
        ]

    # -- common --------------------------------------------------------------------------------------------------

    def _add(self, connection: Connection, change: Change, record: Record | None) -> None:
        if record is not None and record.address != connection.address:
            change = replace(change, previous_address=record.address)
        target = self.decisions.unchanged if change.action is Action.NOTHING else self.decisions.changes
        target.append(change)

    def _error(self, connection: Connection, summary: str, detail: str, hint: str) -> None:
        self.decisions.diagnostics.append(
            error(summary, detail=detail, location=connection.name_location, hint=hint, address=connection.address)
        )


def _unignored(connection: Connection) -> Connection:
    """Return the manifest without "ignore the credentials": a new connection is sent them whatever is ignored."""
    ignored = tuple(field for field in connection.lifecycle.ignore_changes if field != CREDENTIALS)
    return replace(connection, lifecycle=replace(connection.lifecycle, ignore_changes=ignored))


def _held_for_replace(judged: Judgement) -> Judgement:
    """A replace sends ours and deletes theirs, which nobody can read back: only a reassertion allows that."""
    return Judgement(
        Verdict.HELD,
        f"{judged.reason.partition(';')[0]}, and moving the connection would replace them",
        "--reassert-credentials ADDRESS sends ours; to keep theirs, leave the project as it is",
    )


def _only_recorded(change: Change, connection: Connection, local: tuple[str, ...]) -> Change:
    """Return the change of a connection that stays as it is, but for what concerns its record."""
    if change.before is None:
        return change
    version = connection.version if CREDENTIALS in connection.lifecycle.ignore_changes else change.before.version
    after = replace(change.before, labels=connection.labels, lifecycle=connection.lifecycle, version=version)
    action = Action.RECORD if local else Action.NOTHING
    return replace(change, action=action, reason=_because(local), fields=local, after=after)


def _because(local: tuple[str, ...]) -> str:
    return f"only what is recorded changes: {', '.join(local)}"
