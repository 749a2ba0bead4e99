"""The main job through the command line, as a team lives with it."""

from tests.serving import Server
from tests.stacks import HOST, SECRET, Stack


def test_validate_plan_apply_no_changes_edit_plan_apply(stack: Stack) -> None:
    stack.manifest("crm", project="crm", description="Production")
    assert stack.run("validate").code == 0
    assert stack.run("plan", "--detailed-exitcode").code == 2
    assert "crm: created after" in stack.apply().out
    same = stack.run("plan", "--detailed-exitcode")
    assert (same.code, "No changes." in same.out) == (0, True)
    stack.manifest("crm", project="crm", description="Production org")
    edited = stack.run("plan", "--detailed-exitcode")
    assert edited.code == 2
    assert '~ description    = "Production" -> "Production org"' in edited.out
    assert "0 to create, 1 to update, 0 to replace, 0 to delete" in edited.out
    stack.apply()
    assert stack.run("plan", "--detailed-exitcode").code == 0


def test_one_commit_with_a_delete_two_updates_a_replace_and_a_record(stack: Stack) -> None:
    rotating, old, new = "rotating.my.salesforce.com", "rotating-secret-before-1", "rotating-secret-after-02"
    stack.orgs({HOST: SECRET, rotating: old})
    stack.environ["CRM_ROTATING"] = old
    for name in [f"c{number}" for number in range(10)]:
        own = {"instanceUrl": rotating, "consumerSecret": {"fromEnv": "CRM_ROTATING"}} if name == "c2" else {}
        stack.manifest(name, project="crm", credentials=own)
    stack.apply()
    before = {address: record["id"] for address, record in stack.state()["records"].items()}

    stack.remove("c0")
    stack.manifest("c1", project="crm", description="edited")
    stack.orgs({HOST: SECRET, rotating: new})
    stack.environ["CRM_ROTATING"] = new
    stack.manifest("c3", project="sales")
    stack.remove("c4")
    stack.manifest("renamed", project="crm", name="c4", lifecycle={"renamedFrom": "c4"})

    plan = stack.run("plan", "--format", "json").json
    actions = {change["address"]: change["action"] for change in plan["reconciler"]["changes"]}
    assert actions == {"c0": "delete", "c1": "update", "c2": "update", "c3": "replace", "renamed": "record"}
    text = stack.run("plan").out
    assert "Plan: 0 to create, 2 to update, 1 to replace, 1 to delete, 1 to record." in text
    assert "~ consumerSecret = *** (before) -> *** (after)" in text

    stack.apply()
    assert stack.run("plan", "--detailed-exitcode").code == 0
    after = {address: record["id"] for address, record in stack.state()["records"].items()}
    unchanged = {address: before[address] for address in before.keys() - {"c0", "c3", "c4"}}
    assert after == unchanged | {"c3": after["c3"], "renamed": before["c4"]}
    assert after["c3"] != before["c3"]


def test_the_same_story_over_the_network(stack: Stack, server: Server) -> None:
    remote = Stack.at(stack.folder.parent / "remote", server.url, server.environ)
    remote.manifest("crm", project="crm", description="Production")
    remote.apply()
    assert remote.run("plan", "--detailed-exitcode").code == 0
    (found,) = server.connections()
    assert (found["name"], found["description"], found["credentials"]) == (
        "crm",
        "Production",
        {"instanceUrl": "acme.my.salesforce.com"},
    )
    remote.manifest("crm", project="crm", description="Production org")
    remote.apply()
    assert [one["description"] for one in server.connections()] == ["Production org"]
    remote.remove("crm")
    remote.manifest("other", project="crm", description="another")
    remote.apply()
    assert [one["name"] for one in server.connections()] == ["other"]
