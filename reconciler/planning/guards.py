"""Limits of one run: a plan that deletes or updates more than these is shown whole and not applied.

A guard is lifted for one run by naming the plan's own number, so that who lifts it has read it. No guard makes anything happen.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from reconciler.model import Guards
from reconciler.planning.credentials import UNCOMPARABLE
from reconciler.planning.plan import CREDENTIALS, Action, Change, Guarded, GuardedWhat, Plan

_DELETES = frozenset({Action.DELETE, Action.REPLACE, Action.FORGET, Action.RECREATE})
"""What ends a connection, or shows that it ended: whoever refers to its id is left with nothing."""
_ENDS = frozenset({Action.DELETE, Action.FORGET})
_LEAST_FOR_UPDATES = 10
"""Records. In a smaller stack a third is one or two."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """The numbers that were named for this run, None where none was."""

    deletes: int | None = None
    updates: int | None = None


def deletes(changes: Sequence[Change]) -> int:
    """Return how many connections end: deletions, those of replaces, forgets, and re-creations after a deletion outside."""
    return sum(change.action in _DELETES for change in changes)


def updates(changes: Sequence[Change]) -> int:
    """Return how many connections are written to. What only concerns the record, and what is sent on adoption, does not count;
    nor does a conditional update, while its values are not known."""
    return sum(change.action is Action.UPDATE and not _sent_after_adoption(change) for change in changes)


def _sent_after_adoption(change: Change) -> bool:
    """Whether only credentials are sent that nobody here had sent before: an adoption that is brought to its end."""
    return change.fields == (CREDENTIALS,) and change.reason.startswith(UNCOMPARABLE)


def guarded(plan: Plan, guards: Guards, allowed: Allowed) -> Plan:
    """Return `plan` with the guards that stop it."""
    return replace(plan, guarded=tuple(_stopped_by(plan, guards, allowed)))


def _stopped_by(plan: Plan, guards: Guards, allowed: Allowed) -> Iterator[Guarded]:
    ending, updating = deletes(plan.changes), updates(plan.changes)
    most = max(1, plan.recorded * guards.max_delete_percent // 100)
    if ending != allowed.deletes:
        if ending > most:
            yield Guarded(GuardedWhat.DELETES, ending, plan.recorded, most, allowed.deletes)
        elif ending and _nothing_remains(plan):
            yield Guarded(GuardedWhat.ALL, ending, plan.recorded, 0, allowed.deletes)
    most = plan.recorded * guards.max_update_percent // 100
    if plan.recorded >= _LEAST_FOR_UPDATES and updating > most and updating != allowed.updates:
        yield Guarded(GuardedWhat.UPDATES, updating, plan.recorded, most, allowed.updates)


def _nothing_remains(plan: Plan) -> bool:
    """Whether nothing is managed any more once the plan is carried out."""
    left = len(plan.unchanged) + len(plan.kept) + len(plan.left_out)
    return left == 0 and all(change.action in _ENDS for change in plan.changes)
