"""Two nested plain values held side by side. DeepDiff finds what differs; equal values never reach it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Difference:
    """One place at which two nested values differ. `before` or `after` is None where that side has nothing there."""

    path: tuple[str, ...]
    before: Any
    after: Any


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Difference, ...]:
    """Return every place at which `before` and `after` differ, sorted by path. A list counts as one place."""
    if before == after:
        return ()
    from deepdiff import DeepDiff  # takes a tenth of a second, and most runs find nothing that differs

    tree = DeepDiff(before, after, view="tree", threshold_to_diff_deeper=0)
    paths = {_keys(entry.path(output_format="list")) for entries in tree.values() for entry in entries}
    return tuple(Difference(path, _at(before, path), _at(after, path)) for path in sorted(paths))


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> frozenset[str]:
    """Return the keys of the two flat mappings whose values differ."""
    return frozenset(difference.path[0] for difference in differences(before, after))


def _keys(path: list[Any]) -> tuple[str, ...]:
    """Return the steps of a path up to the first that is a position in a list."""
    keys = []
    for step in path:
        if not isinstance(step, str):
            break
        keys.append(step)
    return tuple(keys)


def _at(value: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value
