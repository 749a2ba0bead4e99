"""Limits for one run: reconciler shows a plan that deletes or updates more than these, and does not apply it.

The user lifts a guard for one run by naming the plan's own number, which proves that the user has read the plan. A guard never
makes anything happen.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from reconciler.model import Action, Guards
from reconciler.planning.plan import Change, Guarded, GuardedWhat, Plan

_LEAST_FOR_UPDATES = 10
"""Records. In a smaller stack a third is one or two."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """The numbers that the user named for this run, None where the user named none."""

    deletes: int | None = None
    updates: int | None = None


def deletes(changes: Sequence[Change]) -> int:
    """Return how many connections end: deletions, those of replaces, forgets, and re-creations after a deletion outside."""
    return sum(change.action.ends_an_id for change in changes)


def updates(changes: Sequence[Change]) -> int:
    """Return how many connections are written to.

    What only concerns the record does not count, nor does an adoption or the first sending of credentials after one, nor a
    conditional update while its values are not known.
    """
    return sum(change.action is Action.UPDATE and not change.first_sent for change in changes)


def apply_guards(plan: Plan, guards: Guards, allowed: Allowed) -> Plan:
    """Return `plan` with the guards that stop it."""
    return replace(plan, guarded=tuple(_stopped_by(plan, guards, allowed)))


def _stopped_by(plan: Plan, guards: Guards, allowed: Allowed) -> Iterator[Guarded]:
    ending, updating = deletes(plan.changes), updates(plan.changes)
    most = max(1, plan.basis.recorded * guards.max_delete_percent // 100)
    if ending != allowed.deletes:
        if ending > most:
            yield Guarded(GuardedWhat.DELETES, ending, plan.basis.recorded, most, allowed.deletes)
        elif ending and _nothing_remains(plan):
            yield Guarded(GuardedWhat.ALL, ending, plan.basis.recorded, 0, allowed.deletes)
    most = plan.basis.recorded * guards.max_update_percent // 100
    if plan.basis.recorded >= _LEAST_FOR_UPDATES and updating > most and updating != allowed.updates:
        yield Guarded(GuardedWhat.UPDATES, updating, plan.basis.recorded, most, allowed.updates)


def _nothing_remains(plan: Plan) -> bool:
    """Whether nothing is managed any more once the plan is carried out."""
    left = len(plan.unchanged) + len(plan.kept) + len(plan.part.left_out)
    return left == 0 and all(change.action.unmanages for change in plan.changes)
