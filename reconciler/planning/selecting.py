"""Part of a stack: what `--only` and `--selector` name. Everything is decided; what is not selected is left out, and said."""

import fnmatch
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from reconciler.model import Connection, Diagnostic, State, error
from reconciler.planning.plan import Change, Part, Plan

_REQUIREMENT = re.compile(r"(?P<absent>!)?(?P<key>[^\s=!,]+)\s*(?:(?P<sign>!=|==?)\s*(?P<value>[^=!,]*))?")


@dataclass(frozen=True, slots=True)
class Requirement:
    """One part of a label selector. `value` None asks for the label itself; `wanted` False turns it round."""

    key: str
    value: str | None
    wanted: bool

    def met_by(self, labels: Mapping[str, str]) -> bool:
        """Tell whether `labels` are as required. As in Kubernetes, what lacks the label is not equal to any value."""
        has = self.key in labels if self.value is None else labels.get(self.key) == self.value
        return has is self.wanted


@dataclass(frozen=True, slots=True)
class Selection:
    """What a run is narrowed to: addresses, which may hold `*` and `?`, or labels; without either it is everything."""

    only: tuple[str, ...] = ()
    labels: tuple[Requirement, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.only or self.labels)


def parse_selector(text: str) -> tuple[Requirement, ...]:
    """Return the requirements of `team=crm,tier!=test,owned,!legacy`, all of which must hold. Raises `ValueError`."""
    found = []
    for part in text.split(","):
        match = _REQUIREMENT.fullmatch(part.strip())
        if match is None or (match["absent"] and match["sign"]):
            raise ValueError(f"`{part.strip()}` is none of `label=value`, `label!=value`, `label`, `!label`")
        value = match["value"].strip() if match["sign"] else None
        found.append(Requirement(match["key"], value, not match["absent"] and match["sign"] != "!="))
    return tuple(found)


def matching(patterns: Iterable[str], addresses: Iterable[str]) -> tuple[frozenset[str], tuple[str, ...]]:
    """Return which of `addresses` the patterns name, and the patterns that name none."""
    known = frozenset(addresses)
    matched: set[str] = set()
    unmatched = []
    for pattern in sorted(patterns):
        found = {pattern} & known or {one for one in known if fnmatch.fnmatchcase(one, pattern)}
        matched |= found
        if not found:
            unmatched.append(pattern)
    return frozenset(matched), tuple(unmatched)


def selected(
    selection: Selection, desired: Mapping[str, Connection], state: State
) -> tuple[frozenset[str], tuple[Diagnostic, ...]]:
    """Return the addresses that `selection` names, and an error for what names none.

    The labels of a manifest count; of what has none any more, those that were recorded.
    """
    left_behind = {item.address for item in state.superseded}
    if selection.only:
        found, unmatched = matching(selection.only, {*desired, *state.records, *left_behind})
        hint = "correct --only; `reconciler state list` and the manifests have the addresses"
        return found, tuple(error(f"Nothing wanted or recorded has the address `{one}`.", hint=hint) for one in unmatched)
    labels = {address: record.labels for address, record in state.records.items()}
    labels |= {address: connection.labels for address, connection in desired.items()}
    found = frozenset(one for one, has in labels.items() if all(part.met_by(has) for part in selection.labels))
    if found:
        return found, ()
    return found, (error("No connection has the labels of --selector.", hint="compare it with `metadata.labels`"),)


def narrowed(plan: Plan, addresses: Iterable[str]) -> Plan:
    """Return `plan` with what concerns `addresses` alone; a change that needs one that is left out is an error."""
    chosen = frozenset(addresses)
    changes = tuple(change for change in plan.changes if _concerns(change, chosen))
    keys = {change.key for change in changes}
    waiting = [(change, key) for change in changes for key in change.waits_for if key not in keys]
    return replace(
        plan,
        part=Part(tuple(sorted(chosen)), tuple(change.key for change in plan.changes if change.key not in keys)),
        changes=changes,
        kept=tuple(one for one in plan.kept if one.address in chosen),
        drift=tuple(one for one in plan.drift if one.address in chosen),
        diagnostics=(
            *(one for one in plan.diagnostics if not one.address or one.address in chosen),
            *(_waits(change, key) for change, key in waiting),
        ),
    )


def _concerns(change: Change, chosen: frozenset[str]) -> bool:
    return change.address in chosen or change.previous_address in chosen


def _waits(change: Change, key: str) -> Diagnostic:
    return error(
        f"`{change.key}` takes the name that `{key}` gives up, and `{key}` is left out.",
        location=change.location,
        hint=f"select `{key}` too",
        address=change.address,
    )
