"""`destroy` at the command line."""

from pathlib import Path

import pytest

from tests.stacks import Stack


@pytest.fixture
def two(stack: Stack) -> Stack:
    """Two connections, applied."""
    for address in ("a", "b"):
        stack.manifest(address)
    stack.apply()
    return stack


def recorded(stack: Stack) -> list[str]:
    return stack.run("state", "list").out.split()


def test_it_wants_approval_and_the_number_and_then_deletes_everything(two: Stack) -> None:
    for options in ([], ["--auto-approve"], ["--allow-deletes", "2"], ["--auto-approve", "--allow-deletes", "1"]):
        assert two.run("destroy", *options).code == 4, options
    assert recorded(two) == ["a", "b"]
    ran = two.run("destroy", "--auto-approve", "--allow-deletes", "2")
    assert (ran.code, "Plan to destroy test" in ran.out, "Done: 2 deleted." in ran.out) == (0, True, True)
    assert recorded(two) == []
    assert "Nothing to destroy." in two.run("destroy").out
    assert [one["action"] for one in two.run("plan", "--format", "json").json["reconciler"]["changes"]] == ["create"] * 2


def test_the_projects_that_manifests_name_need_not_be_there(stack: Stack) -> None:
    stack.manifest("a", project="crm")
    stack.apply()
    stack.manifest("b", project="nowhere")

    ran = stack.run("destroy", "--auto-approve", "--allow-deletes", "1")

    assert (ran.code, "Done: 1 deleted." in ran.out) == (0, True), ran.all
    assert recorded(stack) == []


def test_one_address(two: Stack) -> None:
    assert two.run("destroy", "--auto-approve", "--only", "a").code == 0
    assert recorded(two) == ["b"]


def test_what_is_protected_stays_although_no_apply_has_recorded_it_yet(two: Stack) -> None:
    two.manifest("a", lifecycle={"preventDestroy": True})
    ran = two.run("destroy", "--auto-approve", "--allow-deletes", "1")
    assert (ran.code, "! a (connections/a.yaml:4:9): it is protected" in ran.out) == (4, True)
    assert recorded(two) == ["a"]


def test_a_saved_plan_of_it_is_only_taken_by_destroy_and_the_other_way_round(two: Stack, tmp_path: Path) -> None:
    file = str(tmp_path / "plan.json")
    assert two.run("plan", "--destroy", "--out", file, "--allow-deletes", "2").code == 0
    refused = two.run("apply", file)
    assert (refused.code, f"reconciler destroy {file}" in " ".join(refused.err.split())) == (5, True), refused.all
    usual = str(tmp_path / "usual.json")
    assert two.run("plan", "--out", usual).code == 0
    refused = two.run("destroy", usual)
    assert (refused.code, "The saved plan is for `apply`" in refused.err) == (5, True)
    assert recorded(two) == ["a", "b"]
    assert two.run("destroy", file, "--allow-deletes", "2").code == 0
    assert recorded(two) == []


def test_no_value_is_needed(two: Stack) -> None:
    ran = two.run("destroy", "--auto-approve", "--allow-deletes", "2", CRM_KEY="", CRM_SECRET="")
    assert (ran.code, recorded(two)) == (0, [])


def test_a_manifest_that_is_invalid_destroys_nothing(two: Stack) -> None:
    two.write("connections/a.yaml", "kind: [")
    assert two.run("destroy", "--auto-approve", "--allow-deletes", "2").code == 3
    assert recorded(two) == ["a", "b"]
