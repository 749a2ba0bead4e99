"""The rows of a plan to destroy: everything recorded goes, but for what is protected."""

import pytest

from reconciler.model import ORGANISATION, Action, Guards, Lifecycle, OnRemoval, Reason, Superseded, Why
from reconciler.planning import Allowed, GuardedWhat, KeptWhy, apply_guards
from tests.planning.world import decided, live, only, plan_of, recorded, wanted

PROTECTED = Lifecycle(prevent_destroy=True)
RETAINED = Lifecycle(on_removal=OnRemoval.RETAIN)


def test_what_is_recorded_is_deleted_whether_or_not_its_manifest_is_there() -> None:
    found = decided([wanted("a")], [recorded("a"), recorded("b")], [live("a"), live("b")], destroy=True)
    assert [(one.key, one.action) for one in found.changes] == [("a", Action.DELETE), ("b", Action.DELETE)]
    assert found.changes[0].location == wanted("a").location


def test_what_is_only_wanted_and_what_is_unmanaged_is_left_alone() -> None:
    found = decided([wanted("new")], [], [live("theirs")], destroy=True)
    assert (found.changes, found.unchanged, found.diagnostics, found.unmanaged) == ([], [], [], 1)


@pytest.mark.parametrize(("manifest", "record"), [(PROTECTED, Lifecycle()), (Lifecycle(), PROTECTED), (PROTECTED, PROTECTED)])
def test_a_protection_in_the_record_or_only_in_the_manifest_keeps_it(manifest: Lifecycle, record: Lifecycle) -> None:
    found = decided([wanted(lifecycle=manifest)], [recorded(lifecycle=record)], [live()], destroy=True)
    assert (found.changes, [one.why for one in found.kept]) == ([], [KeptWhy.PROTECTED])


@pytest.mark.parametrize(("manifest", "record"), [(RETAINED, Lifecycle()), (Lifecycle(), RETAINED)])
def test_retain_in_the_record_or_only_in_the_manifest_forgets_it(manifest: Lifecycle, record: Lifecycle) -> None:
    change = only(decided([wanted(lifecycle=manifest)], [recorded(lifecycle=record)], [live()], destroy=True))
    assert (change.action, change.reason) == (Action.FORGET, Reason(Why.DESTROYED_AND_RETAINED))


def test_what_was_deleted_outside_is_forgotten() -> None:
    change = only(decided([wanted()], [recorded()], [], destroy=True))
    assert (change.action, change.reason) == (Action.FORGET, Reason(Why.DELETED_OUTSIDE))


def test_what_a_replace_left_behind_goes_too() -> None:
    left = Superseded("crm", "old-id", ORGANISATION, "crm")
    found = decided([], [], [live(id="old-id")], superseded=[left], destroy=True)
    assert [(one.action, one.id) for one in found.changes] == [(Action.DELETE, "old-id")]


def test_the_guard_wants_its_number() -> None:
    names = [f"c{number}" for number in range(4)]
    plan = plan_of(decided([], [recorded(one) for one in names], [live(one) for one in names], destroy=True), recorded=4)
    (stopped,) = apply_guards(plan, Guards(), Allowed()).guarded
    assert (stopped.what, stopped.number) == (GuardedWhat.DELETES, 4)
    assert apply_guards(plan, Guards(), Allowed(deletes=4)).guarded == ()
