"""`salesforce metadata` as it is typed: what is written where, what is never overwritten, and what `--check` finds."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.operations.location import StackLocation
from reconciler.operations.metadata import compare_metadata
from reconciler.workspace import git as workspace_git
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
    assert (ran.code, "contains other files, so reconciler does not overwrite it" in ran.err) == (1, True)
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
    assert "These policies are the retrieved ones, edited" in (with_app.folder / "out/README.md").read_text()


def test_check_is_0_without_and_2_with_a_difference_and_writes_nothing(with_app: Stack) -> None:
    with_app.run("salesforce", "metadata", "--out", "out")
    before = written(with_app.folder)
    same = with_app.run("salesforce", "metadata", "--check", "out")
    assert (same.code, same.out) == (0, "No differences. The org matches the manifests.\n")
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


@pytest.fixture
def with_key(with_app: Stack) -> Stack:
    """A retrieved project in a repository, which tracks a file with a consumer key in it."""
    with_app.run("salesforce", "metadata", "--out", "out")
    file = next((with_app.folder / "out").rglob("*.ecaGlblOauth-meta.xml"))
    file.write_text(file.read_text().replace("<label>", "<consumerKey>3MVG9-key</consumerKey><label>"))
    for command in (["init", "-q"], ["add", "out"]):
        subprocess.run(["git", *command], cwd=with_app.folder, check=True)
    return with_app


def test_without_git_nothing_is_in_version_control(with_key: Stack, tmp_path: Path) -> None:
    ran = with_key.run("salesforce", "metadata", "--check", "out", PATH=str(tmp_path))
    assert (ran.code, ran.err) == (0, "")


def test_a_git_that_fails_is_a_warning(with_key: Stack, tmp_path: Path) -> None:
    git = tmp_path / "bin" / "git"
    git.parent.mkdir()
    git.write_text("#!/bin/sh\necho 'fatal: it is broken' >&2; exit 128\n")
    git.chmod(0o755)
    ran = with_key.run("salesforce", "metadata", "--check", "out", PATH=f"{git.parent}:/usr/bin:/bin")
    said = " ".join(ran.err.split())
    assert (ran.code, "warning: git could not tell" in said, "git tracks it" in said) == (0, True, False)
    assert "git could not tell whether it tracks a file in out that contains a consumer key." in said
    assert "git cannot list the files that it tracks: fatal: it is broken." in said


def test_a_git_that_hangs_is_a_warning(with_key: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git = tmp_path / "bin" / "git"
    git.parent.mkdir()
    git.write_text("#!/bin/sh\nexec sleep 60\n")
    git.chmod(0o755)
    monkeypatch.setenv("PATH", f"{git.parent}:/usr/bin:/bin")
    monkeypatch.setattr(workspace_git, "_LIMIT_SECONDS", 0.1)
    comparison = compare_metadata(StackLocation(with_key.folder, None, {}), [], with_key.folder / "out")
    assert [one.detail for one in comparison.diagnostics] == ["git did not end within 0.1 seconds."]


def test_a_directory_that_looks_like_a_repository_runs_nothing(with_key: Stack, tmp_path: Path) -> None:
    """A retrieved project comes in a pull request too, and may be laid out as a bare repository with a configuration."""
    out, ran = with_key.folder / "out", tmp_path / "ran"
    for name in ("objects", "refs"):
        (out / name).mkdir()
    (out / "HEAD").write_text("ref: refs/heads/main\n")
    (out / "config").write_text(f'[core]\n\tworktree = .\n\tfsmonitor = "touch {ran}; false"\n')
    said = with_key.run("salesforce", "metadata", "--check", "out")
    assert (said.code, "git tracks it" in " ".join(said.err.split())) == (0, True), said.all
    assert not ran.exists()


@pytest.mark.parametrize("link", ["out/1-app", "out/README.md", "out/sfdx-project.json"])
def test_nothing_is_written_through_a_link_below_out(with_app: Stack, tmp_path: Path, link: str) -> None:
    assert with_app.run("salesforce", "metadata", "--out", "out").code == 0
    path, victim = with_app.folder / link, tmp_path / "victim"
    path.rename(victim)
    path.symlink_to(victim)
    app(with_app, connections=["crm"], label="Another")
    before = {file: file.read_bytes() for file in [victim, *victim.rglob("*")] if file.is_file()}
    ran = with_app.run("salesforce", "metadata", "--out", "out")
    assert (ran.code, f"{link} is a link, and reconciler does not write through links" in " ".join(ran.err.split())) == (
        1,
        True,
    )
    assert {file: file.read_bytes() for file in before} == before


def test_nothing_is_written_through_a_link_in_the_stack_that_nobody_named(with_app: Stack, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (with_app.folder / ".reconciler").mkdir()
    (with_app.folder / ".reconciler/salesforce").symlink_to(tmp_path / "elsewhere")
    ran = with_app.run("salesforce", "metadata")
    assert (ran.code, ".reconciler/salesforce is a link" in " ".join(ran.err.split())) == (1, True)
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_retrieved_key_in_version_control_is_said_and_never_shown(with_app: Stack) -> None:
    key = "3MVG9-a-real-consumer-key"
    with_app.run("salesforce", "metadata", "--out", "out")
    file = next((with_app.folder / "out").rglob("*.ecaGlblOauth-meta.xml"))
    file.write_text(file.read_text().replace("<label>", f"<consumerKey>{key}</consumerKey><label>"))
    assert with_app.run("salesforce", "metadata", "--check", "out").err == ""
    for command in (["init", "-q"], ["add", "out"]):
        subprocess.run(["git", *command], cwd=with_app.folder, check=True)
    ran = with_app.run("salesforce", "metadata", "--check", "out")
    assert (ran.code, "contains a consumer key, and git tracks it" in " ".join(ran.err.split())) == (0, True)
    assert key not in ran.all


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nobody"], "There is no app `nobody` in the manifests."),
        (["--check", "nowhere"], "There is no directory nowhere."),
        (["--check", "connections"], "There is no metadata of an External Client App in connections."),
        (["--check", "broken"], "cannot be read: it is not XML"),
        (["--retrieved", "broken"], "cannot be read: it is not XML"),
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
