"""Compares a saved plan with a plan that is decided again: for every address the decision is the same, or it differs.

A saved plan is never a list of commands: an apply only ever carries out what is decided now.
"""

from collections.abc import Iterator, Set
from dataclasses import dataclass, replace
from typing import Any

from reconciler.model import Action
from reconciler.planning.differ import Difference, differences
from reconciler.planning.digest import lasting, plain
from reconciler.planning.plan import Change, Plan


@dataclass(frozen=True, slots=True)
class Mismatch:
    """An address for which the plan decided now differs from the saved one.

    `now` is None if nothing is decided about it any more. `differences` are the parts of the decision that differ: its
    `fields`, the `id` and `hash` of the live connection, and what is there `before` and `after`.
    """

    address: str
    planned: Action
    now: Action | None
    differences: tuple[Difference, ...] = ()


def compare(planned: Plan, now: Plan) -> list[Mismatch]:
    """Return the addresses of `planned` for which `now` decides something different, sorted."""
    current = {change.key: change for change in (*now.unchanged, *now.changes)}
    keys = {change.key for change in planned.changes}
    pairs = ((change, current.get(change.key)) for change in planned.changes)
    return [_mismatch(saved, fresh) for saved, fresh in pairs if fresh is None or not _same(saved, fresh, keys)]


def select(now: Plan, planned: Plan) -> Plan:
    """Return `now` with exactly the changes whose address is in `planned`; the others are left out."""
    keys = {change.key for change in planned.changes}
    chosen = tuple(change for change in now.changes if change.key in keys)
    others = tuple(change.key for change in now.changes if change.key not in keys)
    return replace(now, changes=chosen, part=replace(now.part, left_out=now.part.left_out + others))


def _same(planned: Change, now: Change, keys: Set[str]) -> bool:
    """Tell whether `now` is what `planned` approved.

    If the saved plan could not compare the values, it announced both possible results: nothing, or an update. A change that
    now waits for a change that is not in the saved plan cannot be made.
    """
    if _basis(planned) != _basis(now) or not keys >= set(now.waits_for):
        return False
    if planned.compared:
        return planned.action is now.action and set(planned.fields) == set(now.fields)
    return lasting(planned) == lasting(now)


def _basis(change: Change) -> dict[str, Any]:
    """Return what a decision rests on, whether or not values were available."""
    return {"id": change.id, "hash": change.hash, "before": plain(change.before), "after": plain(change.after)}


def _mismatch(planned: Change, now: Change | None) -> Mismatch:
    if now is None:
        return Mismatch(planned.key, planned.action, None)
    then = {"fields": sorted(planned.fields), **_basis(planned)}
    return Mismatch(planned.key, planned.action, now.action, differences(then, {"fields": sorted(now.fields), **_basis(now)}))


_NAMES = {"before": "in Infisical", "after": "in the manifest", "hash": "the hash of its credentials"}


def explain(mismatch: Mismatch) -> tuple[str, ...]:
    """Return a line for each part of a decision that differs."""
    return tuple(line for difference in mismatch.differences for line in _explained(difference))


def _explained(difference: Difference) -> Iterator[str]:
    path = ".".join(_NAMES.get(step, step) for step in difference.path)
    before, after = difference.before, difference.after
    if isinstance(before, list) and isinstance(after, list):
        yield from (f"{path}: now also {item!r}" for item in after if item not in before)
        yield from (f"{path}: no longer {item!r}" for item in before if item not in after)
    elif before is None or after is None:
        yield f"{path}: now {'missing' if after is None else 'there'}"
    else:
        yield f"{path}: planned {before!r}, now {after!r}"
