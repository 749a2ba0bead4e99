"""What a guard counts, from which number on it stops a plan, and what lifts it."""

from dataclasses import replace

import pytest

from reconciler.model import Action, Doubt, Guards, Reason, Why
from reconciler.planning import Allowed, Basis, Change, Guarded, GuardedWhat, Kept, KeptWhy, Part, Plan, Target, apply_guards
from reconciler.planning.guards import deletes, updates
from tests.planning.world import MOVED, decided, live, recorded, wanted

ALL, DELETES, UPDATES = GuardedWhat.ALL, GuardedWhat.DELETES, GuardedWhat.UPDATES


def changes(**actions: int) -> tuple[Change, ...]:
    """So many changes of each action."""
    return tuple(Change(f"{name}-{n}", Action[name.upper()]) for name, count in actions.items() for n in range(count))


def plan(recorded: int, unchanged: int = 1, **actions: int) -> Plan:
    stays = tuple(Change(f"same-{n}", Action.NOTHING) for n in range(unchanged))
    basis = Basis("l", 1, recorded=recorded)
    return Plan(Target("test", "embedded", "org", "Acme"), basis, changes=changes(**actions), unchanged=stays)


def stops(found: Plan, guards: Guards | None = None, **allowed: int) -> list[tuple[GuardedWhat, int, int]]:
    after = apply_guards(found, guards or Guards(), Allowed(**allowed))
    assert after.applyable == (bool(found.changes) and not after.guarded)
    return [(one.what, one.number, one.limit) for one in after.guarded]


@pytest.mark.parametrize("action", ["delete", "replace", "forget", "recreate"])
def test_whatever_ends_a_connection_counts_as_a_deletion(action: str) -> None:
    assert (deletes(changes(**{action: 3})), updates(changes(**{action: 3}))) == (3, 0)


@pytest.mark.parametrize("action", ["create", "adopt", "record", "conditional"])
def test_what_ends_and_overwrites_nothing_counts_as_neither(action: str) -> None:
    assert (deletes(changes(**{action: 3})), updates(changes(**{action: 3}))) == (0, 0)


def test_updates_count_as_updates() -> None:
    assert (deletes(changes(update=3)), updates(changes(update=3))) == (0, 3)


def test_what_is_kept_or_left_out_remains() -> None:
    kept = (Kept("held", KeptWhy.HELD, Reason(Why.HELD, Doubt.WRITTEN_OUTSIDE)),)
    assert stops(replace(plan(2, 0, delete=1), kept=kept)) == []
    assert stops(replace(plan(2, 0, delete=1), part=Part(left_out=("other",)))) == []
    assert stops(replace(plan(3, 1, delete=1), kept=kept, part=Part(left_out=("other",)))) == []


def test_credentials_that_are_sent_for_the_first_time_after_an_adoption_do_not_count() -> None:
    names = [f"c{number}" for number in range(10)]
    everybody = frozenset(names)
    adopted = decided(
        [wanted(one) for one in names], [recorded(one, fingerprints=None) for one in names], [live(one) for one in names],
        reassert=everybody,
    )  # fmt: skip
    assert ([change.action for change in adopted.changes], updates(adopted.changes)) == ([Action.UPDATE] * 10, 0)
    outside = decided(
        [wanted(one) for one in names], [recorded(one) for one in names], [live(one, credentials_hash=MOVED) for one in names],
        reassert=everybody,
    )  # fmt: skip
    assert updates(outside.changes) == 10
    described = decided(
        [wanted(one, description="new") for one in names], [recorded(one, fingerprints=None) for one in names],
        [live(one) for one in names], reassert=everybody,
    )  # fmt: skip
    assert updates(described.changes) == 10


@pytest.mark.parametrize(
    ("recorded", "most"), [(1, 1), (2, 1), (3, 1), (6, 1), (7, 2), (9, 2), (10, 3), (100, 30), (101, 30), (1000, 300)]
)
def test_as_many_may_end_as_a_third_of_the_records_and_always_one(recorded: int, most: int) -> None:
    assert stops(plan(recorded, delete=most)) == []
    assert stops(plan(recorded, delete=most + 1)) == [(DELETES, most + 1, most)]


def test_all_kinds_of_ends_are_counted_together() -> None:
    assert stops(plan(10, delete=1, replace=1, forget=1, recreate=1)) == [(DELETES, 4, 3)]


@pytest.mark.parametrize("action", ["delete", "forget"])
def test_the_last_connection_is_not_let_go_by_itself(action: str) -> None:
    assert stops(plan(1, 0, **{action: 1})) == [(ALL, 1, 0)]


def test_something_that_stays_or_comes_is_something_that_remains() -> None:
    assert stops(plan(1, 0, delete=1, create=1)) == []
    assert stops(plan(1, 0, replace=1)) == []
    assert stops(plan(1, 0, recreate=1)) == []
    kept = (Kept("held", KeptWhy.PROTECTED, Reason(Why.PROTECTED_AND_REMOVED)),)
    assert apply_guards(replace(plan(2, 0, delete=1), kept=kept), Guards(), Allowed()).guarded == ()


@pytest.mark.parametrize(("recorded", "most"), [(10, 3), (13, 3), (14, 4), (100, 30)])
def test_as_many_may_be_updated_as_a_third_from_ten_on(recorded: int, most: int) -> None:
    assert stops(plan(recorded, update=most)) == []
    assert stops(plan(recorded, update=most + 1)) == [(UPDATES, most + 1, most)]


def test_below_ten_records_all_may_be_updated() -> None:
    assert stops(plan(9, 0, update=9)) == []


def test_both_guards_can_stop_a_plan_and_each_is_lifted_by_its_own_number_alone() -> None:
    found = plan(10, delete=5, update=5)
    assert stops(found) == [(DELETES, 5, 3), (UPDATES, 5, 3)]
    assert stops(found, deletes=5) == [(UPDATES, 5, 3)]
    assert stops(found, updates=5) == [(DELETES, 5, 3)]
    assert stops(found, deletes=5, updates=5) == []


@pytest.mark.parametrize("named", [0, 4, 6, 1000])
def test_another_number_than_the_plan_s_lifts_nothing_and_is_told(named: int) -> None:
    after = apply_guards(plan(10, delete=5), Guards(), Allowed(deletes=named))
    assert after.guarded == (Guarded(DELETES, 5, 10, 3, named),)


def test_a_number_that_is_not_needed_changes_nothing() -> None:
    assert stops(plan(10, delete=1), deletes=7, updates=7) == []
    assert apply_guards(plan(10), Guards(), Allowed(3, 3)) == plan(10)


def test_the_last_connection_goes_when_its_number_is_named() -> None:
    assert stops(plan(1, 0, delete=1), deletes=1) == []


def test_the_percentages_are_the_settings_ones() -> None:
    assert stops(plan(10, delete=2), Guards(max_delete_percent=0)) == [(DELETES, 2, 1)]
    assert stops(plan(10, delete=10), Guards(max_delete_percent=100)) == []
    assert stops(plan(10, update=1), Guards(max_update_percent=0)) == [(UPDATES, 1, 0)]
