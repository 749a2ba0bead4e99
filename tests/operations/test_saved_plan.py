"""What a saved plan still approves is decided by values alone: the plan that was saved, the plan of now, and the time."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reconciler import planning
from reconciler.model import Stop, Stopped
from reconciler.operations.saved_plan import SavedPlan, approved_part, why_stale
from reconciler.planning import Basis, Choices, Plan, Target

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
TARGET = Target("crm", "https://infisical.example", "org-1")
PLAN = Plan(TARGET, Basis(lineage="a"))


def saved(plan: Plan) -> SavedPlan:
    return SavedPlan(plan, Path("plan.json"))


def test_a_plan_that_is_decided_the_same_is_approved() -> None:
    assert why_stale(saved(PLAN), PLAN, NOW) == ()
    assert approved_part(PLAN, None, saved(PLAN), NOW).changes == PLAN.changes


def test_a_state_that_is_new_on_either_side_is_no_other_one() -> None:
    unborn = Plan(TARGET)

    assert why_stale(saved(unborn), PLAN, NOW) == ()
    assert why_stale(saved(PLAN), unborn, NOW) == ()


@pytest.mark.parametrize(
    ("then", "now", "said"),
    [
        (replace(PLAN, basis=Basis(base="main")), PLAN, "made offline"),
        (replace(PLAN, choices=Choices(destroy=True)), PLAN, "is for `destroy`, and this is `apply`"),
        (PLAN, replace(PLAN, choices=Choices(destroy=True)), "is for `apply`, and this is `destroy`"),
        (PLAN, replace(PLAN, choices=Choices(adopt_all=True)), "made without --adopt-all"),
        (PLAN, replace(PLAN, choices=Choices(accept=frozenset({"b"}), reassert=frozenset({"a"}))), "credentials of `a`, `b`"),
        (PLAN, replace(PLAN, target=replace(TARGET, organisation_id="org-2")), "is for another Infisical"),
        (PLAN, replace(PLAN, target=replace(TARGET, url="https://other.example")), "is for another Infisical"),
        (PLAN, replace(PLAN, basis=Basis(lineage="b")), "is for another state"),
        (replace(PLAN, expires_at="2026-11-25T12:00:00+00:00"), PLAN, "has expired"),
    ],
)
def test_one_that_was_made_for_something_else_is_stale(then: Plan, now: Plan, said: str) -> None:
    (problem,) = why_stale(saved(then), now, NOW)

    assert said in problem.summary
    with pytest.raises(Stopped) as stopped:
        approved_part(now, None, saved(then), NOW)
    assert (stopped.value.reason, stopped.value.diagnostics) == (Stop.STALE, (problem,))


def test_until_it_expires_it_is_approved() -> None:
    assert why_stale(saved(replace(PLAN, expires_at="2026-11-25T12:00:01+00:00")), PLAN, NOW) == ()


def test_choices_of_the_saved_plan_need_not_be_made_again() -> None:
    chosen = replace(PLAN, choices=Choices(accept=frozenset({"a"}), adopt_all=True))

    assert why_stale(saved(chosen), PLAN, NOW) == ()


def test_another_digest_than_the_expected_one_is_stale() -> None:
    digest = planning.digest(PLAN)

    assert approved_part(PLAN, digest, None, NOW) is PLAN
    with pytest.raises(Stopped) as stopped:
        approved_part(PLAN, "0" * 64, None, NOW)
    assert stopped.value.reason is Stop.STALE
