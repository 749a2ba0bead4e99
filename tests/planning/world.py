"""Builders for what a decision is made from, with defaults that are in sync: a test says only what it is about."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from reconciler.model import (
    ORGANISATION,
    Connection,
    Fingerprints,
    Lifecycle,
    LiveConnection,
    Location,
    ProjectRef,
    Record,
    Reference,
    References,
    Scope,
    State,
    Superseded,
)
from reconciler.planning import Basis, Change, Choices, Decisions, Plan, Target, decide, situation_of

HOST = "acme.my.salesforce.com"
CRM = Scope("11111111-1111-1111-1111-111111111111", "crm")
SALES = Scope("22222222-2222-2222-2222-222222222222", "sales")
VALUES = Fingerprints("key-print", "secret-print")
OTHER_VALUES = Fingerprints("key-print", "another-secret-print")
HASH = "a" * 64
MOVED = "b" * 64
_SCOPES: Mapping[ProjectRef | None, Scope] = {
    None: ORGANISATION,
    ProjectRef("slug", "crm"): CRM,
    ProjectRef("slug", "sales"): SALES,
    ProjectRef("id", "11111111-1111-1111-1111-111111111111"): CRM,
}


def wanted(address: str = "crm", **changes: Any) -> Connection:
    """A manifest of `address`; `lifecycle` keys may be given as `Lifecycle(...)`."""
    place = Location(f"connections/{address}.yaml", 4, 9)
    base = Connection(
        address=address,
        name=address,
        description="",
        project=None,
        instance_url=HOST,
        references=References(Reference("fromEnv", "CRM_KEY", place), Reference("fromEnv", "CRM_SECRET", place)),
        version=None,
        labels={},
        lifecycle=Lifecycle(),
        file=f"connections/{address}.yaml",
        location=place,
        name_location=place,
        project_location=place,
        host_location=place,
    )
    return replace(base, **changes)


def recorded(address: str = "crm", **changes: Any) -> Record:
    """A record of `address`, applied as `wanted` wants it."""
    base = Record(
        address=address,
        id=f"id-{address}",
        scope=ORGANISATION,
        name=address,
        description="",
        instance_url=HOST,
        credentials_hash=HASH,
        fingerprints=VALUES,
        version=None,
        lifecycle=Lifecycle(),
        labels={},
        file=f"connections/{address}.yaml",
    )
    return replace(base, **changes)


def live(address: str = "crm", **changes: Any) -> LiveConnection:
    """What Infisical has, as `recorded` left it."""
    base = LiveConnection(
        id=f"id-{address}",
        app="salesforce",
        name=address,
        description="",
        scope=ORGANISATION,
        organisation_id="org",
        instance_url=HOST,
        credentials_hash=HASH,
        created_at="2026-11-01T10:00:00.000Z",
        updated_at="2026-11-01T10:00:00.000Z",
    )
    return replace(base, **changes)


def state(*records: Record, superseded: Sequence[Superseded] = (), **changes: Any) -> State:
    """A state with these records."""
    base = State("lineage", 3, b"k" * 32, "org", "Acme", {record.address: record for record in records}, tuple(superseded))
    return replace(base, **changes)


def decided(
    desired: Sequence[Connection] = (),
    records: Sequence[Record] = (),
    present: Sequence[LiveConnection] = (),
    *,
    values: Mapping[str, Fingerprints | None] | None = None,
    **others: Any,
) -> Decisions:
    """Decide; every value is at hand and as it was sent, unless `values` says otherwise."""
    at_hand: dict[str, Fingerprints | None] = {connection.address: VALUES for connection in desired}
    superseded = others.pop("superseded", ())
    chosen = {name: others.pop(name) for name in ("accept", "reassert", "adopt_all", "destroy") if name in others}
    return decide(
        situation_of(
            desired=desired,
            scopes=_SCOPES,
            state=state(*records, superseded=superseded),
            live=present,
            fingerprints=at_hand | dict(values or {}),
            choices=Choices(**chosen),
            **others,
        )
    )


def only(decisions: Decisions) -> Change:
    """The one change, when there are no errors and nothing is kept."""
    assert decisions.diagnostics == []
    assert decisions.kept == []
    (change,) = decisions.changes
    return change


def plan_of(decisions: Decisions, **changes: Any) -> Plan:
    """A plan of these decisions."""
    basis = {name: changes.pop(name) for name in ("recorded", "base") if name in changes}
    base = Plan(
        target=Target("crm", "https://app.infisical.com", "org", "Acme"),
        basis=Basis("lineage", 3, created_at="2026-11-01T10:00:00+00:00", tool_version="0.1.0", **basis),
        changes=tuple(decisions.changes),
        unchanged=tuple(decisions.unchanged),
        kept=tuple(decisions.kept),
        drift=tuple(decisions.drift),
        unmanaged=decisions.unmanaged,
        diagnostics=tuple(decisions.diagnostics),
    )
    return replace(base, **changes)
