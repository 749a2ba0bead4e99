"""A saved plan against the plan decided again: the same decision for every address, or the differences explained.

The file is never a source of instructions: what is applied is always what was decided now.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from reconciler.planning.digest import attributes, lasting
from reconciler.planning.plan import Change, Plan

_WORDS = {"before": "in Infisical", "after": "in the manifest", "hash": "the hash of its credentials"}


@dataclass(frozen=True, slots=True)
class Mismatch:
    """An address that is decided otherwise now. `planned` and `now` are actions in words; `details` says field by field."""

    address: str
    planned: str
    now: str
    details: tuple[str, ...]


def compare(planned: Plan, now: Plan) -> list[Mismatch]:
    """Return the addresses of `planned` whose decision in `now` is another one, sorted."""
    current = {change.key: change for change in (*now.unchanged, *now.changes)}
    keys = {change.key for change in planned.changes}
    pairs = ((change, current.get(change.key)) for change in planned.changes)
    return [_mismatch(change, found) for change, found in pairs if not _met(change, found, keys)]


def select(now: Plan, planned: Plan) -> Plan:
    """Return `now` with exactly the changes whose address is in `planned`; the others are `left_out` too."""
    keys = {change.key for change in planned.changes}
    chosen = tuple(change for change in now.changes if change.key in keys)
    others = tuple(change.key for change in now.changes if change.key not in keys)
    return replace(now, changes=chosen, left_out=now.left_out + others)


def _met(planned: Change, now: Change | None, keys: set[str]) -> bool:
    """Where a plan could not compare the values, what they show now is what it announced: nothing, or an update.

    A change that now waits for one that is not in the plan cannot be made.
    """
    if now is None or _basis(planned) != _basis(now) or not keys.issuperset(now.waits_for):
        return False
    if planned.compared:
        return planned.action is now.action and set(planned.fields) == set(now.fields)
    return lasting(planned) == lasting(now)


def _basis(change: Change) -> dict[str, Any]:
    """What a decision rests on, without whether values were at hand."""
    return {
        "id": change.id,
        "hash": change.hash,
        "before": attributes(change.before),
        "after": attributes(change.after),
    }


def _mismatch(planned: Change, now: Change | None) -> Mismatch:
    if now is None:
        return Mismatch(planned.key, planned.action, "not decided at all", ())
    return Mismatch(planned.key, planned.action, now.action, tuple(_explain(planned, now)))


def _explain(planned: Change, now: Change) -> Iterator[str]:
    from deepdiff import DeepDiff

    then = {"fields": sorted(planned.fields), **_basis(planned)}
    found = DeepDiff(then, {"fields": sorted(now.fields), **_basis(now)}, view="tree", ignore_order=True)
    for kind, entries in found.items():
        for entry in entries:
            path = ".".join(_WORDS.get(step, step) for step in entry.path(output_format="list") if isinstance(step, str))
            if kind == "iterable_item_added":
                yield f"{path}: also {entry.t2!r} now"
            elif kind == "iterable_item_removed":
                yield f"{path}: no longer {entry.t1!r}"
            elif entry.t1 is None or entry.t2 is None:
                yield f"{path}: {'there' if entry.t2 else 'not there'} now"
            else:
                yield f"{path}: planned {entry.t1!r}, now {entry.t2!r}"
