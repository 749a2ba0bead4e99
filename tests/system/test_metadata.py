"""`salesforce metadata` as it is typed: what is written where, what is never overwritten, and what `--check` finds."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.stacks import Stack

SPEC: dict[str, Any] = {
    "label": "Infisical CRM",
    "apiName": "Infisical_CRM",
    "contactEmail": "crm@acme.example",
    "callbackUrl": "https://localhost",
    "policies": {"runAs": "infisical@acme.example.crm"},
}
POLICY = "2-policies/main/default/extlClntAppOauthPolicies"


def app(stack: Stack, name: str = "infisical-crm", **spec: Any) -> None:
    document = {"apiVersion": "reconciler/v1", "kind": "ExternalClientApp", "metadata": {"name": name}, "spec": SPEC | spec}
    stack.write(f"connections/{name}.yaml", yaml.safe_dump(document))


@pytest.fixture
def with_app(stack: Stack) -> Stack:
    stack.manifest("crm")
    app(stack, connections=["crm"])
    return stack


def written(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_it_is_written_where_git_does_not_look_and_again_the_same(with_app: Stack) -> None:
    first = with_app.run("salesforce", "metadata")
    assert first.code == 0
    folder = with_app.folder / ".reconciler/salesforce"
    files = {name: (folder / name).read_text() for name in written(folder)}
    assert files[".gitignore"] == "*\n"
    assert len(files) == 9
    assert "sf project deploy start --source-dir 1-app" in files["README.md"]
    assert with_app.run("salesforce", "metadata").out == first.out
    assert {name: (folder / name).read_text() for name in written(folder)} == files


def test_what_no_app_makes_any_more_is_removed_and_other_files_stay(with_app: Stack) -> None:
    out = with_app.folder / "out"
    assert with_app.run("salesforce", "metadata", "--out", "out").code == 0
    assert not (out / ".gitignore").exists()
    (out / "notes.txt").write_text("mine")
    (out / "retrieved").mkdir()
    (out / "retrieved" / "A.eca-meta.xml").write_text("theirs")
    app(with_app, connections=["crm"], apiName="Renamed")
    assert with_app.run("salesforce", "metadata", "--out", "out").code == 0
    assert not [name for name in written(out) if "Infisical_CRM" in name]
    assert {"notes.txt", "retrieved/A.eca-meta.xml"} <= written(out)


@pytest.mark.parametrize("content", ["README.md", "something.txt"])
def test_a_directory_with_something_else_is_left_alone(with_app: Stack, content: str) -> None:
    with_app.write(f"out/{content}", "mine")
    ran = with_app.run("salesforce", "metadata", "--out", "out")
    assert (ran.code, "holds something else, and is not overwritten" in ran.err) == (1, True)
    assert written(with_app.folder / "out") == {content}


def test_a_retrieved_policy_is_edited_under_its_own_name(with_app: Stack) -> None:
    policy = "<ExtlClntAppOauthConfigurablePolicies xmlns='http://soap.sforce.com/2006/04/metadata'>"
    policy += "<externalClientApplication>Infisical_CRM</externalClientApplication><label>L</label>"
    policy += "<refreshTokenPolicyType>Zero</refreshTokenPolicyType></ExtlClntAppOauthConfigurablePolicies>"
    with_app.write("retrieved/p/Infisical_CRM_defaultPolicy.ecaOauthPlcy-meta.xml", policy)
    ran = with_app.run("salesforce", "metadata", "--retrieved", "retrieved", "--out", "out")
    assert ran.code == 0
    (file,) = (with_app.folder / "out" / POLICY).iterdir()
    assert file.name == "Infisical_CRM_defaultPolicy.ecaOauthPlcy-meta.xml"
    assert "<refreshTokenPolicyType>Zero<" in file.read_text()
    assert "The policies here are the retrieved ones, edited" in (with_app.folder / "out/README.md").read_text()


def test_check_is_0_without_and_2_with_a_difference_and_writes_nothing(with_app: Stack) -> None:
    with_app.run("salesforce", "metadata", "--out", "out")
    before = written(with_app.folder)
    same = with_app.run("salesforce", "metadata", "--check", "out")
    assert (same.code, same.out) == (0, "No differences. The org has what the manifests say.\n")
    app(with_app, connections=["crm"], policies={"runAs": "other@acme.example.crm"})
    other = with_app.run("salesforce", "metadata", "--check", "out")
    assert other.code == 2
    assert "clientCredentialsFlowUser" in other.out
    assert "retrieved: infisical@acme.example.crm" in other.out
    assert "manifest:  other@acme.example.crm" in other.out
    told = with_app.run("salesforce", "metadata", "--check", "out", "--format", "json")
    assert told.code == 2
    assert [one["field"] for one in told.json["differences"]] == ["clientCredentialsFlowUser"]
    assert written(with_app.folder) == before


def test_a_retrieved_key_in_version_control_is_said_and_never_shown(with_app: Stack) -> None:
    key = "3MVG9-a-real-consumer-key"
    with_app.run("salesforce", "metadata", "--out", "out")
    file = next((with_app.folder / "out").rglob("*.ecaGlblOauth-meta.xml"))
    file.write_text(file.read_text().replace("<label>", f"<consumerKey>{key}</consumerKey><label>"))
    assert with_app.run("salesforce", "metadata", "--check", "out").err == ""
    for command in (["init", "-q"], ["add", "out"]):
        subprocess.run(["git", *command], cwd=with_app.folder, check=True)
    ran = with_app.run("salesforce", "metadata", "--check", "out")
    assert (ran.code, "holds a consumer key and is in version control" in " ".join(ran.err.split())) == (0, True)
    assert key not in ran.all


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nobody"], "There is no app `nobody` in the manifests."),
        (["--check", "nowhere"], "There is no directory nowhere."),
        (["--check", "connections"], "There is no metadata of an External Client App in connections."),
        (["--check", "broken"], "cannot be read: it is no XML"),
        (["--retrieved", "broken"], "cannot be read: it is no XML"),
        (["--check", "connections", "--out", "x"], "--check writes nothing"),
        (["--out", "connections/crm.yaml"], "is a file"),
        (["--out", "connections/crm.yaml/x"], "cannot be written"),
    ],
)
def test_what_cannot_be_done_says_why(with_app: Stack, arguments: list[str], said: str) -> None:
    with_app.write("broken/A.eca-meta.xml", "<a>")
    ran = with_app.run("salesforce", "metadata", *arguments)
    assert (ran.code, said in " ".join(ran.err.split())) == (1, True), ran.err


def test_apps_of_several_orgs_are_written_one_org_at_a_time(with_app: Stack) -> None:
    with_app.manifest("uat", credentials={"instanceUrl": "acme--uat.sandbox.my.salesforce.com"})
    app(with_app, "infisical-uat", connections=["uat"])
    ran = with_app.run("salesforce", "metadata")
    assert (ran.code, "belong to several orgs" in ran.err) == (1, True)
    assert with_app.run("salesforce", "metadata", "infisical-uat").code == 0


def test_without_an_app_there_is_nothing_to_write(stack: Stack) -> None:
    stack.manifest("crm")
    ran = stack.run("salesforce", "metadata")
    assert (ran.code, "There is no External Client App in the manifests." in ran.err) == (1, True)


def test_an_app_is_nothing_to_infisical(with_app: Stack) -> None:
    assert with_app.run("validate").out == "Valid: 1 connection and 1 app in 2 files.\n"
    assert "Plan: 1 to create" in with_app.run("plan").out
    with_app.apply()
    assert with_app.run("plan", "--detailed-exitcode").code == 0
