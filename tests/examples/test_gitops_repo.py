"""The life of `examples/gitops-repo`, commit by commit, through the real command line."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.embedded import testing
from tests.examples.team import EXAMPLE, STACKS, Team, changes, kept
from tests.serving import Server, serve
from tests.stacks import Ran

CHANGES, NOTHING, LEFT = 2, 0, 4
FORTY = 40
HOST = "acme.my.salesforce.com"


@pytest.fixture
def team(tmp_path: Path) -> Team:
    return Team.at(tmp_path / "repository")


def manifests(stack: str) -> list[dict[str, Any]]:
    return [yaml.safe_load(file.read_text()) for file in sorted((EXAMPLE / stack / "connections").rglob("*.yaml"))]


def ids(team: Team, stack: str) -> dict[str, str]:
    state = json.loads((team.folder / stack / ".reconciler" / "state.json").read_text())
    return {address: record["id"] for address, record in state["records"].items()}


def planned(team: Team, stack: str) -> tuple[int, dict[str, str], dict[str, str]]:
    """The exit code of a plan, what it changes and what it leaves."""
    ran = team.stack(stack).run("plan", "--detailed-exitcode", "--format", "json")
    assert ran.code in {CHANGES, NOTHING, LEFT}, ran.all
    return ran.code, changes(ran.json), kept(ran.json)


def applied(team: Team, stack: str, *options: str, code: int = 0) -> Ran:
    ran = team.stack(stack).run("apply", "--auto-approve", *options)
    assert ran.code == code, ran.all
    return ran


def merged(team: Team, message: str, **expected: dict[str, str]) -> None:
    """Commit; for each stack named, the plan is exactly this, the apply does it, and nothing is left to do."""
    team.commit(message)
    for stack, actions in expected.items():
        assert planned(team, stack) == (CHANGES, actions, {}), f"{message}: {stack}"
        applied(team, stack)
        assert planned(team, stack) == (NOTHING, {}, {}), f"{message}: {stack}"


class TestAsItStands:
    def test_there_are_three_stacks_of_twelve_connections_and_all_are_valid(self, team: Team) -> None:
        assert {file.parent.name for file in EXAMPLE.rglob("reconciler.yaml")} == set(STACKS)
        for stack, count in zip(STACKS, (4, 5, 3), strict=True):
            ran = team.stack(stack).run("validate")
            assert (ran.code, f"{count} connections" in ran.out) == (0, True), ran.all

    def test_what_is_shared_is_the_organisation_s_and_the_rest_is_in_projects(self) -> None:
        scopes = {stack: {one["spec"].get("project") for one in manifests(stack)} for stack in STACKS}
        assert scopes == {"staging": {"sales", "support"}, "production": {"sales", "support"}, "shared": {None}}

    def test_what_has_a_lifecycle_is_where_its_owners_review_it(self) -> None:
        with_lifecycle = {
            file.parent.name for file in EXAMPLE.glob("*/connections/**/*.yaml") if "lifecycle" in file.read_text()
        }
        assert with_lifecycle == {"guarded"}
        assert "\nguarded/ " in (EXAMPLE / ".github" / "CODEOWNERS").read_text()

    def test_what_its_runs_leave_is_ignored(self, team: Team) -> None:
        applied(team, "shared")
        assert team.stack("shared").run("plan", "--out", "../plan-shared.json").code == 0
        assert team.repository.git("status", "--porcelain") == ""


def test_ten_commits_of_a_team_s_life(team: Team) -> None:
    for stack, count in zip(STACKS, (4, 5, 3), strict=True):
        assert f"Done: {count} created." in applied(team, stack).out
    first = {stack: ids(team, stack) for stack in STACKS}

    add(team)
    edit(team)
    rotate(team)
    rename(team)
    move(team)
    protect(team)
    remove(team)
    drift(team)
    take_over(team)
    end_much(team)

    last = {stack: ids(team, stack) for stack in STACKS}
    assert last["shared"] == first["shared"]
    assert last["production"] == {
        address: one for address, one in first["production"].items() if address != "partner-production"
    }
    assert last["staging"].pop("service-staging") == first["staging"].pop("support-staging")
    assert last["staging"].pop("quotes-staging") != first["staging"].pop("quotes-staging")
    assert last["staging"] == first["staging"]


def add(team: Team) -> None:
    text = (team.folder / "production/connections/support/support-production.yaml").read_text()
    chat = text.replace("support-production", "chat-production").replace("Service Cloud", "Chat")
    (team.folder / "production/connections/support/chat-production.yaml").write_text(chat)
    merged(team, "add", production={"chat-production": "create"})


def edit(team: Team) -> None:
    """A description, and a `credentials.version`: credentials are sent again although no value differs."""
    team.edit("production/connections/sales/quotes-production.yaml", "description: Quotes", "description: Quotes and orders")
    team.edit("production/connections/support/support-production.yaml", "2026-11", "2027-02")
    merged(team, "edit", production={"quotes-production": "update", "support-production": "update"})


def rotate(team: Team) -> None:
    """A value changes at its source: only Salesforce and the secret store know, and a file of the simulation."""
    team.environ["STAGING_SALES_SECRET"] = "fake-staging-sales-secret-2"
    team.edit("staging/salesforce-orgs.yaml", "fake-staging-sales-secret", "fake-staging-sales-secret-2")
    merged(team, "rotate", staging={"quotes-staging": "update", "sales-staging": "update"})


def rename(team: Team) -> None:
    """A new name in Infisical is an update; a new address, with the name kept, is nobody's business there."""
    team.edit("staging/connections/sales/sales-staging.yaml", "spec:\n", "spec:\n  name: sales-sandbox\n")
    guarded = "staging/connections/guarded/service-staging.yaml"
    team.move("staging/connections/support/support-staging.yaml", guarded, "lifecycle:\n  renamedFrom: support-staging\n")
    team.edit(guarded, "name: support-staging", "name: service-staging")
    team.edit(guarded, "spec:\n", "spec:\n  name: support-staging\n")
    merged(team, "rename", staging={"sales-staging": "update", "service-staging": "record"})


def move(team: Team) -> None:
    team.edit("staging/connections/sales/quotes-staging.yaml", "project: sales", "project: support")
    merged(team, "move", staging={"quotes-staging": "replace"})


def protect(team: Team) -> None:
    guarded = "production/connections/guarded/quotes-production.yaml"
    team.move("production/connections/sales/quotes-production.yaml", guarded, "lifecycle:\n  preventDestroy: true\n")
    merged(team, "protect", production={"quotes-production": "record"})


def remove(team: Team) -> None:
    """What is protected stays and says so until its manifest is back; the rest goes on."""
    team.remove("production/connections/support/chat-production.yaml")
    team.remove("production/connections/guarded/partner-production.yaml")
    team.remove("production/connections/guarded/quotes-production.yaml")
    team.commit("remove")
    left = {"quotes-production": "protected"}
    removed = {"chat-production": "delete", "partner-production": "forget"}
    assert planned(team, "production") == (LEFT, removed, left)
    before = ids(team, "production")
    refused = applied(team, "production", code=LEFT)
    assert "this plan deletes, replaces, forgets or re-creates 2 of" in refused.out
    assert "use --allow-deletes 2 for one run" in " ".join(refused.out.split())
    assert ids(team, "production") == before
    applied(team, "production", "--allow-deletes", "2", code=LEFT)
    assert planned(team, "production") == (LEFT, {}, left)
    team.repository.git("checkout", "--quiet", "HEAD^", "--", "production/connections/guarded/quotes-production.yaml")
    team.commit("keep what is protected")
    assert planned(team, "production") == (NOTHING, {}, {})


def drift(team: Team) -> None:
    """Somebody writes in Infisical itself: a description is put back, credentials are held until somebody decides."""
    known = ids(team, "shared")
    with serve(team.folder / "shared" / ".reconciler", team.folder / "shared" / "salesforce-orgs.yaml", ()) as server:
        write(server, known["data-warehouse"], description="by hand")
        theirs = {
            "instanceUrl": HOST,
            "consumerKey": "fake-shared-reporting-key",
            "consumerSecret": "fake-shared-reporting-secret",
        }
        write(server, known["audit-export"], credentials=theirs)
    team.edit("shared/connections/guarded/reporting.yaml", "Nightly reports", "Hourly reports")
    team.commit("an edit, and what was written outside meanwhile")
    held = {"audit-export": "held"}
    assert planned(team, "shared") == (LEFT, {"data-warehouse": "update", "reporting": "update"}, held)
    applied(team, "shared", code=LEFT)
    assert planned(team, "shared") == (LEFT, {}, held)
    applied(team, "shared", "--reassert-credentials", "audit-export")
    assert planned(team, "shared") == (NOTHING, {}, {})


def take_over(team: Team) -> None:
    """Forty connections were made by hand before anybody wrote manifests: exported, adopted, accepted; no id changes."""
    shared = team.stack("shared")
    database, host = team.folder / "shared" / ".reconciler" / "infisical.db", {"instanceUrl": HOST}
    planted = {
        name: testing.plant_connection(database, app="salesforce", name=name, public=host)
        for name in (f"legacy-{number:02}" for number in range(FORTY))
    }
    exported = shared.run("export", "--unmanaged", "--out", "connections/legacy", "--format", "json")
    assert (exported.code, len(exported.json["files"])) == (0, FORTY), exported.all
    assert all(name.startswith("SHARED_") for name in exported.json["variables"]), "the settings let in no others"
    team.environ.update({name: f"value-of-{name}" for name in exported.json["variables"]})
    team.commit("what was made by hand")
    legacy = dict.fromkeys(planted, "adopt")
    ran = shared.run("plan", "--adopt-all", "--out", "../plan-shared.json", "--format", "json")
    assert (ran.code, changes(ran.json), kept(ran.json)) == (LEFT, legacy, dict.fromkeys(planted, "held"))
    assert shared.run("apply", "../plan-shared.json", "--adopt-all").code == LEFT
    assert planned(team, "shared") == (LEFT, {}, dict.fromkeys(planted, "held"))
    applied(team, "shared", "--accept-credentials", "legacy-*")
    assert planned(team, "shared") == (NOTHING, {}, {})
    assert {address: one for address, one in ids(team, "shared").items() if address in planted} == planted


def end_much(team: Team) -> None:
    """Their directory is removed: forty deletions are refused, by the plan already, and then let through."""
    for number in range(FORTY):
        team.remove(f"shared/connections/legacy/legacy-{number:02}.yaml")
    team.commit("the end of what was made by hand")
    before = ids(team, "shared")
    code, actions, _ = planned(team, "shared")
    assert (code, set(actions.values()), len(actions)) == (LEFT, {"delete"}, FORTY)
    refused = applied(team, "shared", code=LEFT)
    assert "this plan deletes, replaces, forgets or re-creates 40 of" in refused.out
    assert applied(team, "shared", "--allow-deletes", "39", code=LEFT)
    assert ids(team, "shared") == before
    applied(team, "shared", "--allow-deletes", "40")
    assert planned(team, "shared") == (NOTHING, {}, {})


def write(server: Server, known: str, **change: object) -> None:
    """Change a connection as a person does who knows nothing of the repository."""
    with server.client() as client:
        client.patch(f"/app-connections/salesforce/{known}", json=change).raise_for_status()
