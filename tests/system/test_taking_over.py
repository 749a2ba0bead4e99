"""What was made by hand becomes managed: `export`, `--adopt-all`, and a word on the credentials."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.embedded import testing
from tests.stacks import EMBEDDED, HOST, KEY, SECRET, Stack

THEIRS = {"instanceUrl": HOST}


def plant(stack: Stack, name: str, project: str | None = None, app: str = "salesforce") -> str:
    database = stack.folder / ".reconciler/embedded.db"
    return testing.plant_connection(database, app=app, name=name, project=project, public=THEIRS)


@pytest.fixture
def by_hand(stack: Stack) -> Stack:
    """A stack without manifests, in an Infisical with connections that nobody manages."""
    stack.write("connections/none.yaml", "# nothing yet\n")
    assert stack.run("plan").code == 0
    plant(stack, "crm", "crm")
    plant(stack, "crm", "sales")
    plant(stack, "github-sync")
    plant(stack, "0815")
    plant(stack, "theirs", app="github")
    return stack


def exported(folder: Path) -> dict[str, Any]:
    return {file.stem: yaml.safe_load(file.read_text()) for file in sorted(folder.glob("*.yaml"))}


def test_a_manifest_for_each_salesforce_connection_and_the_list_of_variables(by_hand: Stack) -> None:
    ran = by_hand.run("export", "--out", "connections")
    assert ran.code == 0, ran.all
    (by_hand.folder / "connections/none.yaml").unlink()
    found = exported(by_hand.folder / "connections")
    assert {name: one["spec"].get("project") for name, one in found.items()} == {
        "0815": None,
        "crm": "crm",
        "crm-sales": "sales",
        "github-sync": None,
    }
    assert found["crm-sales"]["spec"]["name"] == "crm"
    listed = [line.removesuffix("=") for line in ran.out.splitlines() if line.endswith("=")]
    named = [one["spec"]["credentials"][key]["fromEnv"] for one in found.values() for key in ("consumerKey", "consumerSecret")]
    assert sorted(listed) == sorted(named)
    assert "CRM_SALES_CONSUMER_KEY" in listed
    assert "SALESFORCE_0815_CONSUMER_KEY" in listed, "no variable begins with a digit"
    assert "SALESFORCE_GITHUB_SYNC_CONSUMER_KEY" in listed, "GITHUB_* are the runner's own"
    assert by_hand.run("validate").code == 0


def test_names_of_variables_are_such_that_the_settings_let_in(by_hand: Stack) -> None:
    by_hand.configure(**EMBEDDED, secretSources={"env": {"allow": ["SF_*"]}})
    assert by_hand.run("export", "--out", "connections", "--project", "crm").code == 0
    (by_hand.folder / "connections/none.yaml").unlink()
    found = exported(by_hand.folder / "connections")
    assert list(found) == ["crm"]
    assert found["crm"]["spec"]["credentials"]["consumerKey"] == {"fromEnv": "SF_CRM_CONSUMER_KEY"}


def test_only_what_is_not_managed(stack: Stack) -> None:
    stack.manifest("crm", metadata={"labels": {"team": "crm"}})
    stack.apply()
    plant(stack, "other")
    assert stack.run("export", "--unmanaged", "--out", "new").code == 0
    assert list(exported(stack.folder / "new")) == ["other"]
    assert stack.run("export", "--out", "all").code == 0
    found = exported(stack.folder / "all")
    assert list(found) == ["crm", "other"]
    assert found["crm"]["metadata"] == {"name": "crm", "labels": {"team": "crm"}}


def test_no_file_is_written_over_and_none_is_written_then(by_hand: Stack) -> None:
    before = by_hand.write("connections/crm.yaml", "# mine\n").read_text()
    ran = by_hand.run("export", "--out", "connections")
    assert (ran.code, "connections/crm.yaml" in ran.err, "Nothing was written." in ran.err) == (1, True, True)
    assert sorted(file.name for file in (by_hand.folder / "connections").iterdir()) == ["crm.yaml", "none.yaml"]
    assert (by_hand.folder / "connections/crm.yaml").read_text() == before


@pytest.mark.parametrize("dangling", [True, False])
def test_no_link_is_written_through(by_hand: Stack, tmp_path: Path, dangling: bool) -> None:
    victim = tmp_path / "victim.yaml"
    if not dangling:
        victim.write_text("precious")
    (by_hand.folder / "connections/crm.yaml").symlink_to(victim)
    ran = by_hand.run("export", "--out", "connections")
    assert (ran.code, "connections/crm.yaml" in ran.err, "Nothing was written." in ran.err) == (1, True, True)
    assert sorted(file.name for file in (by_hand.folder / "connections").iterdir()) == ["crm.yaml", "none.yaml"]
    assert not victim.exists() if dangling else victim.read_text() == "precious"


def test_it_says_when_nothing_reads_what_was_written(by_hand: Stack) -> None:
    ran = by_hand.run("export", "--out", "elsewhere", "--format", "json")
    assert (ran.code, "reconciler does not read" in ran.err) == (0, True)
    assert len(ran.json["files"]) == 4
    assert len(ran.json["variables"]) == 8


def test_an_unknown_project_is_an_error_and_nothing_to_export_is_said(by_hand: Stack) -> None:
    assert by_hand.run("export", "--out", "x", "--project", "nonsense").code == 1
    assert by_hand.run("export", "--out", "y").code == 0
    empty = Stack.embedded(by_hand.folder.parent / "empty")
    ran = empty.run("export", "--out", "x")
    assert (ran.code, ran.out) == (0, "There is nothing to export.\n")


@pytest.mark.parametrize(
    "text", ["no", "- a: [b]\n# c", "tab\tand \x07 bell", "émoji 🚀", "'\"", "x" * 256, "{{ env }}", "null"]
)
def test_a_description_comes_back_as_it_is(stack: Stack, text: str) -> None:
    stack.manifest("crm", description=text)
    stack.apply()
    assert stack.run("export", "--out", "out").code == 0
    assert exported(stack.folder / "out")["crm"]["spec"]["description"] == text


def test_after_the_state_was_lost_export_adopt_and_accept_bring_it_all_back(stack: Stack) -> None:
    """The way of a team with forty connections and nothing else: no id changes, nothing is sent."""
    for number in range(40):
        stack.manifest(f"crm-{number:02}", project="crm" if number % 2 else "sales", description=f"Number {number}")
    stack.apply()
    ids = {address: record["id"] for address, record in stack.state()["records"].items()}
    (stack.folder / ".reconciler/state.json").unlink()
    for file in (stack.folder / "connections").iterdir():
        file.unlink()

    variables = stack.run("export", "--out", "connections", "--format", "json").json["variables"]
    stack.environ |= {name: KEY if name.endswith("KEY") else SECRET for name in variables}
    refused = stack.run("plan")
    assert (
        refused.code,
        " ".join(refused.out.split()).count("already exists in Infisical, and this stack does not manage it"),
    ) == (1, 40)
    planned = stack.run("plan", "--adopt-all", "--out", "plan.json", "--format", "json")
    assert planned.code == 4, "the credentials are held until somebody decides"
    assert {one["change"]["importing"]["id"] for one in planned.json["resource_changes"]} == set(ids.values())
    assert {tuple(one["change"]["actions"]) for one in planned.json["resource_changes"]} == {("no-op",)}
    assert stack.run("apply", "plan.json").code == 5, "what a file says is no order: it is said again"
    assert stack.run("apply", "plan.json", "--adopt-all").code == 4
    assert {address: record["id"] for address, record in stack.state()["records"].items()} == ids
    accepted = stack.run("apply", "--auto-approve", "--accept-credentials", "*")
    assert (accepted.code, "Done: 40 recorded." in accepted.out) == (0, True), accepted.all
    assert stack.run("plan", "--detailed-exitcode").code == 0


def test_adopt_all_still_creates_what_nobody_has_and_leaves_other_apps_alone(by_hand: Stack) -> None:
    by_hand.manifest("crm", project="crm")
    by_hand.manifest("new")
    actions = by_hand.run("plan", "--adopt-all", "--format", "json").json["reconciler"]["changes"]
    assert {one["address"]: one["action"] for one in actions} == {"crm": "adopt", "new": "create"}
    by_hand.manifest("theirs")
    ran = by_hand.run("apply", "--adopt-all", "--auto-approve")
    assert (ran.code, "A connection of the app `github` already has the name" in " ".join(ran.out.split())) == (1, True)


def test_adopt_all_that_the_plan_was_made_without_is_refused(by_hand: Stack) -> None:
    by_hand.manifest("new")
    assert by_hand.run("plan", "--out", "plan.json").code == 0
    ran = by_hand.run("apply", "plan.json", "--adopt-all")
    assert (ran.code, "was made without --adopt-all" in ran.err) == (5, True)
