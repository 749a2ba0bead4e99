"""`drift` as a nightly job runs it: three kinds, exit code 2, nothing written; and what is no drift."""

import pytest

from tests.serving import Server
from tests.stacks import Stack

BASE = "/app-connections/salesforce"


@pytest.fixture
def remote(tmp_path_factory: pytest.TempPathFactory, server: Server) -> Stack:
    """Three connections on a served Infisical."""
    found = Stack.at(tmp_path_factory.mktemp("remote"), server.url, server.environ)
    for address in ("edited", "gone", "rotated"):
        found.manifest(address, description="as it was")
    found.apply()
    return found


def ids(stack: Stack) -> dict[str, str]:
    return {address: record["id"] for address, record in stack.state()["records"].items()}


def test_without_drift_it_exits_0(remote: Stack) -> None:
    ran = remote.run("drift")
    assert (ran.code, ran.out.splitlines()[0].startswith("No drift since the last apply of test on http")) == (0, True)


def test_each_kind_is_told_apart_and_nothing_is_written(remote: Stack, server: Server) -> None:
    known = ids(remote)
    with server.client() as client:
        client.patch(f"{BASE}/{known['edited']}", json={"description": "by hand"}).raise_for_status()
        client.delete(f"{BASE}/{known['gone']}").raise_for_status()
    before = remote.state()
    ran = remote.run("drift", CRM_SECRET="a-new-value-0001")
    assert ran.code == 2
    assert 'Changed in Infisical:\n  edited: description "as it was" -> "by hand"' in ran.out
    assert f"Deleted in Infisical:\n  gone: deleted [id={known['gone']}]" in ran.out
    assert "Changed at the source:\n  edited: consumerSecret\n" in ran.out
    assert "  rotated: consumerSecret\n" in ran.out
    assert remote.state() == before
    assert "a-new-value-0001" not in ran.all


def test_as_json(remote: Stack, server: Server) -> None:
    known = ids(remote)
    with server.client() as client:
        client.patch(f"{BASE}/{known['edited']}", json={"description": "by hand"}).raise_for_status()
        client.delete(f"{BASE}/{known['gone']}").raise_for_status()
    ran = remote.run("drift", "--format", "json")
    assert (ran.code, ran.json["drift"], ran.json["errored"]) == (2, True, False)
    assert [one["name"] for one in ran.json["changed_outside"]] == ["edited"]
    assert ran.json["deleted_outside"] == [{"address": "gone", "id": known["gone"]}]
    assert ran.json["changed_at_the_source"] == []


def test_credentials_written_outside_are_drift(remote: Stack, server: Server) -> None:
    known = ids(remote)
    with server.client() as client:
        body = {"credentials": {"instanceUrl": "acme.my.salesforce.com", "consumerKey": "", "consumerSecret": ""}}
        body["credentials"] |= {"consumerKey": remote.environ["CRM_KEY"], "consumerSecret": remote.environ["CRM_SECRET"]}
        client.patch(f"{BASE}/{known['edited']}", json=body).raise_for_status()
    ran = remote.run("drift")
    assert (ran.code, "edited: the credentials changed" in ran.out) == (2, True)


def test_a_manifest_that_changed_is_no_drift(remote: Stack) -> None:
    remote.manifest("edited", description="as it shall be")
    remote.manifest("new")
    remote.remove("gone")
    assert remote.run("drift").code == 0


def test_without_values_it_says_what_could_not_be_compared(remote: Stack) -> None:
    ran = remote.run("drift", CRM_SECRET="")
    assert ran.code == 0
    assert "Not compared, because a key or a secret is not available here:\n  edited\n  gone\n  rotated\n" in ran.out


def test_before_the_first_apply_there_is_nothing_to_drift(stack: Stack) -> None:
    stack.manifest("crm")
    assert stack.run("drift").code == 0
