"""The two identities of the docs are exactly enough: with one of their permissions taken away, something is refused."""

import json
import subprocess
import time
import uuid
from pathlib import Path

import pytest

from reconciler import embedded
from reconciler.embedded.infisical import Membership, Permissions, TokenRules
from reconciler.embedded.testing import revoke_tokens
from tests.serving import Server, serve
from tests.stacks import Stack, write_orgs

PLAN = frozenset({"read"})
APPLY = frozenset({"read", "create", "edit", "delete"})


def identity(server: Server, permissions: Permissions, rules: TokenRules | None = None) -> dict[str, str]:
    """Make an identity; give what it logs in with."""
    made = embedded.create_identity(server.database, uuid.uuid4().hex, permissions, rules or TokenRules())
    return {
        "INFISICAL_UNIVERSAL_AUTH_CLIENT_ID": made.client_id,
        "INFISICAL_UNIVERSAL_AUTH_CLIENT_SECRET": made.client_secret,
        "RECONCILER_SALESFORCE_ENDPOINT": server.salesforce_url,
    }


def may(actions: frozenset[str]) -> Permissions:
    """Those actions on app connections in the organisation and as a member of the project, and nothing on secrets."""
    return Permissions(actions, {"crm": Membership(actions, frozenset())})


@pytest.fixture
def stack(tmp_path: Path, server: Server) -> Stack:
    """A stack whose next plan has a create, an update, a replace and a deletion, in the organisation and in a project."""
    stack = Stack.at(tmp_path / "stack", server.url, server.environ)
    for address in ("edited", "moved", "removed"):
        stack.manifest(address, project="crm")
    for address in ("same-1", "same-2", "same-3"):  # enough that one replace and one deletion are not too much at once
        stack.manifest(address)
    stack.manifest("here", description="one")
    stack.apply()
    stack.manifest("created", project="crm", description="a new one")
    stack.manifest("edited", project="crm", description="two")
    stack.manifest("moved")
    stack.manifest("here", description="two")
    stack.remove("removed")
    return stack


def test_the_identity_for_plans_is_enough_for_plans(stack: Stack, server: Server) -> None:
    stack.environ |= identity(server, may(PLAN))

    planned = stack.run("plan", "--detailed-exitcode")

    assert planned.code == 2, planned.all
    assert "Plan: 1 to create, 2 to update, 1 to replace, 1 to delete." in planned.out
    assert stack.run("login", "--check").code == 0


def test_without_reading_there_is_no_plan_and_it_is_said_why(stack: Stack, server: Server) -> None:
    stack.environ |= identity(server, may(frozenset()))

    planned = stack.run("plan")

    assert planned.code == 1
    assert "You are not allowed to read on app-connections" in planned.err
    assert "plan needs read" in " ".join(planned.err.split())
    assert stack.run("login", "--check").code == 1


def test_without_being_a_member_of_the_project_its_connections_do_not_count_as_gone(stack: Stack, server: Server) -> None:
    stack.environ |= identity(server, Permissions(PLAN, {}))

    planned = stack.run("plan")

    assert planned.code == 1
    assert "Could not read the recorded connection" in planned.err


def test_the_identity_for_applies_is_enough_for_applies(stack: Stack, server: Server) -> None:
    stack.environ |= identity(server, may(APPLY))

    assert stack.run("login", "--check", "--for", "apply").code == 0
    stack.apply()

    assert stack.run("plan", "--detailed-exitcode").code == 0


@pytest.mark.parametrize("action", sorted(APPLY - PLAN))
def test_without_one_of_its_permissions_the_rest_is_done_and_the_refusal_is_said(
    stack: Stack, server: Server, action: str
) -> None:
    stack.environ |= identity(server, may(APPLY - {action}))

    applied = stack.run("apply", "--auto-approve")
    again = stack.run("plan", "--detailed-exitcode", **server.environ)

    assert applied.code == 7, applied.all
    assert f"You are not allowed to {action} on app-connections" in " ".join(applied.all.split())
    assert again.code == 2, again.all
    checked = stack.run("login", "--check", "--for", "apply")
    assert (checked.code == 1) == (action == "create"), checked.all


def test_the_identity_for_plans_changes_nothing_when_it_applies(stack: Stack, server: Server) -> None:
    before = server.connections()
    stack.environ |= identity(server, may(PLAN))

    applied = stack.run("apply", "--auto-approve")

    assert applied.code == 1, applied.all
    assert server.connections() == before


def test_a_run_whose_token_ends_midway_gets_another_and_goes_on(tmp_path: Path) -> None:
    write_orgs(tmp_path / "orgs.yaml", delayMs=30)
    with serve(tmp_path, tmp_path / "orgs.yaml") as server:
        stack = Stack.at(tmp_path / "stack", server.url, server.environ)
        for number in range(150):
            stack.manifest(f"c{number:03}")
        log = tmp_path / "calls"

        process = stack.popen("apply", "--auto-approve", "--log-http", str(log), stdout=subprocess.DEVNULL)
        while len(server.connections()) < 20 and process.poll() is None:
            time.sleep(0.02)
        revoke_tokens(server.database)

        _, said = process.communicate(timeout=60)
        assert (process.returncode, said) == (0, "")
        assert len(server.connections()) == 150
        calls = [json.loads(line) for line in log.read_text().splitlines()]
    assert [one["path"] for one in calls].count("/api/v1/auth/universal-auth/login") == 2
    assert any(one["status"] == 401 for one in calls)


def test_a_token_with_a_limit_of_uses_is_named_as_such(tmp_path: Path, server: Server) -> None:
    stack = Stack.at(tmp_path / "stack", server.url, identity(server, Permissions(), TokenRules(uses_limit=1)))
    stack.manifest("crm")

    planned = stack.run("plan")

    assert planned.code == 1
    assert "the access token has a limit of uses, and every call counts" in " ".join(planned.err.split())
