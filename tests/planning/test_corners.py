"""Corners of the tables that only a mutation of the code showed to be untested (`make mutants`)."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reconciler.model import (
    ORGANISATION,
    Action,
    Intent,
    Lifecycle,
    LiveConnection,
    ProjectRef,
    Reason,
    Record,
    Superseded,
    Verb,
    Why,
)
from reconciler.model.action import (
    ACCEPTED,
    ADDRESS,
    CREDENTIALS,
    DESCRIPTION,
    INSTANCE_URL,
    LABELS,
    LIFECYCLE,
    NAME,
    PROJECT,
    VERSION,
)
from reconciler.planning import KeptWhy, PlanFileError, compare, encode, is_ours, narrow, select, settle
from tests.plan_files import decode
from tests.planning.world import CRM, HASH, MOVED, decided, live, only, plan_of, recorded, state, wanted

PROJECT_CRM = ProjectRef("slug", "crm")
IGNORED = Lifecycle(ignore_changes=("credentials",))
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


class TestAdopting:
    def test_ours_are_sent_together_with_what_else_differs(self) -> None:
        connection = wanted(description="ours", lifecycle=Lifecycle(adopt=True))
        change = only(decided([connection], [], [live(id="theirs", description="theirs")], reassert=frozenset({"crm"})))
        assert (change.action, change.fields, change.sends_credentials) == (Action.ADOPT, (DESCRIPTION, CREDENTIALS), True)

    def test_theirs_are_accepted_together_with_what_else_differs(self) -> None:
        connection = wanted(description="ours", lifecycle=Lifecycle(adopt=True))
        change = only(decided([connection], [], [live(id="theirs", description="theirs")], accept=frozenset({"crm"})))
        assert (change.fields, change.sends_credentials) == ((DESCRIPTION, ACCEPTED), False)

    def test_held_credentials_are_no_field(self) -> None:
        found = decided([wanted(lifecycle=Lifecycle(adopt=True))], [], [live(id="theirs")])
        assert [change.fields for change in found.changes] == [()]

    def test_one_connection_has_one_owner(self) -> None:
        both = [wanted(one, name="theirs" if one == "a" else "b", lifecycle=Lifecycle(adopt="the-id")) for one in ("a", "b")]
        (problem,) = decided(both, [], [live("theirs", id="the-id")]).diagnostics
        assert problem.summary == "the-id cannot be adopted: this stack already manages it as `a`."

    @pytest.mark.parametrize(("adopt", "action"), [(True, Action.ADOPT), ("anew", Action.ADOPT)])
    def test_a_renamed_one_that_was_made_anew_outside_keeps_its_former_address(self, adopt: bool | str, action: Action) -> None:
        connection = wanted("new", name="old", lifecycle=Lifecycle(renamed_from="old", adopt=adopt))
        found = decided([connection], [recorded("old")], [live("old", id="anew")])
        assert [(change.action, change.previous_address) for change in found.changes] == [(action, "old")]

    def test_a_renamed_one_that_is_gone_keeps_its_former_address(self) -> None:
        change = only(decided([wanted("new", name="old", lifecycle=Lifecycle(renamed_from="old"))], [recorded("old")], []))
        assert (change.action, change.previous_address) == (Action.RECREATE, "old")

    def test_a_name_that_is_free_is_said_when_it_was_to_be_adopted_and_not_when_it_is_gone(self) -> None:
        adopting = wanted(lifecycle=Lifecycle(adopt=True))
        assert only(decided([adopting])).reason == Reason(Why.NOTHING_TO_ADOPT)
        assert only(decided([adopting], [recorded()], [])).reason == Reason(Why.DELETED_OUTSIDE)


class TestReplacing:
    def test_all_that_the_new_one_has_otherwise_is_shown(self) -> None:
        connection = wanted(project=PROJECT_CRM, name="other", version="2", labels={"team": "crm"})
        change = only(decided([connection], [recorded(version="1")], [live()]))
        assert (change.action, set(change.fields)) == (Action.REPLACE, {NAME, PROJECT, VERSION, LABELS})
        assert change.after is not None
        assert (change.after.scope, change.after.name, change.after.values[VERSION]) == (CRM, "other", "2")

    def test_rotated_values_are_no_field_of_it(self) -> None:
        change = only(decided([wanted(project=PROJECT_CRM)], [recorded()], [live()], values={"crm": None}))
        assert change.fields == (PROJECT,)

    def test_it_is_held_when_credentials_that_are_ignored_were_written_outside(self) -> None:
        lifecycle = Lifecycle(ignore_changes=("credentials", "description"))
        found = decided(
            [wanted(project=PROJECT_CRM, lifecycle=lifecycle)], [recorded(lifecycle=lifecycle)], [live(credentials_hash=MOVED)]
        )
        assert (found.changes, [one.why for one in found.kept]) == ([], [KeptWhy.HELD])

    @pytest.mark.parametrize(
        ("manifest", "why"),
        [
            (Lifecycle(), Why.PROTECTED_UNTIL_THE_NEXT_APPLY),
            (Lifecycle(prevent_destroy=True), Why.PROTECTED_AND_MOVED),
        ],
    )
    def test_a_protected_one_is_recorded_anew_and_stays(self, manifest: Lifecycle, why: Why) -> None:
        connection = wanted(project=PROJECT_CRM, lifecycle=manifest, labels={"team": "crm"}, version="2")
        record = recorded(lifecycle=Lifecycle(prevent_destroy=True), version="1")
        found = decided([connection], [record], [live()])
        assert [one.reason for one in found.kept] == [Reason(why)]
        (change,) = found.changes
        assert (change.action, change.reason) == (Action.RECORD, Reason(Why.ONLY_THE_RECORD, fields=change.fields))
        assert change.fields[0] == LABELS
        assert change.after is not None
        assert (change.after.labels, change.after.lifecycle, change.after.values[VERSION], change.after.scope) == (
            {"team": "crm"},
            manifest,
            "1",
            ORGANISATION,
        )

    def test_a_version_that_is_ignored_is_only_recorded(self) -> None:
        protected = Lifecycle(prevent_destroy=True, ignore_changes=("credentials",))
        connection = wanted(project=PROJECT_CRM, lifecycle=protected, version="2")
        found = decided([connection], [recorded(lifecycle=protected, version="1")], [live()])
        assert [change.after.values[VERSION] for change in found.changes if change.after] == ["2"]


class TestCredentials:
    def test_a_host_that_is_ignored_stays_theirs(self) -> None:
        connection = wanted(description="new", instance_url="other.my.salesforce.com", lifecycle=IGNORED)
        change = only(decided([connection], [recorded(lifecycle=IGNORED)], [live()], values={"crm": None}))
        assert change.after is not None
        assert (change.fields, change.after.values[INSTANCE_URL], change.compared) == (
            (DESCRIPTION,),
            live().instance_url,
            True,
        )

    def test_the_version_that_was_recorded_is_no_change(self) -> None:
        found = decided([wanted(version="2")], [recorded(version="2")], [live()])
        assert (found.changes, found.kept) == ([], [])

    def test_a_reassertion_is_of_the_address_that_was_named(self) -> None:
        there = [live(one, credentials_hash=MOVED) for one in ("a", "b")]
        found = decided([wanted("a"), wanted("b")], [recorded("a"), recorded("b")], there, reassert=frozenset({"b"}))
        assert ([change.key for change in found.changes], [one.address for one in found.kept]) == (["b"], ["a"])

    def test_what_an_interrupted_apply_may_have_sent_is_sent_again_and_is_no_drift(self) -> None:
        found = decided([wanted()], [recorded()], [live(credentials_hash=MOVED)], resend=frozenset({"id-crm"}))
        assert ([change.fields for change in found.changes], found.kept, found.drift) == ([(CREDENTIALS,)], [], [])

    def test_an_update_of_something_else_has_no_word_on_credentials_that_are_not_sent(self) -> None:
        change = only(decided([wanted(description="new")], [recorded()], [live()], values={"crm": None}))
        assert (change.action, change.reason, change.compared) == (Action.UPDATE, None, False)


class TestNames:
    def test_among_many_new_ones_the_disguised_rename_is_found(self) -> None:
        desired = [wanted("aa", description="something else"), wanted("new", name="old")]
        problems = decided(desired, [recorded("old")], [live("old")]).diagnostics
        assert [one.address for one in problems] == ["new"]

    def test_behind_an_update_too(self) -> None:
        desired = [wanted("a", description="edited"), wanted("new", name="old")]
        problems = decided(desired, [recorded("a"), recorded("old")], [live("a"), live("old")]).diagnostics
        assert [one.address for one in problems] == ["new"]

    def test_of_two_that_are_gone_the_one_of_the_same_file_is_meant(self) -> None:
        desired = [replace(wanted("new"), location=replace(wanted("b").location, file="stack/connections/b.yaml"))]
        names = ("a", "b", "c")
        (problem,) = decided(desired, [recorded(one) for one in names], [live(one) for one in names]).diagnostics
        assert "renamedFrom: b" in problem.hint

    def test_another_name_that_is_not_the_address_is_another_connection(self) -> None:
        found = decided([wanted("new")], [recorded("old", name="crm")], [live("old", name="crm")])
        assert found.diagnostics == []
        found = decided([wanted("new", name="crm-2")], [recorded("old")], [live("old")])
        assert found.diagnostics == []


class TestComparing:
    def test_another_before_is_another_decision(self) -> None:
        desired = [wanted(description="new")]
        planned = plan_of(decided(desired, [recorded()], [live(description="one")]))
        now = plan_of(decided(desired, [recorded()], [live(description="two")]))
        assert [one.address for one in compare(planned, now)] == ["crm"]
        assert compare(planned, planned) == []

    def test_another_id_is_another_decision(self) -> None:
        desired = [wanted(lifecycle=Lifecycle(adopt=True))]
        planned, now = (plan_of(decided(desired, [], [live(id=one)])) for one in ("first", "second"))
        assert [one.address for one in compare(planned, now)] == ["crm"]

    def test_what_is_left_out_by_a_selection_and_by_a_file_is_named_once_each(self) -> None:
        now = narrow(plan_of(decided([wanted("a"), wanted("b"), wanted("c")])), ["a", "b"])
        planned = plan_of(decided([wanted("a")]))
        found = select(now, planned)
        assert ([change.key for change in found.changes], found.part.left_out) == (["a"], ("c", "b"))

    def test_a_scope_of_a_project_comes_back_from_a_file(self) -> None:
        plan = plan_of(decided([wanted(project=PROJECT_CRM)], [recorded()], [live()]))
        (change,) = decode(encode(plan)).changes
        assert change.before is not None
        assert change.after is not None
        assert (change.before.scope is ORGANISATION, change.after.scope, change.after.scope.project_slug) == (True, CRM, "crm")

    @pytest.mark.parametrize("address", ["</details>", "a\x1b[31m", "A", "", "a b"])
    def test_what_can_be_no_address_is_not_read_as_one(self, address: str) -> None:
        plan = plan_of(decided([wanted()]))
        forged = replace(plan, changes=(replace(plan.changes[0], address=address),))
        with pytest.raises(PlanFileError, match=r"`plan.changes\[0\].address` (is not an address|must not be empty)"):
            decode(encode(forged))

    def test_a_plan_that_lacks_something_says_so(self) -> None:
        from reconciler.planning import file

        content = {"stack": "crm"}
        document = {
            "kind": "reconciler-plan",
            "format_version": "2.0",
            "plan": content,
            "checksum": file._checksum(content),
            "digest": "0" * 64,
        }
        with pytest.raises(PlanFileError, match="`plan` lacks `url`"):
            decode(json.dumps(document).encode())


def intent(verb: Verb, record: Record | None, connection_id: str = "", *, sends: bool = False, since: datetime = NOW) -> Intent:
    return Intent(verb, "crm", connection_id, record, sends, since.isoformat())


def made(at: datetime, **changes: Any) -> LiveConnection:
    return live(**{"created_at": at.isoformat(), "updated_at": at.isoformat(), **changes})


class TestSettling:
    def test_a_create_that_came_too_late_is_left_to_be_deleted(self) -> None:
        late = replace(recorded(id=""), scope=CRM)
        stored = state(recorded(id="other"), intents=(intent(Verb.CREATE, late),))
        settled = settle(stored, [live(id="other"), made(NOW, id="late", scope=CRM)], NOW)
        assert settled.state.superseded == (Superseded("crm", "late", CRM, "crm"),)

    @pytest.mark.parametrize(("age", "waits"), [(timedelta(minutes=59), True), (timedelta(hours=1), False)])
    def test_a_create_that_nobody_has_seen_is_waited_for_an_hour(self, age: timedelta, waits: bool) -> None:
        stored = state(intents=(intent(Verb.CREATE, recorded(id="")),))
        assert bool(settle(stored, [], NOW + age).state.intents) is waits

    def test_an_update_that_arrived_is_recorded_under_its_new_address(self) -> None:
        sent = recorded("new", id="id-crm", name="crm", description="new")
        stored = state(recorded(), intents=(replace(intent(Verb.UPDATE, sent, "id-crm"), address="new"),))
        settled = settle(stored, [live(description="new")], NOW)
        assert list(settled.state.records) == ["new"]
        assert settled.done == {"new": Reason(Why.UPDATED_BY_INTERRUPTED_APPLY)}

    def test_of_credentials_that_may_have_arrived_the_rest_is_recorded(self) -> None:
        sent = recorded(name="other", description="new")
        stored = state(recorded(), intents=(intent(Verb.UPDATE, sent, "id-crm", sends=True),))
        settled = settle(stored, [live(name="other", description="new", credentials_hash=MOVED)], NOW)
        record = settled.state.records["crm"]
        assert (record.name, record.description, record.credentials_hash) == ("other", "new", HASH)
        assert settled.resend == {"id-crm"}

    def test_an_update_of_what_is_gone_is_nothing(self) -> None:
        stored = state(recorded(), intents=(intent(Verb.UPDATE, recorded(), "id-crm", sends=True),))
        assert settle(stored, [], NOW).resend == frozenset()

    def test_a_time_without_a_zone_is_utc(self) -> None:
        assert is_ours(made(NOW, created_at="2026-11-24T12:00:00"), intent(Verb.CREATE, recorded(id="")))

    def test_a_time_of_another_zone_is_the_moment_it_names(self) -> None:
        assert is_ours(made(NOW, created_at="2026-11-24T13:30:00+01:00"), intent(Verb.CREATE, recorded(id="")))
        assert not is_ours(made(NOW, created_at="2026-11-24T12:30:00+01:00"), intent(Verb.CREATE, recorded(id="")))

    def test_what_was_created_at_the_very_moment_is_ours(self) -> None:
        create = intent(Verb.CREATE, recorded(id=""))
        assert is_ours(made(NOW), create)
        assert not is_ours(made(NOW - timedelta(milliseconds=1)), create)


def test_an_address_alone_is_a_record() -> None:
    connection = wanted("new", name="old", lifecycle=Lifecycle(renamed_from="old", prevent_destroy=True))
    change = only(decided([connection], [recorded("old")], [live("old")]))
    assert (change.action, change.fields) == (Action.RECORD, (ADDRESS, LIFECYCLE))
