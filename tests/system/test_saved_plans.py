"""A saved plan: what it approves, and each way in which it is refused, both sides shown; the same change has one digest."""

import json
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reconciler import embedded
from reconciler.embedded.infisical import Membership, Permissions
from tests.config.repository import Repository
from tests.serving import Server
from tests.stacks import EMBEDDED, Ran, Stack


@pytest.fixture
def planned(stack: Stack) -> Stack:
    """A stack with one connection applied, one edit, and the plan of that in plan.json."""
    stack.manifest("crm")
    stack.apply()
    stack.manifest("crm", description="new")
    assert stack.run("plan", "--out", "plan.json").code == 0
    return stack


def edited(stack: Stack, change: Callable[[Any], object]) -> Ran:
    """Apply the plan after `change` to its document."""
    file = stack.folder / "plan.json"
    document = json.loads(file.read_text())
    change(document)
    file.write_text(json.dumps(document))
    return stack.run("apply", "plan.json")


def refused(ran: Ran, code: int, *said: str) -> None:
    assert ran.code == code, ran.all
    told = " ".join(ran.err.split())
    for one in said:
        assert one in told, told


def untouched(stack: Stack) -> bool:
    return bool(stack.run("plan", "--format", "json").json["reconciler"]["changes"][0]["action"] == "update")


def test_exactly_what_was_reviewed_is_applied(planned: Stack) -> None:
    ran = planned.run("apply", "plan.json")
    assert (ran.code, "Done: 1 updated." in ran.out) == (0, True)


def test_truncated(planned: Stack) -> None:
    file = planned.folder / "plan.json"
    file.write_text(file.read_text()[:-200])
    refused(planned.run("apply", "plan.json"), 1, "plan.json cannot be used as a plan: it is not JSON, or its end is missing.")
    assert untouched(planned)


def test_edited_with_both_checksums_shown(planned: Stack) -> None:
    says = json.loads((planned.folder / "plan.json").read_text())["checksum"]
    ran = edited(planned, lambda document: document["plan"]["changes"][0]["after"].update(description="EVIL"))
    refused(ran, 1, "somebody cut or edited it", f"but it states {says}")
    assert untouched(planned)


def test_edited_with_a_checksum_that_fits_still_approves_only_what_is_decided_now(planned: Stack) -> None:
    from reconciler.planning.file import _checksum  # whoever edits can compute it too

    def change(document: Any) -> None:
        document["plan"]["changes"][0]["after"]["description"] = "EVIL"
        document["checksum"] = _checksum(document["plan"])

    refused(edited(planned, change), 5, "`crm`", "in the manifest.description: planned 'EVIL', now 'new'")
    assert untouched(planned)


def test_of_an_unknown_major_with_both_versions_shown(planned: Stack) -> None:
    ran = edited(planned, lambda document: document.update(format_version="3.0"))
    refused(ran, 1, "it has format 3.0, but this version of reconciler reads 2.0")


def test_of_a_newer_minor_is_read(planned: Stack) -> None:
    assert edited(planned, lambda document: document.update(format_version="2.9", more="x")).code == 0


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", '{"kind": "other"}'])
def test_something_else(planned: Stack, text: str) -> None:
    planned.write("plan.json", text)
    refused(planned.run("apply", "plan.json"), 1, "cannot be used as a plan")


def test_foreign_of_another_infisical_with_both_shown(planned: Stack, server: Server) -> None:
    planned.configure(infisical={"url": server.url})
    planned.environ |= server.environ
    (planned.folder / ".reconciler/state.json").unlink()
    ran = planned.run("apply", "plan.json")
    refused(ran, 5, "The saved plan is for another Infisical.", "Planned: embedded, organisation", f"Here: {server.url}")


def test_foreign_of_another_state_with_both_shown(planned: Stack, tmp_path: Path) -> None:
    other = Stack(tmp_path / "other", planned.environ)
    database = str(planned.folder / ".reconciler/embedded.db")
    (other.folder / ".reconciler").mkdir(parents=True)
    Path(database).rename(other.folder / ".reconciler/embedded.db")
    other.configure(**EMBEDDED)
    other.orgs()
    other.manifest("second")
    other.apply()
    file = str(planned.folder / "plan.json")
    lineages = planned.state()["lineage"], other.state()["lineage"]
    refused(other.run("apply", file), 5, "The saved plan is for another state.", *lineages)


def test_stale_with_both_sides_shown(planned: Stack) -> None:
    planned.manifest("crm", description="newer")
    refused(planned.run("apply", "plan.json"), 5, "in the manifest.description: planned 'new', now 'newer'")


def test_whoever_may_only_read_and_has_no_value_still_gets_the_whole_plan(tmp_path: Path, server: Server) -> None:
    """A branch's pull request: the identity may read, the state can be read, and there is no secret at all."""
    stack = Stack.at(tmp_path / "stack", server.url, server.environ)
    for address in ("a", "b", "c", "d"):
        stack.manifest(address, project="crm")
    stack.apply()
    reads = frozenset({"read"})
    rules = Permissions(reads, {"crm": Membership(reads, frozenset())})
    made = embedded.create_identity(server.database, uuid.uuid4().hex, rules)
    stack.environ |= {
        "INFISICAL_UNIVERSAL_AUTH_CLIENT_ID": made.client_id,
        "INFISICAL_UNIVERSAL_AUTH_CLIENT_SECRET": made.client_secret,
    }
    stack.environ |= {"CRM_KEY": "", "CRM_SECRET": ""}
    stack.manifest("a", project="crm", description="new")
    stack.manifest("new", project="crm", description="a new one")
    stack.remove("d")
    ran = stack.run("plan", "--format", "json", "--out", "plan.json")
    assert ran.code == 0, ran.all
    found = {one["address"]: one["action"] for one in ran.json["reconciler"]["changes"]}
    assert found == {
        "a": "update",
        "b": "conditional update",
        "c": "conditional update",
        "d": "delete",
        "new": "create",
    }
    shown = stack.run("plan").out
    assert "Compared at apply. reconciler sends these credentials only if they changed:" in shown
    assert "? b (connections/b.yaml:4:9)" in shown


def test_one_change_has_one_digest_on_a_branch_without_values_and_after_a_squash_merge_with_them(stack: Stack) -> None:
    """And the plan of the branch is applied as it was reviewed, although commit, folder and values are other ones."""
    for address in ("edited", "removed", "rotated", "same"):
        stack.manifest(address, project="crm")
    stack.apply()
    repository = Repository.at(stack.folder)
    stack.write(".gitignore", ".reconciler\nplan.json\n")

    def commit(message: str) -> str:
        repository.git("add", "--all")
        repository.git("commit", "--quiet", f"--message={message}")
        return repository.git("rev-parse", "HEAD").strip()

    commit("as it is")
    repository.git("branch", "--force", "trunk")
    repository.git("checkout", "--quiet", "-b", "change")
    stack.manifest("edited", project="crm", description="new", credentials={"version": "2"})
    first = commit("one half")
    stack.remove("removed")
    stack.manifest("created", project="sales")
    second = commit("the other half")
    on_branch = stack.run("plan", "--format", "json", "--out", "plan.json", CRM_KEY="", CRM_SECRET="")
    assert on_branch.code == 0, on_branch.all

    repository.git("checkout", "--quiet", "trunk")
    repository.git("merge", "--quiet", "--squash", "change")
    assert commit("the change, squashed") not in {first, second}
    merged = stack.run("plan", "--format", "json")
    digests = [ran.json["reconciler"]["digest"] for ran in (on_branch, merged)]
    assert digests[0] == digests[1]
    assert stack.run("apply", "--expect", digests[0], "--auto-approve").code == 0
    assert stack.run("plan", "--detailed-exitcode").code == 0


def test_a_file_planned_without_values_is_applied_with_them(stack: Stack) -> None:
    stack.manifest("crm")
    assert stack.run("plan", "--out", "plan.json", CRM_KEY="", CRM_SECRET="").code == 0
    assert stack.run("apply", "plan.json").code == 0


def test_an_expected_digest_that_is_another_is_refused_with_both_shown(planned: Stack) -> None:
    digest = planned.run("plan", "--format", "json").json["reconciler"]["digest"]
    refused(planned.run("apply", "--auto-approve", "--expect", "0" * 64), 5, f"Expected: {'0' * 64}. Now: {digest}.")
