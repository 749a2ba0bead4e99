"""`--only` and `--selector` at the command line: part of a stack is planned and applied, the rest is left out and said."""

from pathlib import Path

import pytest

from tests.stacks import Stack


@pytest.fixture
def three(stack: Stack) -> Stack:
    """Three connections of two teams, applied, and edited since."""
    for address, team, tier in (("a", "crm", "test"), ("b", "crm", "live"), ("c", "sales", "live")):
        stack.manifest(address, metadata={"labels": {"team": team, "tier": tier}})
    stack.apply()
    for address, team, tier in (("a", "crm", "test"), ("b", "crm", "live"), ("c", "sales", "live")):
        stack.manifest(address, metadata={"labels": {"team": team, "tier": tier}}, description="new")
    return stack


def planned(stack: Stack, *options: str, code: int = 0) -> list[str]:
    ran = stack.run("plan", "--format", "json", *options)
    assert ran.code == code, ran.all
    return [one["address"] for one in ran.json["reconciler"]["changes"]]


@pytest.mark.parametrize(
    ("options", "addresses"),
    [
        (["--only", "a"], ["a"]),
        (["--only", "a", "--only", "c"], ["a", "c"]),
        (["--only", "a,c"], ["a", "c"]),
        (["--only", "*"], ["a", "b", "c"]),
        (["--selector", "team=crm"], ["a", "b"]),
        (["--selector", "team=crm,tier!=test"], ["b"]),
        (["-l", "!nonsense"], ["a", "b", "c"]),
    ],
)
def test_what_is_selected_is_planned(three: Stack, options: list[str], addresses: list[str]) -> None:
    assert planned(three, *options) == addresses


def test_an_apply_changes_what_is_selected_alone_and_says_what_it_left_out(three: Stack) -> None:
    ran = three.run("apply", "--auto-approve", "--only", "a")
    assert (ran.code, "Skipped, because they are not selected: b, c." in " ".join(ran.out.split())) == (0, True)
    assert planned(three) == ["b", "c"]


def test_the_recorded_labels_count_for_what_is_removed(three: Stack) -> None:
    three.remove("c")
    assert planned(three, "--selector", "team=sales") == ["c"]
    assert three.run("apply", "--auto-approve", "--selector", "team=sales").code == 0
    assert three.run("state", "list").out.split() == ["a", "b"]


def test_what_is_wrong_elsewhere_does_not_stop_it(three: Stack) -> None:
    three.manifest("c", credentials={"consumerSecret": {"fromEnv": "NOT_SET"}}, description="newer")
    assert three.run("apply", "--auto-approve").code == 1
    assert three.run("apply", "--auto-approve", "--only", "a,b").code == 0


def test_but_a_manifest_that_is_invalid_does(three: Stack) -> None:
    three.write("connections/c.yaml", "kind: [")
    assert three.run("apply", "--auto-approve", "--only", "a").code == 3


def test_a_saved_plan_keeps_its_selection(three: Stack, tmp_path: Path) -> None:
    file = str(tmp_path / "plan.json")
    assert three.run("plan", "--only", "a", "--out", file).code == 0
    assert three.run("show", file, "--format", "json").json["complete"] is False
    ran = three.run("apply", file)
    assert (ran.code, "Done: 1 updated." in ran.out) == (0, True), ran.all
    assert planned(three) == ["b", "c"]


def test_a_digest_of_a_selection_is_expected_of_the_same_selection(three: Stack) -> None:
    digest = three.run("plan", "--only", "a", "--format", "json").json["reconciler"]["digest"]
    assert three.run("apply", "--expect", digest, "--auto-approve").code == 5
    assert three.run("apply", "--expect", digest, "--auto-approve", "--only", "a").code == 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--only", "a", "--selector", "team=crm"], "Give --only or --selector, not both."),
        (["--only", ","], "--only names no address."),
        (["--selector", "team in (a)"], "`team in (a)` is not a label selector"),
    ],
)
def test_what_cannot_be_a_selection_is_wrong_usage(three: Stack, options: list[str], said: str) -> None:
    ran = three.run("plan", *options)
    assert (ran.code, said in ran.err) == (1, True), ran.all


def test_a_selection_beside_a_saved_plan_is_wrong_usage(three: Stack) -> None:
    ran = three.run("apply", "plan.json", "--only", "a")
    assert (ran.code, "A saved plan has its own selection" in ran.err) == (1, True)


@pytest.mark.parametrize("options", [["--only", "nobody"], ["--selector", "team=nobody"]])
def test_a_selection_of_nothing_is_an_error(three: Stack, options: list[str]) -> None:
    ran = three.run("apply", "--auto-approve", *options)
    assert (ran.code, "error:" in ran.out) == (1, True)
    assert planned(three) == ["a", "b", "c"]
