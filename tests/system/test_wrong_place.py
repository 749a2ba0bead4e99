"""What cannot be the place that the state was made at stops a run before anything is planned, the likely cause first."""

import uuid
from pathlib import Path

import pytest

from reconciler import embedded
from reconciler.embedded import testing
from reconciler.embedded.infisical import Membership, Permissions
from tests.serving import Server
from tests.stacks import Ran, Stack
from tests.system.between import LIST, between, without

NAMES = [f"c{number}" for number in range(8)]
COMMANDS = ("plan", "apply --auto-approve", "drift")


@pytest.fixture
def stack(tmp_path: Path, server: Server) -> Stack:
    """Eight connections, applied: seven in a project, one in the organisation."""
    stack = Stack.at(tmp_path / "stack", server.url, server.environ)
    for name in NAMES[:-1]:
        stack.manifest(name, project="crm")
    stack.manifest(NAMES[-1])
    stack.apply()
    return stack


def stopped(stack: Stack, command: str, *, code: int = 1) -> str:
    """Run a command that must stop, and give all it said on one line; the state is as it was."""
    before = (stack.folder / ".reconciler/state.json").read_bytes()
    ran = stack.run(*command.split())
    assert ran.code == code, ran.all
    assert (stack.folder / ".reconciler/state.json").read_bytes() == before
    return " ".join(ran.all.split())


def log_in(server: Server, permissions: Permissions) -> dict[str, str]:
    made = embedded.create_identity(server.database, uuid.uuid4().hex, permissions)
    return {
        "INFISICAL_UNIVERSAL_AUTH_CLIENT_ID": made.client_id,
        "INFISICAL_UNIVERSAL_AUTH_CLIENT_SECRET": made.client_secret,
    }


@pytest.mark.parametrize("command", COMMANDS)
def test_an_empty_list_names_the_permission_first(stack: Stack, server: Server, command: str) -> None:
    def empty(path: str, answer: object) -> object:
        return {"appConnections": []} if path == LIST else answer

    with between(server.url, empty) as url:
        stack.configure(infisical={"url": url})
        said = stopped(stack, command)
    assert (
        "error: Infisical's list is empty: this identity may no longer read app connections, or this is another Infisical."
        in said
    )
    assert "8 of 8 recorded connections are not in Infisical's list. Deletions alone rarely explain so many" in said
    assert "use --confirm-missing 8:" in said


def test_a_number_confirmed_goes_on_but_only_a_404_says_gone(stack: Stack, server: Server) -> None:
    with between(server.url, without(*NAMES)) as url:
        stack.configure(infisical={"url": url})
        assert "--confirm-missing names another number, 7" in stopped(stack, "plan --confirm-missing 7")
        said = stopped(stack, "plan --confirm-missing 8")
    assert said.count("Infisical's list lacks") == 8, "each of them still answers by its id"


@pytest.mark.parametrize("command", COMMANDS)
def test_a_list_that_is_not_whole_is_not_planned_with(stack: Stack, server: Server, command: str) -> None:
    with between(server.url, without("c3")) as url:
        stack.configure(infisical={"url": url})
        said = stopped(stack, command)
    assert "error: Infisical's list lacks `c3`, but Infisical has this connection: its id is" in said
    assert "The list is not complete, so there is no plan" in said


def test_a_lost_permission_on_one_connection_stops_and_keeps_its_record(stack: Stack, server: Server) -> None:
    hidden = frozenset({stack.state()["records"]["c0"]["id"]})
    stack.environ |= log_in(server, Permissions(hidden=hidden))
    said = stopped(stack, "apply --auto-approve")
    assert "You are not allowed to read on app-connections" in said
    assert f"Could not read the recorded connection {next(iter(hidden))}." in said


def test_a_lost_membership_names_the_project_first(stack: Stack, server: Server) -> None:
    everything = frozenset({"read", "create", "edit", "delete"})
    stack.environ |= log_in(server, Permissions(everything, {"other": Membership()}))
    said = stopped(stack, "plan")
    assert "error: The project `crm` is gone, or this identity may no longer see it." in said
    assert "7 of 8 recorded connections are not in Infisical's list." in said


def test_really_deleted_ones_are_planned_once_their_number_is_confirmed(stack: Stack, server: Server) -> None:
    with server.client() as client:
        for address, record in stack.state()["records"].items():
            if address != "c0":
                client.delete(f"/app-connections/salesforce/{record['id']}").raise_for_status()
    assert "This identity may no longer read all app connections" in stopped(stack, "plan")
    ran = stack.run("plan", "--confirm-missing", "7", "--allow-deletes", "7")
    assert (ran.code, "Plan: 7 to create" in ran.out) == (0, True), ran.all
    assert stack.run("plan", "--confirm-missing", "7").code == 4, "the guard wants its own number: re-creations count"


def gone(server: Server) -> None:
    """Delete the project as its administrators would, with what is in it."""
    with server.client() as client:
        project = next(one for one in client.get("/projects").json()["projects"] if one["slug"] == "crm")
        client.delete(f"/projects/{project['id']}").raise_for_status()


def test_a_project_that_is_gone_is_named_when_infisical_cannot_list_because_of_it(stack: Stack, server: Server) -> None:
    gone(server)
    said = stopped(stack, "plan")
    assert "error: The project `crm` is gone, and since then Infisical cannot list connections." in said
    assert "7 of the recorded connections belonged to it." in said
    assert said.count("error:") == 1


def planned_without_the_project(stack: Stack, server: Server, *options: str) -> Ran:
    gone(server)
    testing.mend_lists(server.database)
    for name in NAMES[:-1]:
        stack.remove(name)
    return stack.run("plan", "--confirm-missing", "7", *options)


def test_a_project_that_is_gone_is_said_once_not_as_so_many_deletions(stack: Stack, server: Server) -> None:
    ran = planned_without_the_project(stack, server, "--allow-deletes", "7")
    said = " ".join(ran.out.split())
    assert ran.code == 0, ran.all
    assert "project crm: deleted, together with c0, c1, c2, c3, c4, c5, c6" in said
    assert (said.count("deleted, together with"), said.count(": deleted [id=")) == (1, 0)
    assert "0 to delete, 7 to forget" in said
    drift = stack.run("drift", "--confirm-missing", "7")
    assert (drift.code, drift.out.count("deleted, together with"), drift.out.count("deleted [id=")) == (2, 1, 0), drift.all


def test_its_guard_counts_them_all_the_same(stack: Stack, server: Server) -> None:
    assert planned_without_the_project(stack, server).code == 4


def test_manifests_that_still_want_it_get_one_error(stack: Stack, server: Server) -> None:
    gone(server)
    testing.mend_lists(server.database)
    said = stopped(stack, "plan --confirm-missing 7")
    assert said.count("error:") == 1
    assert "There is no project `crm` that this identity may see." in said
    assert "6 more manifests name it." in said
