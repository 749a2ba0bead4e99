"""Guards at the command line: the whole plan is shown, nothing is written, exit code 4, and its own number lets it through."""

from pathlib import Path

import pytest

from tests.stacks import Stack

ADDRESSES = [f"c{number}" for number in range(10)]


@pytest.fixture
def ten(stack: Stack) -> Stack:
    """Ten connections, applied."""
    for address in ADDRESSES:
        stack.manifest(address, description="as it was")
    stack.apply()
    return stack


def listed(stack: Stack) -> list[str]:
    return stack.run("state", "list").out.split()


def test_too_many_deletions_are_shown_and_not_made(ten: Stack) -> None:
    for address in ADDRESSES[:4]:
        ten.remove(address)
    for command in ("plan", "plan --detailed-exitcode", "apply --auto-approve", "apply --auto-approve --allow-deletes 3"):
        ran = ten.run(*command.split())
        assert ran.code == 4, command
        assert "Plan: 0 to create, 0 to update, 0 to replace, 4 to delete." in ran.out
        assert "! this plan deletes, replaces, forgets or re-creates 4 of 10 recorded" in ran.out
        assert "use --allow-deletes 4" in " ".join(ran.out.split())
    assert listed(ten) == ADDRESSES
    assert "read the plan again: its number is not 3" in " ".join(ran.out.split())
    done = ten.run("apply", "--auto-approve", "--allow-deletes", "4")
    assert (done.code, listed(ten)) == (0, ADDRESSES[4:])


def test_json_names_the_guard_and_is_not_applyable(ten: Stack) -> None:
    for address in ADDRESSES[:4]:
        ten.remove(address)
    found = ten.run("plan", "--format", "json").json
    (guard,) = found["reconciler"]["guarded"]
    assert (found["applyable"], found["complete"], found["errored"]) == (False, True, False)
    assert (guard["what"], guard["number"], guard["recorded"], guard["limit"]) == ("deletes", 4, 10, 3)


def test_too_many_updates(ten: Stack) -> None:
    for address in ADDRESSES[:4]:
        ten.manifest(address, description="new")
    ran = ten.run("apply", "--auto-approve")
    assert (ran.code, "this plan updates 4 of 10 recorded connections" in " ".join(ran.out.split())) == (4, True)
    assert ten.run("apply", "--auto-approve", "--allow-updates", "4").code == 0


def test_credentials_that_changed_at_the_source_count_once_their_values_are_read(ten: Stack) -> None:
    """A plan without values cannot count them; the apply reads all values first, and is stopped before its first write."""
    planned = ten.run("plan", CRM_SECRET="")
    assert planned.code == 0
    assert "10 to compare at apply" in " ".join(planned.out.split())
    ten.orgs({"acme.my.salesforce.com": "rotated-secret-0001"})
    before = ten.state()
    ran = ten.run("apply", "--auto-approve", CRM_SECRET="rotated-secret-0001")
    assert (ran.code, "this plan updates 10 of 10 recorded connections" in " ".join(ran.out.split())) == (4, True)
    assert ten.state() == before
    assert ten.run("apply", "--auto-approve", "--allow-updates", "10", CRM_SECRET="rotated-secret-0001").code == 0


def test_the_last_connection_is_not_deleted_by_an_empty_directory(stack: Stack) -> None:
    stack.manifest("crm")
    stack.apply()
    stack.remove("crm")
    stack.write("connections/none.yaml", "# nothing is wanted\n")
    ran = stack.run("apply", "--auto-approve")
    assert (ran.code, "the stack would manage nothing" in " ".join(ran.out.split())) == (4, True)
    assert stack.run("apply", "--auto-approve", "--allow-deletes", "1").code == 0
    assert listed(stack) == []


def test_an_invalid_manifest_deletes_nothing(ten: Stack) -> None:
    ten.write("connections/c0.yaml", "kind: [")
    assert ten.run("apply", "--auto-approve", "--allow-deletes", "1").code == 3
    assert listed(ten) == ADDRESSES


def test_a_saved_plan_is_guarded_by_what_it_has(ten: Stack, tmp_path: Path) -> None:
    for address in ADDRESSES[:4]:
        ten.remove(address)
    file = str(tmp_path / "plan.json")
    assert ten.run("plan", "--out", file).code == 4
    shown = ten.run("show", file)
    assert "! this plan deletes, replaces, forgets or re-creates 4 of 10 recorded" in shown.out
    assert ten.run("apply", file).code == 4
    assert listed(ten) == ADDRESSES
    assert ten.run("apply", file, "--allow-deletes", "4").code == 0


def test_no_guard_arms_a_write(ten: Stack) -> None:
    ran = ten.run("apply", "--auto-approve", "--allow-deletes", "4", "--allow-updates", "4")
    assert (ran.code, "No changes." in ran.out) == (0, True)
    ten.remove("c0")
    ran = ten.run("apply", "--allow-deletes", "1")
    assert (ran.code, "Not applied: there is no terminal to ask at." in ran.err) == (4, True)


def test_limits_are_the_settings_and_a_trusted_configuration_decides_them(ten: Stack, tmp_path: Path) -> None:
    base = {"infisical": {"url": "embedded"}, "embedded": {"projects": ["crm", "sales"], "salesforceOrgs": "orgs.yaml"}}
    ten.configure(**base, guards={"maxDeletePercent": 100})
    for address in ADDRESSES[:4]:
        ten.remove(address)
    assert ten.run("plan").code == 0
    pinned = Stack(tmp_path / "pinned")
    pinned.configure(**base, guards={"maxDeletePercent": 10})
    ran = ten.run("plan", RECONCILER_TRUSTED_CONFIG=str(pinned.folder / "reconciler.yaml"))
    assert (ran.code, "One run may do this to at most 1" in " ".join(ran.out.split())) == (4, True)
