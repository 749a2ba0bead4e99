"""When every hash moved and nothing else did, the plan says what that looks like."""

from typing import Any

from reconciler.planning.decide import Decisions
from tests.planning.world import MOVED, decided, live, recorded, wanted

NAMES = ("a", "b", "c")


def plan(**present: dict[str, Any]) -> Decisions:
    """Three connections, applied; `present` is what of each is otherwise now."""
    there = [live(one, **present.get(one, {})) for one in NAMES]
    return decided([wanted(one) for one in NAMES], [recorded(one) for one in NAMES], there)


def said(decisions: Decisions) -> list[str]:
    return [one.summary for one in decisions.diagnostics]


def test_all_hashes_moved_and_nothing_else() -> None:
    found = plan(**{one: {"credentials_hash": MOVED} for one in NAMES})
    assert said(found) == [
        "The credentials hashes of all 3 connections changed, and nothing else did. The server probably encrypted them again."
    ]
    assert len(found.kept) == len(NAMES), "it is held all the same: nobody can tell for certain"


def test_one_that_stayed_tells_against_it() -> None:
    assert said(plan(a={"credentials_hash": MOVED}, b={"credentials_hash": MOVED})) == []


def test_anything_else_that_moved_tells_against_it() -> None:
    moved = {one: {"credentials_hash": MOVED} for one in NAMES}
    assert said(plan(**moved | {"a": {"credentials_hash": MOVED, "description": "by hand"}})) == []


def test_a_single_connection_is_more_likely_somebody_s_hand() -> None:
    found = decided([wanted()], [recorded()], [live(credentials_hash=MOVED)])
    assert said(found) == []


def test_what_an_interrupted_apply_sent_says_nothing_of_the_server() -> None:
    there = [live(one, credentials_hash=MOVED) for one in NAMES]
    ids = frozenset(one.id for one in there[:2])
    found = decided([wanted(one) for one in NAMES], [recorded(one) for one in NAMES], there, resend=ids)
    assert said(found) == []
