"""`plan --offline --base REF`: a pull request from a fork, which has no log-in, no state and no value."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.config.repository import Repository
from tests.stacks import EMBEDDED, Ran, Stack


@pytest.fixture
def fork(tmp_path: Path) -> Stack:
    """A stack in a git repository on the branch `main`, with three connections; nothing was ever applied."""
    stack = Stack.embedded(tmp_path / "repository" / "stack")
    stack.configure(infisical={"url": "https://infisical.invalid"})
    for address in ("a", "b", "c"):
        stack.manifest(address, project="crm", description=f"The {address}")
    Repository.at(tmp_path / "repository")
    commit(stack, "as it is merged")
    git(stack, "branch", "--force", "base")
    stack.environ = {}
    return stack


def git(stack: Stack, *arguments: str) -> str:
    return subprocess.run(
        ["git", *arguments], cwd=stack.folder, check=True, capture_output=True, text=True
    ).stdout  # fmt: skip


def commit(stack: Stack, message: str) -> None:
    git(stack, "add", "--all")
    git(stack, "-c", "user.name=ada", "-c", "user.email=ada@acme.example", "commit", "--quiet", "--message", message)


def offline(stack: Stack, *options: str) -> Ran:
    return stack.run("plan", "--offline", "--base", "base", *options)


def actions(ran: Ran) -> dict[str, str]:
    return {one["address"]: one["action"] for one in ran.json["reconciler"]["changes"]}


def test_it_shows_what_the_manifests_change_and_that_it_knows_nothing_of_infisical(fork: Stack) -> None:
    fork.manifest("a", project="crm", description="Another")
    fork.manifest("b", project="sales", description="The b")
    fork.remove("c")
    fork.manifest("new", project="crm", description="New")
    shown = offline(fork, "--allow-deletes", "2")
    assert shown.code == 0, shown.all
    assert shown.out.startswith(
        "Plan for test: the manifests here, compared with those at base\nThis plan was made without Infisical"
    )
    assert "Digest" not in shown.out
    ran = offline(fork, "--format", "json", "--allow-deletes", "2")
    assert actions(ran) == {"a": "update", "b": "replace", "c": "delete", "new": "create"}
    document = ran.json
    assert (document["complete"], document["applyable"], document["errored"]) == (False, False, False)
    assert (document["reconciler"]["base"], document["reconciler"]["digest"]) == ("base", None)
    assert offline(fork, "--detailed-exitcode", "--allow-deletes", "2").code == 2


def test_nothing_changed(fork: Stack) -> None:
    ran = offline(fork, "--detailed-exitcode")
    assert (ran.code, "No changes. The manifests say the same as those at base." in ran.out) == (0, True)


def test_other_references_are_shown_as_what_they_are(fork: Stack) -> None:
    fork.manifest("a", project="crm", description="The a", credentials={"consumerKey": {"fromEnv": "OTHER"}})
    ran = offline(fork)
    assert "~ consumerKey    = fromEnv CRM_KEY -> fromEnv OTHER" in ran.out
    assert "the references to the values changed" in ran.out


def test_a_protected_one_and_a_mass_delete_make_the_pull_request_red(fork: Stack) -> None:
    fork.manifest("a", project="crm", lifecycle={"preventDestroy": True})
    commit(fork, "protect")
    git(fork, "branch", "--force", "base")
    fork.remove("a")
    assert offline(fork).code == 4
    fork.remove("b")
    fork.remove("c")
    fork.write("connections/none.yaml", "# nothing\n")
    ran = offline(fork)
    assert (
        ran.code,
        "! this plan deletes, replaces, forgets or re-creates 2 of" in ran.out,
        "Protected. reconciler does not touch them" in ran.out,
    ) == (4, True, True)


def test_the_guards_are_those_of_the_base(fork: Stack) -> None:
    fork.configure(infisical={"url": "https://infisical.invalid"}, guards={"maxDeletePercent": 100})
    fork.remove("a")
    fork.remove("b")
    assert offline(fork).code == 4


def test_both_trees_are_validated_and_only_this_one_can_be_mended_here(fork: Stack) -> None:
    fork.write("connections/b.yaml", "kind: [")
    commit(fork, "broken")
    git(fork, "branch", "--force", "base")
    assert offline(fork).code == 3
    fork.manifest("b", project="crm", description="The b")
    ran = offline(fork, "--format", "json")
    assert ran.code == 0, ran.all
    (problem,) = ran.json["reconciler"]["diagnostics"]
    assert (problem["severity"], problem["range"]["filename"]) == ("warning", "base:connections/b.yaml")
    assert actions(ran) == {"b": "create"}


def test_a_stack_that_is_new_there(fork: Stack) -> None:
    new = Stack(fork.folder.parent / "new", {})
    new.configure(**EMBEDDED)
    new.orgs()
    new.manifest("crm")
    for option in ("base", "HEAD"):
        ran = new.run("plan", "--offline", "--base", option)
        assert (ran.code, f"There is no reconciler.yaml at {option}, so the whole stack is new." in ran.out) == (0, True)
    assert "+ crm" in ran.out


def test_a_trusted_configuration_that_is_not_there_yet_names_this_way(fork: Stack) -> None:
    new = Stack(fork.folder.parent / "new", {"RECONCILER_TRUSTED_CONFIG": "git:base"})
    new.configure(**EMBEDDED)
    new.orgs()
    new.manifest("crm")
    refused = new.run("plan")
    assert refused.code == 4
    assert "There is no new/reconciler.yaml at base." in refused.err
    assert "reconciler plan --offline --base base" in " ".join(refused.err.split())
    assert new.run("plan", "--offline", "--base", "base").code == 0


def test_it_is_never_applied_not_even_from_a_file(fork: Stack, tmp_path: Path) -> None:
    fork.manifest("a", project="crm", description="Another")
    file = tmp_path / "plan.json"
    assert offline(fork, "--out", str(file)).code == 0
    shown = fork.run("show", str(file), "--format", "markdown")
    assert "**Not compared with Infisical: the manifests change**" in shown.out
    fork.configure(**EMBEDDED)
    fork.environ = {"CRM_KEY": "k" * 20, "CRM_SECRET": "s" * 20}
    refused = fork.run("apply", str(file))
    assert (refused.code, "made offline, so it approves nothing" in refused.err) == (5, True), refused.all


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--offline"], "need each other"),
        (["--base", "base"], "need each other"),
        (["--offline", "--base", "base", "--adopt-all"], "does not ask Infisical"),
        (["--offline", "--base", "base", "--destroy"], "does not ask Infisical"),
        (["--offline", "--base", "nowhere"], "this clone has no commit nowhere"),
        (["--offline", "--base", "--output=x"], "this clone has no commit --output=x"),
    ],
)
def test_what_cannot_be_is_said(fork: Stack, options: list[str], said: str) -> None:
    ran = fork.run("plan", *options)
    assert (ran.code, said in " ".join(ran.err.split())) == (1, True), ran.all


def test_outside_of_a_repository_it_says_so(stack: Stack) -> None:
    stack.manifest("crm")
    ran = stack.run("plan", "--offline", "--base", "main")
    assert (ran.code, "is not in a git repository" in " ".join(ran.err.split())) == (1, True)


def test_it_reads_no_state_no_variable_and_leaves_the_clone_as_it_is(fork: Stack) -> None:
    fork.write(".reconciler/state.json", "not a state")
    before = git(fork, "status", "--porcelain"), (fork.folder.parent / ".git/index").read_bytes()
    assert offline(fork).code == 0
    assert (git(fork, "status", "--porcelain"), (fork.folder.parent / ".git/index").read_bytes()) == before
    assert json.loads(offline(fork, "--format", "json").out)["reconciler"]["diagnostics"] == []
    assert [file.name for file in (fork.folder / ".reconciler").iterdir()] == ["state.json"]


def test_links_at_the_base_lead_nowhere_outside(fork: Stack) -> None:
    (fork.folder / "connections/link.yaml").symlink_to("/etc/passwd")
    commit(fork, "a link")
    git(fork, "branch", "--force", "base")
    (fork.folder / "connections/link.yaml").unlink()
    ran = offline(fork)
    assert ran.code == 0
    assert "base:connections/link.yaml is a link that leads out of the stack" in " ".join(ran.out.split())
    assert "root" not in ran.out
