"""Saved plans: what they are kept as, known by, and held against."""

import json
from dataclasses import replace

import pytest

from reconciler.model import Action, Lifecycle, ProjectRef, warning
from reconciler.planning import Choices, Plan, PlanFileError, compare, digest, encode, explain, select
from tests.plan_files import decode
from tests.planning.world import MOVED, OTHER_VALUES, decided, live, plan_of, recorded, wanted

IN_CRM = ProjectRef("slug", "crm")


def everything() -> Plan:
    """A plan with every kind of thing in it."""
    desired = [
        wanted("created"),
        wanted("moved", project=IN_CRM),
        wanted("described", description="new 🚀", labels={"a": "b"}),
        wanted("held"),
        wanted("kept", version="1"),
        wanted("unknown"),
        wanted("renamed", name="former", lifecycle=Lifecycle(renamed_from="former", prevent_destroy=True)),
    ]
    names = ("moved", "described", "held", "kept", "unknown", "former", "removed")
    records = [recorded(one, version="1" if one == "kept" else None) for one in names]
    present = [live(one, credentials_hash=MOVED) if one == "held" else live(one) for one in names]
    decisions = decided(desired, records, present, values={"unknown": None})
    return plan_of(
        decisions, diagnostics=(warning("look", location=wanted().location),), choices=Choices(accept=frozenset({"held"}))
    )


def test_a_plan_survives_its_file() -> None:
    assert decode(encode(everything())) == everything()


def test_a_file_holds_its_digest() -> None:
    assert json.loads(encode(everything()))["digest"] == digest(everything())


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda data: data[:-40], "its end is missing"),
        (lambda data: data.replace(b"new ", b"old "), "edited"),
        (lambda data: b"", "not JSON"),
        (lambda data: b"[1]", "not a plan"),
        (lambda data: data.replace(b'"format_version": "2.0"', b'"format_version": "3.0"'), "format 3.0"),
    ],
)
def test_a_cut_edited_foreign_or_newer_file_is_refused_with_the_reason(damage: object, reason: str) -> None:
    with pytest.raises(PlanFileError, match=reason):
        decode(damage(encode(everything())))  # type: ignore[operator]


def test_the_same_decision_meets_the_plan() -> None:
    assert compare(everything(), everything()) == []


def test_a_description_that_changed_since_is_another_decision_and_is_explained() -> None:
    planned = plan_of(decided([wanted(description="one")], [recorded()], [live()]))
    now = plan_of(decided([wanted(description="two")], [recorded()], [live()]))
    (mismatch,) = compare(planned, now)
    assert mismatch.address == "crm"
    assert explain(mismatch) == ("in the manifest.description: planned 'one', now 'two'",)


def test_a_connection_written_outside_since_is_another_decision() -> None:
    planned = plan_of(decided([wanted(description="one")], [recorded()], [live()]))
    now = plan_of(decided([wanted(description="one")], [recorded()], [live(credentials_hash=MOVED)]))
    (mismatch,) = compare(planned, now)
    assert any(detail.startswith("the hash of its credentials: planned") for detail in explain(mismatch))


def test_a_planned_change_that_is_no_longer_needed_is_another_decision() -> None:
    planned = plan_of(decided([wanted(description="one")], [recorded()], [live()]))
    now = plan_of(decided([wanted(description="one")], [recorded(description="one")], [live(description="one")]))
    assert [(mismatch.planned, mismatch.now) for mismatch in compare(planned, now)] == [(Action.UPDATE, Action.NOTHING)]


def test_an_address_that_was_not_planned_does_not_matter_and_is_not_applied() -> None:
    planned = plan_of(decided([wanted("a")]))
    now = plan_of(decided([wanted("a"), wanted("b")]))
    assert compare(planned, now) == []
    assert [change.address for change in select(now, planned).changes] == ["a"]


@pytest.mark.parametrize("description", ["", "new"])
@pytest.mark.parametrize("labels", [{}, {"team": "crm"}])
@pytest.mark.parametrize("changed", [False, True])
def test_a_plan_without_values_is_met_whatever_the_values_show_and_has_the_same_digest(
    description: str, labels: dict[str, str], changed: bool
) -> None:
    desired = [wanted(description=description, labels=labels)]
    planned = plan_of(decided(desired, [recorded()], [live()], values={"crm": None}))
    now = plan_of(decided(desired, [recorded()], [live()], values={"crm": OTHER_VALUES} if changed else None))
    assert compare(planned, now) == []
    assert digest(planned) == digest(now)


def test_values_that_changed_after_they_were_compared_are_another_decision() -> None:
    planned = plan_of(decided([wanted(description="new")], [recorded()], [live()]))
    now = plan_of(decided([wanted(description="new")], [recorded()], [live()], values={"crm": OTHER_VALUES}))
    assert [explain(mismatch) for mismatch in compare(planned, now)] == [("fields: now also 'credentials.consumerSecret'",)]


def test_the_digest_knows_host_and_version_but_not_time_serial_or_drift() -> None:
    plan = everything()
    assert digest(plan) == digest(
        replace(plan, drift=(), basis=replace(plan.basis, serial=9, created_at="later", lineage="other"))
    )
    for change in ({"version": "2"}, {"instance_url": "other.my.salesforce.com"}):
        assert digest(plan_of(decided([wanted(**change)], [recorded()], [live()]))) != digest(
            plan_of(decided([wanted()], [recorded()], [live()]))
        )
