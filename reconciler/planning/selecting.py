"""Part of a stack: what `--only` and `--selector` name.

Everything is decided. What is not selected is left out, and the plan names it.
"""

import fnmatch
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from reconciler.model import Connection, Diagnostic, State, error
from reconciler.planning.plan import Change, Part, Plan

_REQUIREMENT = re.compile(r"(?P<absent>!)?(?P<key>[^\s=!,]+)\s*(?:(?P<sign>!=|==?)\s*(?P<value>[^=!,]*))?")


@dataclass(frozen=True, slots=True)
class Requirement:
    """One part of a label selector. `value` None asks whether the label is there; `wanted` False asks for the opposite."""

    key: str
    value: str | None
    wanted: bool

    def met_by(self, labels: Mapping[str, str]) -> bool:
        """Tell whether `labels` meet it. As in Kubernetes, a connection without the label is not equal to any value."""
        has = self.key in labels if self.value is None else labels.get(self.key) == self.value
        return has is self.wanted


@dataclass(frozen=True, slots=True)
class Selection:
    """What a run is about: addresses, which may contain `*` and `?`, or labels. With neither, it is about everything."""

    only: tuple[str, ...] = ()
    labels: tuple[Requirement, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.only or self.labels)


def parse_selector(text: str) -> tuple[Requirement, ...]:
    """Return the requirements of `team=crm,tier!=test,owned,!legacy`, all of which must hold. Raises `ValueError`."""
    requirements = []
    for part in text.split(","):
        match = _REQUIREMENT.fullmatch(part.strip())
        if match is None or (match["absent"] and match["sign"]):
            raise ValueError(f"`{part.strip()}` is none of `label=value`, `label!=value`, `label`, `!label`")
        value = match["value"].strip() if match["sign"] else None
        requirements.append(Requirement(match["key"], value, not match["absent"] and match["sign"] != "!="))
    return tuple(requirements)


def matching(patterns: Iterable[str], addresses: Iterable[str]) -> tuple[frozenset[str], tuple[str, ...]]:
    """Return which of `addresses` the patterns name, and the patterns that name none."""
    known = frozenset(addresses)
    matched: set[str] = set()
    unmatched = []
    for pattern in sorted(patterns):
        named = {pattern} & known or {address for address in known if fnmatch.fnmatchcase(address, pattern)}
        matched |= named
        if not named:
            unmatched.append(pattern)
    return frozenset(matched), tuple(unmatched)


def select_addresses(
    selection: Selection, desired: Mapping[str, Connection], state: State
) -> tuple[frozenset[str], tuple[Diagnostic, ...]]:
    """Return the addresses that `selection` names, and an error for each part of it that names none.

    The labels in the manifest count. For a connection without a manifest, the recorded labels count.
    """
    left_behind = {item.address for item in state.superseded}
    if selection.only:
        addresses, unmatched = matching(selection.only, {*desired, *state.records, *left_behind})
        hint = "correct --only; `reconciler state list` and the manifests have the addresses"
        problems = (error(f"No manifest and no record has the address `{pattern}`.", hint=hint) for pattern in unmatched)
        return addresses, tuple(problems)
    labels = {address: record.labels for address, record in state.records.items()}
    labels |= {address: connection.labels for address, connection in desired.items()}
    addresses = frozenset(address for address, has in labels.items() if all(part.met_by(has) for part in selection.labels))
    if addresses:
        return addresses, ()
    return addresses, (error("No connection has the labels of --selector.", hint="compare it with `metadata.labels`"),)


def narrow(plan: Plan, addresses: Iterable[str]) -> Plan:
    """Return the part of `plan` that concerns `addresses`. A change that needs one that is left out is an error."""
    chosen = frozenset(addresses)
    changes = tuple(change for change in plan.changes if _concerns(change, chosen))
    keys = {change.key for change in changes}
    waiting = [(change, key) for change in changes for key in change.waits_for if key not in keys]
    return replace(
        plan,
        part=Part(tuple(sorted(chosen)), tuple(change.key for change in plan.changes if change.key not in keys)),
        changes=changes,
        kept=tuple(kept for kept in plan.kept if kept.address in chosen),
        drift=tuple(drift for drift in plan.drift if drift.address in chosen),
        diagnostics=(
            *(each for each in plan.diagnostics if not each.address or each.address in chosen),
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
