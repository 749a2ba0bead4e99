"""What `--only` and `--selector` name, and what a plan is when it is narrowed to that."""

import pytest

from reconciler.model import ORGANISATION, Connection, Diagnostic, Lifecycle, Record, Superseded
from reconciler.planning import Plan, Selection, matching, narrow, parse_selector, select_addresses
from reconciler.planning.selecting import Requirement
from tests.planning.world import decided, live, plan_of, recorded, state, wanted


def chosen(selection: Selection, desired: list[Connection], *records: Record) -> tuple[set[str], tuple[Diagnostic, ...]]:
    found, problems = select_addresses(selection, {one.address: one for one in desired}, state(*records))
    return set(found), problems


@pytest.mark.parametrize(
    ("text", "labels", "holds"),
    [
        ("team=crm", {"team": "crm"}, True),
        ("team==crm", {"team": "crm"}, True),
        ("team=crm", {"team": "sales"}, False),
        ("team=crm", {}, False),
        ("team=", {"team": ""}, True),
        ("team=", {}, False),
        ("tier!=test", {"tier": "test"}, False),
        ("tier!=test", {"tier": "live"}, True),
        ("tier!=test", {}, True),
        ("team", {"team": ""}, True),
        ("team", {}, False),
        ("!team", {}, True),
        ("!team", {"team": "crm"}, False),
        (" team = crm , tier != test ", {"team": "crm"}, True),
        ("team=crm,tier!=test", {"team": "crm", "tier": "test"}, False),
    ],
)
def test_a_selector_holds_as_in_kubernetes(text: str, labels: dict[str, str], holds: bool) -> None:
    assert all(part.met_by(labels) for part in parse_selector(text)) is holds


@pytest.mark.parametrize("text", ["", ",", "team=crm,", "=crm", "!team=crm", "a=b=c", "team in (a)", "!"])
def test_what_is_no_selector_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is none of"):
        parse_selector(text)


def test_a_pattern_names_addresses_and_one_that_names_none_is_told() -> None:
    assert matching(["crm-*", "b?", "nobody"], ["crm-a", "crm-b", "b1", "c"]) == (
        frozenset({"crm-a", "crm-b", "b1"}),
        ("nobody",),
    )


def test_labels_are_the_manifest_s_and_of_what_is_removed_the_recorded_ones() -> None:
    crm = Selection(labels=(Requirement("team", "crm", wanted=True),))
    moved = wanted("moved", labels={"team": "sales"})
    records = (recorded("moved", labels={"team": "crm"}), recorded("removed", labels={"team": "crm"}))
    assert chosen(crm, [moved, wanted("new", labels={"team": "crm"})], *records) == ({"new", "removed"}, ())


def test_a_selector_that_names_nothing_is_an_error() -> None:
    found, (problem,) = chosen(Selection(labels=(Requirement("team", "x", wanted=True),)), [wanted()])
    assert (found, problem.summary) == (set(), "No connection has the labels of --selector.")


def test_an_address_that_is_neither_wanted_nor_recorded_is_an_error() -> None:
    found, problems = chosen(Selection(only=("crm", "old", "typo")), [wanted()], recorded("old"))
    assert (found, [one.summary for one in problems]) == (
        {"crm", "old"},
        ["No manifest and no record has the address `typo`."],
    )


def test_what_a_replace_left_behind_has_an_address_too() -> None:
    stored = state(superseded=[Superseded("crm", "old-id", ORGANISATION, "crm")])
    assert select_addresses(Selection(only=("crm",)), {}, stored) == (frozenset({"crm"}), ())


def narrow_to(plan: Plan, *addresses: str) -> Plan:
    return narrow(plan, addresses)


def test_what_is_not_selected_is_left_out_and_said() -> None:
    moved = live("held", credentials_hash="moved")
    desired = [wanted("a", description="new"), wanted("b"), wanted("held")]
    plan = plan_of(decided(desired, [recorded("a"), recorded("held")], [live("a"), moved]))
    found = narrow_to(plan, "b")
    assert [change.key for change in found.changes] == ["b"]
    assert (found.part.left_out, found.part.only, found.kept, found.drift) == (("a",), ("b",), (), ())
    assert (found.complete, plan.complete) == (False, True)


def test_an_error_elsewhere_does_not_stop_what_is_selected() -> None:
    plan = plan_of(decided([wanted("a"), wanted("taken")], [], [live("taken", app="github")]))
    assert plan.errored
    assert not narrow_to(plan, "a").errored
    assert narrow_to(plan, "taken").errored


def test_a_rename_of_the_address_is_found_by_either() -> None:
    plan = plan_of(
        decided([wanted("new", name="old", lifecycle=Lifecycle(renamed_from="old"))], [recorded("old")], [live("old")])
    )
    assert [change.key for change in narrow_to(plan, "old").changes] == ["new"]
    assert [change.key for change in narrow_to(plan, "new").changes] == ["new"]


def test_a_change_that_waits_for_one_that_is_left_out_is_an_error_that_names_it() -> None:
    desired = [wanted("a", name="b"), wanted("b", name="c")]
    plan = plan_of(decided(desired, [recorded("a"), recorded("b")], [live("a"), live("b")]))
    assert not plan.errored
    (problem,) = narrow_to(plan, "a").diagnostics
    assert problem.summary == "`a` takes the name that `b` gives up, and `b` is left out."
    assert not narrow_to(plan, "a", "b").errored
    assert not narrow_to(plan, "b").errored
