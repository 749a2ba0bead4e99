"""The first decision table: what happens to each address, given what is wanted, recorded and there.

Wanted and recorded meet by address, recorded and live by id. A name only finds what is not recorded, and collisions.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from reconciler.model import Action, Diagnostic, Doubt, Lifecycle, Reason, Superseded, Why, warning
from reconciler.model.action import CREDENTIALS, VERSION
from reconciler.planning import claims, fields, names, removed
from reconciler.planning.credentials import SAME, Evidence, Judgement, Verdict, judge_credentials
from reconciler.planning.kind import Attributes, Desired, Effect, Kind, Present, Recorded
from reconciler.planning.plan import Change, Declared, Drift, Kept, KeptWhy, Subject
from reconciler.planning.situation import Situation

_SEVERAL = 2
"""Connections. A single hash that moved is more likely somebody's hand."""


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
    """Return what an apply would do, sorted by address."""
    table = _Table(situation)
    for desired in () if situation.choices.destroy else situation.desired:
        table.decide_wanted(desired)
    for recorded in table.records_without_manifest():
        table.decide_unwanted(recorded)
    for item in situation.superseded:
        table.left_behind(item)
    decisions = table.decisions
    decisions.changes, problems = names.order(decisions.changes, table.holders, table.owners)
    decisions.diagnostics += names.renames_not_declared(situation.kind, decisions.changes) + problems + table.encrypted_anew()
    decisions.unmanaged = table.count_unmanaged()
    decisions.changes.sort(key=lambda change: change.key)
    decisions.unchanged.sort(key=lambda change: change.key)
    decisions.kept.sort(key=lambda kept: (kept.why, kept.address))
    decisions.drift.sort(key=lambda drift: drift.address)
    return decisions


class _Table:
    """One pass over the rows. What it looks things up in is built once."""

    def __init__(self, situation: Situation) -> None:
        self._situation = situation
        self._kind = situation.kind
        self._judges_credentials = situation.kind.write_only
        self._desired = {desired.address: desired for desired in situation.desired}
        self._present = {present.id: present for present in situation.present}
        self.holders = {(present.attributes.scope, present.attributes.name): present for present in situation.present}
        self.owners = {recorded.id: address for address, recorded in situation.recorded.items()}
        self.owners |= {item.id: item.address for item in situation.superseded}
        self._claimed: set[str] = set()
        self._adopted: dict[str, str] = {}
        self.decisions = Decisions()

    # -- wanted --------------------------------------------------------------------------------------------------

    def decide_wanted(self, desired: Desired) -> None:
        """Decide about one manifest: the rows with "desired: yes"."""
        recorded = self._record_of(desired)
        if recorded is None:
            self._unrecorded(desired)
        elif (present := self._present.get(recorded.id)) is None:
            self.decisions.drift.append(Drift(recorded.address, recorded.id, (), recorded.attributes, None))
            self._unrecorded(desired, gone=recorded)
        else:
            self._recorded_and_present(desired, recorded, present)

    def _record_of(self, desired: Desired) -> Recorded | None:
        """Return the record of the address, else of the address that it was renamed from."""
        recorded = self._situation.recorded
        if desired.address in recorded:
            self._claimed.add(desired.address)
            return recorded[desired.address]
        former = desired.attributes.lifecycle.renamed_from
        if former is None:
            return None
        problem = claims.rename_problem(desired, former, self._desired, recorded, self._claimed)
        if problem is not None:
            self.decisions.diagnostics.append(problem)
        if problem is not None or former not in recorded:
            return None
        self._claimed.add(former)
        return recorded[former]

    def _unrecorded(self, desired: Desired, gone: Recorded | None = None) -> None:
        """Decide rows 1 to 3, and row 7, which is the same with a record whose connection is gone."""
        attributes = desired.attributes
        adopt = attributes.lifecycle.adopt or self._situation.choices.adopt_all
        if isinstance(adopt, str) and not (gone and gone.id == adopt):
            self._adopt(desired, self._present.get(adopt), gone)
            return
        holder = self.holders.get((attributes.scope, attributes.name))
        if holder is None or holder.id in self.owners:
            self._create(desired, gone)
        elif holder.app != self._kind.app:
            self.decisions.diagnostics.append(claims.name_of_another_app(desired, holder))
        elif adopt:
            self._adopt(desired, holder, gone)
        else:
            self.decisions.diagnostics.append(claims.name_of_an_unmanaged_one(desired, holder))

    def _create(self, desired: Desired, gone: Recorded | None) -> None:
        if gone:
            why = Why.DELETED_OUTSIDE
        else:
            why = Why.NOTHING_TO_ADOPT if desired.attributes.lifecycle.adopt else Why.NOT_IN_INFISICAL
        change = self._change(desired, Action.RECREATE if gone else Action.CREATE, Reason(why))
        self._add(desired, change, gone)

    def _adopt(self, desired: Desired, present: Present | None, gone: Recorded | None) -> None:
        if present is None:
            self.decisions.diagnostics.append(claims.nothing_to_adopt(desired))
            return
        owner = self.owners.get(present.id) or self._adopted.get(present.id)
        problem = claims.adoption_problem(desired, present, self._kind, owner)
        if problem is not None:
            self.decisions.diagnostics.append(problem)
            return
        self._adopted[present.id] = desired.address
        wanted = desired.attributes
        judgement = self._judge(desired, wanted.lifecycle, None, present)
        paths = fields.in_place(self._kind, wanted, present.attributes, wanted.lifecycle.ignore_changes)
        if judgement.verdict in {Verdict.SEND, Verdict.ACCEPT}:
            paths += judgement.fields
        self._keep_if_held(desired, present, judgement)
        self._add(desired, self._change(desired, Action.ADOPT, Reason(Why.TAKEN_OVER), present, judgement, paths), gone)

    def _recorded_and_present(self, desired: Desired, recorded: Recorded, present: Present) -> None:
        """Decide rows 4 and 5: nothing, update, replace or record."""
        wanted, ignored = desired.attributes, desired.attributes.lifecycle.ignore_changes
        judgement = self._judge(desired, wanted.lifecycle, recorded, present)
        drift = fields.drift(self._kind, recorded, present, ignored)
        if drift is not None and present.id not in self._situation.settlement.resend:
            self.decisions.drift.append(drift)
        local = fields.local(self._kind, desired, recorded, present)
        if not self._kind.changed_paths(present.attributes, wanted, Effect.REPLACES):
            change = self._changed_in_place(desired, present, judgement, local)
        else:
            change = self._moved(desired, recorded, present, judgement, local)
        self._add(desired, change, recorded)

    def _changed_in_place(self, desired: Desired, present: Present, judgement: Judgement, local: tuple[str, ...]) -> Change:
        wanted = desired.attributes
        remote = fields.in_place(self._kind, wanted, present.attributes, wanted.lifecycle.ignore_changes)
        if judgement.verdict is Verdict.SEND:
            remote += judgement.fields
        self._keep_if_held(desired, present, judgement)
        accepted = judgement.fields if judgement.verdict is Verdict.ACCEPT else ()
        action, reason = self._action_in_place(desired, remote, local, judgement)
        paths = remote + local + accepted
        return self._change(desired, action, reason, present, judgement, paths)

    def _action_in_place(
        self, desired: Desired, remote: tuple[str, ...], local: tuple[str, ...], judgement: Judgement
    ) -> tuple[Action, Reason | None]:
        done = self._situation.settlement.done
        if remote:
            return Action.UPDATE, judgement.reason if judgement.verdict is Verdict.SEND else None
        if judgement.verdict is Verdict.ACCEPT:
            return Action.RECORD, judgement.reason
        if local:
            return Action.RECORD, Reason(Why.ONLY_THE_RECORD, fields=local)
        if desired.address in done:
            return Action.RECORD, done[desired.address]
        if judgement.verdict is Verdict.CONDITIONAL:
            return Action.CONDITIONAL, judgement.reason
        return Action.NOTHING, None

    def _moved(
        self, desired: Desired, recorded: Recorded, present: Present, judgement: Judgement, local: tuple[str, ...]
    ) -> Change:
        """Decide about what Infisical cannot change in place: a new one is made and the old one deleted, if that may go."""
        wanted = desired.attributes
        change = self._change(desired, Action.NOTHING, None, present, judgement)
        if self._protected(desired, recorded):
            return _only_recorded(self._kind, change, wanted, local)
        # A new connection is sent its credentials whatever the manifest ignores.
        anew = self._judge(desired, _without_ignored_credentials(wanted.lifecycle), recorded, present)
        if anew.verdict in {Verdict.HELD, Verdict.ACCEPT}:
            # A replace sends ours and deletes theirs, which nobody can read back: only a reassertion allows that.
            reason = Reason(Why.HELD_BECAUSE_IT_MOVES, anew.doubt)
            self._keep_if_held(desired, present, Judgement(Verdict.HELD, reason))
            return _only_recorded(self._kind, change, wanted, local)
        replaced = self._kind.changed_paths(present.attributes, wanted, Effect.IN_PLACE, Effect.REPLACES)
        sent = tuple(path for path in anew.fields if path in self._kind.paths(Effect.WITH_CREDENTIALS))
        reason = Reason(Why.MOVED_TO_ANOTHER_PROJECT)
        return replace(change, action=Action.REPLACE, reason=reason, fields=(*replaced, *sent, *local), after=wanted)

    def _change(
        self,
        desired: Desired,
        action: Action,
        reason: Reason | None,
        present: Present | None = None,
        judgement: Judgement = SAME,
        paths: tuple[str, ...] = (),
    ) -> Change:
        """Return a change of one manifest: ignored fields stay as they are, and held credentials stay whole."""
        after = desired.attributes
        if present is not None:
            after = _reachable(self._kind, after, present.attributes, held=judgement.verdict is Verdict.HELD)
        ignored = CREDENTIALS in desired.attributes.lifecycle.ignore_changes
        return Change(
            desired.address,
            action,
            reason,
            Subject(present.id, present.hash) if present else None,
            present.attributes if present else None,
            after,
            paths,
            first_sent=paths == (CREDENTIALS,) and judgement.doubt is Doubt.NOT_COMPARABLE,
            compared=ignored or desired.fingerprints is not None,
            declared=Declared(desired.location, desired.file),
        )

    def _judge(self, desired: Desired, lifecycle: Lifecycle, recorded: Recorded | None, present: Present) -> Judgement:
        if not self._judges_credentials:
            return SAME
        choices = self._situation.choices
        return judge_credentials(
            Evidence(
                values=desired.fingerprints,
                sent=recorded.fingerprints if recorded else None,
                recorded_hash=recorded.hash if recorded else None,
                live_hash=present.hash,
                wanted_version=desired.attributes.values.get(VERSION),
                recorded_version=recorded.attributes.values.get(VERSION) if recorded else None,
                host_differs=fields.host_differs(self._kind, desired.attributes, present.attributes),
                lifecycle=lifecycle,
                accept=desired.address in choices.accept,
                reassert=desired.address in choices.reassert,
                resend=present.id in self._situation.settlement.resend,
            )
        )

    def _protected(self, desired: Desired, recorded: Recorded) -> bool:
        """A replace deletes, so protection refuses it: the record's too, until an apply has shown that it is lifted."""
        protected_now = desired.attributes.lifecycle.prevent_destroy
        if not (recorded.attributes.lifecycle.prevent_destroy or protected_now):
            return False
        reason = Reason(Why.PROTECTED_AND_MOVED if protected_now else Why.PROTECTED_UNTIL_THE_NEXT_APPLY)
        kept = Kept(desired.address, KeptWhy.PROTECTED, reason, recorded.id, desired.project_location)
        self.decisions.kept.append(kept)
        return True

    def _keep_if_held(self, desired: Desired, present: Present, judgement: Judgement) -> None:
        if judgement.verdict is Verdict.HELD and judgement.reason is not None:
            kept = Kept(desired.address, KeptWhy.HELD, judgement.reason, present.id, desired.location)
            self.decisions.kept.append(kept)

    # -- not wanted ----------------------------------------------------------------------------------------------

    def records_without_manifest(self) -> Sequence[Recorded]:
        """Return the records that no manifest claims."""
        return [recorded for address, recorded in self._situation.recorded.items() if address not in self._claimed]

    def decide_unwanted(self, recorded: Recorded) -> None:
        """Decide about one record without a manifest: the rows with "desired: no"."""
        present = self._present.get(recorded.id)
        if present is None:
            self.decisions.drift.append(Drift(recorded.address, recorded.id, (), recorded.attributes, None))
        if self._situation.choices.destroy:
            decision = removed.decide_destroy(recorded, present, self._desired.get(recorded.address))
        else:
            decision = removed.decide_removal(recorded, present)
        if isinstance(decision, Kept):
            self.decisions.kept.append(decision)
        else:
            self.decisions.changes.append(decision)

    def left_behind(self, item: Superseded) -> None:
        """Decide about one connection that an earlier replace could not delete."""
        self.decisions.changes.append(removed.left_behind(item, self._present.get(item.id)))

    # -- the whole -----------------------------------------------------------------------------------------------

    def count_unmanaged(self) -> int:
        """Return how many resources of this kind there are that nobody here manages or adopts."""
        ours = self.owners.keys() | self._adopted.keys()
        return sum(1 for present in self._situation.present if present.app == self._kind.app and present.id not in ours)

    def encrypted_anew(self) -> list[Diagnostic]:
        """Return a warning when every hash moved and nothing else did: many hands are less likely than one server."""
        resend = self._situation.settlement.resend
        pairs = [
            (recorded, present)
            for recorded in self._situation.recorded.values()
            if recorded.hash and (present := self._present.get(recorded.id)) and present.hash and present.id not in resend
        ]
        if len(pairs) < _SEVERAL or any(not fields.only_its_hash_moved(self._kind, *pair) for pair in pairs):
            return []
        return [
            warning(
                f"The hashes of all {len(pairs)} connections moved, and nothing else: this looks like a re-encryption on the "
                "server.",
                detail="Infisical's hashes are of what it stores encrypted, so new keys move them while the values stay.",
                hint="ask who runs Infisical; if it was that, --accept-credentials '*' keeps what is there",
            )
        ]

    def _add(self, desired: Desired, change: Change, recorded: Recorded | None) -> None:
        if recorded is not None and recorded.address != desired.address:
            change = replace(change, previous_address=recorded.address)
        target = self.decisions.unchanged if change.action is Action.NOTHING else self.decisions.changes
        target.append(change)


def _reachable(kind: Kind, wanted: Attributes, present: Attributes, *, held: bool) -> Attributes:
    """Return what will be there: what the manifest wants, with what it ignores and what is held left as it is."""
    ignored = wanted.lifecycle.ignore_changes
    if not ignored and not held:
        return wanted
    kept = {
        each.path: present.values[each.path]
        for each in kind.fields
        if (each.group in ignored and each.readable)
        or (held and CREDENTIALS not in ignored and each.effect is Effect.WITH_CREDENTIALS)
    }
    return wanted.having(kept) if kept else wanted


def _only_recorded(kind: Kind, change: Change, wanted: Attributes, local: tuple[str, ...]) -> Change:
    """Return the change of a connection that stays as it is, except for what concerns its record."""
    if change.before is None:
        return change
    noted = [each.path for each in kind.fields if each.effect is Effect.WITH_CREDENTIALS and not each.readable]
    values = {path: wanted.values[path] for path in noted} if CREDENTIALS in wanted.lifecycle.ignore_changes else {}
    after = replace(change.before.having(values), labels=wanted.labels, lifecycle=wanted.lifecycle)
    if not local:
        return replace(change, after=after)
    reason = Reason(Why.ONLY_THE_RECORD, fields=local)
    return replace(change, action=Action.RECORD, reason=reason, fields=local, after=after)


def _without_ignored_credentials(lifecycle: Lifecycle) -> Lifecycle:
    ignored = tuple(path for path in lifecycle.ignore_changes if path != CREDENTIALS)
    return replace(lifecycle, ignore_changes=ignored)
