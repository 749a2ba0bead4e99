"""The first decision table, a test a row."""

from typing import Any

import pytest

from reconciler.model import ORGANISATION, Action, Doubt, Lifecycle, OnRemoval, ProjectRef, Reason, Severity, Superseded, Why
from reconciler.model.action import INSTANCE_URL, VERSION
from reconciler.planning import KeptWhy
from tests.planning.world import CRM, HASH, MOVED, OTHER_VALUES, SALES, decided, live, only, recorded, wanted

IN_CRM = ProjectRef("slug", "crm")


# desired yes, recorded no


def test_what_is_not_there_is_created() -> None:
    change = only(decided([wanted()]))
    assert (change.action, change.id, change.before) == (Action.CREATE, "", None)
    assert change.after is not None
    assert change.after.name == "crm"
    assert change.sends_credentials


def test_an_unmanaged_connection_of_that_name_is_adopted_when_the_manifest_says_so() -> None:
    lifecycle = Lifecycle(adopt=True)
    decisions = decided([wanted(lifecycle=lifecycle, description="ours")], present=[live(id="theirs")])
    (change,) = decisions.changes
    assert (change.action, change.id, change.fields) == (Action.ADOPT, "theirs", ("description",))
    assert [kept.why for kept in decisions.kept] == [KeptWhy.HELD]
    assert decisions.kept[0].reason == Reason(Why.HELD, Doubt.NOT_COMPARABLE)
    assert decisions.unmanaged == 0


def test_an_unmanaged_connection_of_that_name_is_an_error_that_names_both_ways_out() -> None:
    decisions = decided([wanted()], present=[live(id="theirs")])
    assert decisions.changes == []
    (problem,) = decisions.diagnostics
    assert "adopt: true" in problem.hint
    assert "another spec.name" in problem.hint
    assert "theirs" in problem.detail
    assert problem.location == wanted().name_location


def test_another_apps_connection_of_that_name_is_an_error_that_names_app_and_id() -> None:
    decisions = decided([wanted(lifecycle=Lifecycle(adopt=True))], present=[live(id="aws-1", app="aws")])
    (problem,) = decisions.diagnostics
    assert "`aws`" in problem.summary
    assert "aws-1" in problem.detail
    assert decisions.changes == []


def test_the_same_name_in_another_scope_is_no_collision() -> None:
    change = only(decided([wanted(project=IN_CRM)], present=[live(id="elsewhere")]))
    assert change.action is Action.CREATE


def test_adopt_true_with_a_free_name_creates() -> None:
    assert only(decided([wanted(lifecycle=Lifecycle(adopt=True))])).action is Action.CREATE


def test_adopt_by_id_is_decided_before_the_name() -> None:
    lifecycle = Lifecycle(adopt="old-name-id")
    decisions = decided([wanted(lifecycle=lifecycle)], present=[live(id="old-name-id", name="crm-by-hand")])
    (change,) = decisions.changes
    assert (change.action, change.id, change.fields) == (Action.ADOPT, "old-name-id", ("name",))


@pytest.mark.parametrize(
    ("present", "fragment"),
    [
        ([], "no connection given-id to adopt"),
        ([live(id="given-id", app="aws")], "it belongs to the app `aws`"),
        ([live(id="given-id", scope=SALES)], "in the project sales"),
    ],
)
def test_an_id_that_cannot_be_adopted_is_an_error(present: list[object], fragment: str) -> None:
    decisions = decided([wanted(lifecycle=Lifecycle(adopt="given-id"))], present=present)  # type: ignore[arg-type]
    (problem,) = decisions.diagnostics
    assert fragment in problem.summary
    assert decisions.changes == []


def test_what_another_address_manages_is_not_adopted() -> None:
    decisions = decided([wanted("new", lifecycle=Lifecycle(adopt="id-old")), wanted("old")], [recorded("old")], [live("old")])
    (problem,) = decisions.diagnostics
    assert "this stack already manages it as `old`" in problem.summary


# desired yes, recorded yes, live


def test_what_is_as_it_should_be_is_left_alone() -> None:
    decisions = decided([wanted()], [recorded()], [live()])
    assert decisions.changes == []
    assert [change.action for change in decisions.unchanged] == [Action.NOTHING]


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"name": "crm-new"}, ("name",)),
        ({"description": "said"}, ("description",)),
        ({"name": "crm-new", "description": "said"}, ("name", "description")),
        ({"instance_url": "other.my.salesforce.com"}, ("credentials.instanceUrl",)),
        ({"version": "2026-11"}, ("credentials.version",)),
    ],
)
def test_name_description_and_credentials_are_updated_in_place(changes: dict[str, str], fields: tuple[str, ...]) -> None:
    change = only(decided([wanted(**changes)], [recorded()], [live()]))
    assert (change.action, change.fields, change.id) == (Action.UPDATE, fields, "id-crm")


def test_a_value_that_changed_at_its_source_is_an_update_of_the_credentials() -> None:
    change = only(decided([wanted()], [recorded()], [live()], values={"crm": OTHER_VALUES}))
    assert (change.action, change.fields) == (Action.UPDATE, ("credentials.consumerSecret",))
    assert change.reason == Reason(Why.VALUES_CHANGED)


def test_another_scope_is_a_replace() -> None:
    change = only(decided([wanted(project=IN_CRM)], [recorded()], [live()]))
    assert change.action is Action.REPLACE
    assert change.before is not None
    assert change.after is not None
    assert (change.before.scope, change.after.scope) == (ORGANISATION, CRM)
    assert "project" in change.fields


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"labels": {"team": "crm"}}, ("labels",)),
        ({"lifecycle": Lifecycle(prevent_destroy=True)}, ("lifecycle",)),
    ],
)
def test_only_local_facts_changed_is_a_record(changes: dict[str, Any], fields: tuple[str, ...]) -> None:
    change = only(decided([wanted(**changes)], [recorded()], [live()]))
    assert (change.action, change.fields) == (Action.RECORD, fields)
    assert not change.sends_credentials


def test_a_renamed_address_that_keeps_its_name_is_a_record() -> None:
    renamed = wanted("crm-new", name="crm", lifecycle=Lifecycle(renamed_from="crm"))
    change = only(decided([renamed], [recorded()], [live()]))
    assert (change.action, change.fields, change.previous_address) == (Action.RECORD, ("address",), "crm")


def test_a_renamed_address_that_takes_its_own_name_is_an_update() -> None:
    renamed = wanted("crm-new", lifecycle=Lifecycle(renamed_from="crm"))
    change = only(decided([renamed], [recorded()], [live()]))
    assert (change.action, change.fields, change.id) == (Action.UPDATE, ("name", "address"), "id-crm")


def test_renamed_from_an_address_that_is_still_declared_is_an_error() -> None:
    desired = [wanted("crm-new", lifecycle=Lifecycle(renamed_from="crm")), wanted()]
    decisions = decided(desired, [recorded()], [live()])
    assert "still in use" in decisions.diagnostics[0].summary


def test_renamed_from_an_address_without_a_record_is_a_warning_that_names_the_nearest() -> None:
    desired = [wanted("crm-new", lifecycle=Lifecycle(renamed_from="cmr"), description="new")]
    decisions = decided(desired, [recorded()], [live()])
    assert [problem.severity for problem in decisions.diagnostics] == [Severity.WARNING]
    assert decisions.diagnostics[0].hint == "did you mean `crm`?"


def test_two_addresses_cannot_be_renamed_from_one() -> None:
    desired = [wanted(address, lifecycle=Lifecycle(renamed_from="crm")) for address in ("crm-a", "crm-b")]
    decisions = decided(desired, [recorded()], [live()])
    assert [problem.address for problem in decisions.diagnostics] == ["crm-b"]


def test_adopt_and_renamed_from_may_stay_in_the_manifest_or_go() -> None:
    done = Lifecycle(adopt=True, renamed_from="old")
    assert decided([wanted(lifecycle=done)], [recorded()], [live()]).changes == []
    assert decided([wanted()], [recorded(lifecycle=done)], [live()]).changes == []


def test_a_name_that_an_unmanaged_connection_has_cannot_be_taken() -> None:
    decisions = decided([wanted(name="taken")], [recorded()], [live(), live("x", id="theirs", name="taken")])
    (problem,) = decisions.diagnostics
    assert "theirs" in problem.detail


def test_a_name_that_is_freed_by_a_rename_in_this_plan_is_waited_for() -> None:
    desired = [wanted("a", name="b"), wanted("b", name="c")]
    decisions = decided(desired, [recorded("a"), recorded("b")], [live("a"), live("b")])
    assert decisions.diagnostics == []
    assert {change.address: change.waits_for for change in decisions.changes} == {"a": ("b",), "b": ()}


def test_a_name_that_is_freed_by_a_delete_in_this_plan_is_waited_for() -> None:
    desired = [wanted("new", name="old", description="another")]
    decisions = decided(desired, [recorded("old")], [live("old")])
    assert decisions.diagnostics == []
    assert {change.address: change.waits_for for change in decisions.changes} == {"new": ("old",), "old": ()}


def test_names_that_go_round_in_a_circle_take_two_applies() -> None:
    desired = [wanted("a", name="b"), wanted("b", name="c"), wanted("c", name="a")]
    records, present = [recorded(one) for one in "abc"], [live(one) for one in "abc"]
    decisions = decided(desired, records, present)
    (problem,) = decisions.diagnostics
    assert "`a`, `b`, `c`" in problem.summary
    assert "two applies" in problem.hint


def test_a_name_whose_holder_only_refreshes_its_record_stays_taken() -> None:
    records = [recorded("a", description="recorded late"), recorded("b")]
    desired = [wanted("a", labels={"x": "y"}), wanted("b", name="a")]
    decisions = decided(desired, records, [live("a"), live("b")])
    assert "already has the name `a`" in decisions.diagnostics[0].summary


# desired yes, recorded yes, gone


def test_what_was_deleted_outside_is_created_again_and_shown_as_drift() -> None:
    decisions = decided([wanted()], [recorded()], [])
    change = only(decisions)
    assert (change.action, change.id) == (Action.RECREATE, "")
    assert [(drift.address, drift.after) for drift in decisions.drift] == [("crm", None)]


def test_what_was_recreated_outside_is_an_error_or_adopted_like_any_unmanaged_one() -> None:
    refused = decided([wanted()], [recorded()], [live(id="new-id")])
    assert "adopt: true" in refused.diagnostics[0].hint
    adopted = decided([wanted(lifecycle=Lifecycle(adopt=True))], [recorded()], [live(id="new-id")])
    assert [(change.action, change.id) for change in adopted.changes] == [(Action.ADOPT, "new-id")]


def test_an_adopted_id_that_is_gone_since_is_created_again() -> None:
    change = only(decided([wanted(lifecycle=Lifecycle(adopt="id-crm"))], [recorded()], []))
    assert change.action is Action.RECREATE


# desired no


def test_what_has_no_manifest_any_more_is_deleted() -> None:
    change = only(decided([], [recorded()], [live()]))
    assert (change.action, change.id, change.after) == (Action.DELETE, "id-crm", None)
    assert change.reason == Reason(Why.MANIFEST_REMOVED, file="connections/crm.yaml")


def test_retain_forgets_and_leaves_it_in_infisical() -> None:
    change = only(decided([], [recorded(lifecycle=Lifecycle(on_removal=OnRemoval.RETAIN))], [live()]))
    assert change.action is Action.FORGET


def test_a_removed_manifest_with_prevent_destroy_is_refused_although_its_file_is_gone() -> None:
    decisions = decided([], [recorded(lifecycle=Lifecycle(prevent_destroy=True))], [live()])
    assert decisions.changes == []
    assert [kept.why for kept in decisions.kept] == [KeptWhy.PROTECTED]


def test_what_is_gone_and_no_longer_wanted_is_forgotten() -> None:
    decisions = decided([], [recorded(lifecycle=Lifecycle(prevent_destroy=True))], [])
    change = only(decisions)
    assert change.action is Action.FORGET
    assert decisions.drift[0].after is None


def test_what_nobody_manages_is_counted_and_never_touched() -> None:
    decisions = decided([], [], [live(), live("other"), live("aws", app="aws")])
    assert (decisions.changes, decisions.unmanaged) == ([], 2)


# protection, replaces, disguises


def test_a_protected_connection_is_not_replaced() -> None:
    desired = wanted(project=IN_CRM, lifecycle=Lifecycle(prevent_destroy=True))
    decisions = decided([desired], [recorded(lifecycle=Lifecycle(prevent_destroy=True))], [live()])
    assert decisions.changes == []
    assert decisions.kept[0].why is KeptWhy.PROTECTED


def test_lifting_protection_is_recorded_first_and_the_replace_waits_for_the_next_apply() -> None:
    decisions = decided([wanted(project=IN_CRM)], [recorded(lifecycle=Lifecycle(prevent_destroy=True))], [live()])
    (change,) = decisions.changes
    assert (change.action, change.fields) == (Action.RECORD, ("lifecycle",))
    assert change.after is not None
    assert change.after.scope == ORGANISATION
    assert decisions.kept[0].why is KeptWhy.PROTECTED


def test_held_credentials_are_not_replaced_either() -> None:
    decisions = decided([wanted(project=IN_CRM)], [recorded()], [live(credentials_hash=MOVED)])
    assert decisions.changes == []
    assert decisions.kept[0].why is KeptWhy.HELD


def test_one_name_wanted_twice_in_one_project_is_an_error_however_the_project_is_named() -> None:
    by_slug = wanted("a", name="same", project=IN_CRM)
    by_id = wanted("b", name="same", project=ProjectRef("id", "11111111-1111-1111-1111-111111111111"))
    (problem,) = decided([by_slug, by_id]).diagnostics
    assert "`a` and `b`" in problem.summary


def test_a_replaced_connection_that_could_not_be_deleted_is_deleted_now() -> None:
    left = Superseded("crm", "old-id", SALES, "crm")
    decisions = decided([wanted()], [recorded()], [live(), live(id="old-id", scope=SALES)], superseded=[left])
    change = only(decisions)
    assert (change.action, change.id, change.superseded, change.key) == (Action.DELETE, "old-id", True, "crm (old-id)")


def test_a_replaced_connection_that_is_gone_is_forgotten() -> None:
    decisions = decided([wanted()], [recorded()], [live()], superseded=[Superseded("crm", "old-id", SALES, "crm")])
    assert only(decisions).action is Action.FORGET


@pytest.mark.parametrize("name", ["crm", "crm-new"])
def test_a_delete_and_a_create_of_equal_spec_is_refused_as_a_rename_that_was_not_said(name: str) -> None:
    decisions = decided([wanted("crm-new", name=name)], [recorded()], [live()])
    (problem,) = decisions.diagnostics
    assert "renamedFrom: crm" in problem.hint


def test_a_delete_and_a_create_of_different_spec_are_two_things() -> None:
    decisions = decided([wanted("new", description="something else")], [recorded()], [live()])
    assert decisions.diagnostics == []
    assert {change.action for change in decisions.changes} == {Action.CREATE, Action.DELETE}


# ignored and outside


@pytest.mark.parametrize("field", ["name", "description"])
def test_what_is_ignored_is_neither_compared_nor_sent(field: str) -> None:
    lifecycle = Lifecycle(ignore_changes=(field,))
    decisions = decided([wanted(lifecycle=lifecycle)], [recorded(lifecycle=lifecycle)], [live(**{field: "theirs"})])
    assert decisions.changes == []
    after = decisions.unchanged[0].after
    assert after is not None
    assert after.values[field] == "theirs"


def test_a_change_made_outside_is_shown_as_drift_and_undone() -> None:
    decisions = decided([wanted(description="ours")], [recorded(description="ours")], [live(description="theirs")])
    assert only(decisions).fields == ("description",)
    assert decisions.drift[0].fields == ("description",)


def test_a_change_made_outside_and_in_the_manifest_alike_is_only_recorded() -> None:
    decisions = decided([wanted(description="both")], [recorded(description="old")], [live(description="both")])
    assert (only(decisions).action, only(decisions).fields) == (Action.RECORD, ("record",))


def test_the_case_scheme_and_slashes_of_a_host_are_no_difference() -> None:
    assert decided([wanted()], [recorded()], [live(instance_url="HTTPS://Acme.my.salesforce.com/")]).changes == []


# values that are not at hand


def test_without_values_creates_replaces_and_updates_are_planned_all_the_same() -> None:
    missing = {"a": None, "b": None, "c": None}
    desired = [wanted("a"), wanted("b", project=IN_CRM), wanted("c", description="new")]
    decisions = decided(desired, [recorded("b"), recorded("c")], [live("b"), live("c")], values=missing)
    assert [change.action for change in decisions.changes] == [Action.CREATE, Action.REPLACE, Action.UPDATE]
    assert not any(change.compared for change in decisions.changes)


def test_without_values_what_else_is_in_sync_is_a_conditional_update() -> None:
    change = only(decided([wanted()], [recorded()], [live()], values={"crm": None}))
    assert (change.action, change.fields, change.compared) == (Action.CONDITIONAL, (), False)


def test_changes_are_sorted_by_address() -> None:
    desired = [wanted(one, description=one) for one in ("c", "a", "b")]
    assert [change.address for change in decided(desired).changes] == ["a", "b", "c"]


def test_held_credentials_do_not_hold_back_the_description() -> None:
    decisions = decided([wanted(description="new")], [recorded()], [live(credentials_hash=MOVED)])
    (change,) = decisions.changes
    assert (change.action, change.fields) == (Action.UPDATE, ("description",))
    assert not change.sends_credentials
    assert decisions.kept[0].why is KeptWhy.HELD


def test_held_credentials_keep_host_and_version_as_they_are() -> None:
    desired = wanted(description="new", instance_url="other.my.salesforce.com", version="2")
    (change,) = decided([desired], [recorded(version="1")], [live(credentials_hash=MOVED)]).changes
    assert change.after is not None
    assert (change.after.values[INSTANCE_URL], change.after.values[VERSION]) == ("acme.my.salesforce.com", "1")
    assert change.hash == MOVED != HASH


def test_accepting_their_credentials_beside_an_update_sends_none() -> None:
    decisions = decided([wanted(description="new")], [recorded()], [live(credentials_hash=MOVED)], accept=frozenset({"crm"}))
    change = only(decisions)
    assert (change.action, change.sends_credentials) == (Action.UPDATE, False)
    assert "credentials (theirs accepted)" in change.fields
