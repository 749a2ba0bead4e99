"""Logging in over the network: what `login --check` says, what is sent to whom, and secrets of Infisical as values."""

import json
from pathlib import Path
from typing import Any

import pytest

from reconciler import embedded
from reconciler.embedded.infisical import Membership, Permissions
from tests.serving import Server
from tests.stacks import KEY, SECRET, Stack


@pytest.fixture
def stack(tmp_path: Path, server: Server) -> Stack:
    """A stack on the served Infisical, logged in as an identity that may do everything."""
    return Stack.at(tmp_path / "stack", server.url, server.environ)


def identity(server: Server, name: str, permissions: Permissions) -> dict[str, str]:
    """Make an identity; give what it logs in with."""
    made = embedded.create_identity(server.database, name, permissions)
    return {
        "INFISICAL_UNIVERSAL_AUTH_CLIENT_ID": made.client_id,
        "INFISICAL_UNIVERSAL_AUTH_CLIENT_SECRET": made.client_secret,
    }


def test_who_one_is_and_what_one_may_do_is_said_and_nothing_is_changed(stack: Stack, server: Server) -> None:
    stack.manifest("crm", project="crm")
    stack.manifest("all")
    before = server.connections()

    ran = stack.run("login", "--check", "--for", "apply")

    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[0] == f"Infisical     {server.url}"
    assert lines[1].startswith("log-in        universal-auth: INFISICAL_UNIVERSAL_AUTH_CLIENT_ID and")
    assert "organisation  Embedded (" in ran.out
    assert "projects      crm" in ran.out
    assert "  create  organisation: yes" in lines
    assert "  create  project crm: yes" in lines
    assert "  edit    organisation: not known (Infisical shows this only when it is tried)" in lines
    assert lines[-1] == "Enough for `apply`, as far as Infisical tells."
    assert server.connections() == before
    assert stack.environ["INFISICAL_UNIVERSAL_AUTH_CLIENT_SECRET"] not in ran.all


def test_the_same_for_programs(stack: Stack, server: Server) -> None:
    stack.manifest("crm", project="crm")

    found = stack.run("login", "--check", "--format", "json").json

    assert found["url"] == server.url
    assert found["method"] == "universal-auth"
    assert found["organization"]["name"] == "Embedded"
    assert [one["slug"] for one in found["projects"]] == ["crm"]
    assert {"action": "read", "place": "project crm", "allowed": "yes"} in found["permissions"]
    assert found["enough"] is True
    assert found["expires"].startswith("20")


def test_a_wrong_secret_is_refused_once_with_the_way_it_came(stack: Stack) -> None:
    ran = stack.run("login", "--check", INFISICAL_UNIVERSAL_AUTH_CLIENT_SECRET="wrong-wrong-wrong")

    assert ran.code == 1
    assert "(universal-auth: INFISICAL_UNIVERSAL_AUTH_CLIENT_ID and" in " ".join(ran.err.split())
    assert "wrong-wrong" not in ran.all


def test_without_check_it_is_said_that_nothing_is_kept(stack: Stack) -> None:
    ran = stack.run("login")

    assert ran.code == 1
    assert "use `login --check`" in ran.err


def test_an_unknown_project_is_said_at_its_line(stack: Stack) -> None:
    stack.manifest("crm", project="nowhere")

    ran = stack.run("login", "--check")

    assert ran.code == 1
    assert "There is no project `nowhere` that this identity may see." in ran.err
    assert "connections/crm.yaml:12:12" in ran.err
    assert "Not enough for `plan`" in ran.out


class TestSecretsOfInfisical:
    """`fromInfisical`, with the identity of the run."""

    REFERENCES: dict[str, Any] = {  # noqa: RUF012  # a constant of the tests
        "consumerKey": {"fromInfisical": {"project": "crm", "environment": "prod", "path": "/sf", "key": "CRM_KEY"}},
        "consumerSecret": {"fromInfisical": {"project": "crm", "environment": "prod", "path": "/sf", "key": "CRM_SECRET"}},
    }

    @pytest.fixture
    def stack(self, stack: Stack, server: Server) -> Stack:
        stack.configure(
            infisical={"url": server.url}, secretSources={"infisical": {"allow": ["crm/prod/**"]}, "env": {"allow": []}}
        )
        stack.manifest("crm", credentials=self.REFERENCES)
        return stack

    @staticmethod
    def set(server: Server, key: str, value: str, *, first: bool = True) -> None:
        with server.client() as client:
            project = client.get("/projects/slug/crm").json()["id"]
            place = {"projectId": project, "environment": "prod", "secretPath": "/sf", "secretValue": value}
            url = f"{server.url}/api/v4/secrets/{key}"
            (client.post if first else client.patch)(url, json=place).raise_for_status()

    def test_they_are_read_and_a_change_at_the_source_is_sent(self, stack: Stack, server: Server) -> None:
        self.set(server, "CRM_KEY", KEY)
        self.set(server, "CRM_SECRET", f"{SECRET}\n")

        assert stack.apply().code == 0
        assert stack.run("plan", "--detailed-exitcode").code == 0
        self.set(server, "CRM_KEY", "other-consumer-key-0001", first=False)
        changed = stack.run("plan", "--detailed-exitcode")

        assert changed.code == 2
        assert "*** (before) -> *** (after)" in changed.out
        assert "other-consumer-key" not in changed.all
        assert KEY not in json.dumps(stack.state())

    def test_one_that_is_not_there_is_a_warning_in_plan_and_an_error_in_apply(self, stack: Stack, server: Server) -> None:
        self.set(server, "CRM_KEY", KEY)

        planned, applied = stack.run("plan"), stack.run("apply", "--auto-approve")

        said = "`crm` has no consumerSecret: there is no secret crm/prod/sf/CRM_SECRET that this identity may see."
        assert (planned.code, f"warning: {said}" in " ".join(planned.all.split())) == (0, True), planned.all
        assert (applied.code, f"error: {said}" in " ".join(applied.all.split())) == (1, True), applied.all
        assert server.connections() == []

    def test_one_whose_value_is_hidden_is_an_error_and_never_sent(self, stack: Stack, server: Server) -> None:
        self.set(server, "CRM_KEY", KEY)
        self.set(server, "CRM_SECRET", SECRET)
        describing = Permissions(projects={"crm": Membership(secrets=frozenset({"describe"}))})
        stack.environ |= identity(server, "describing", describing)

        ran = stack.run("plan")

        assert ran.code == 1
        assert "Infisical hides the value of the secret crm/prod/sf/CRM_SECRET from this identity" in " ".join(ran.all.split())

    def test_a_place_that_is_not_allowed_is_refused(self, stack: Stack, server: Server) -> None:
        stack.configure(infisical={"url": server.url}, secretSources={"infisical": {"allow": ["crm/staging/**"]}})

        ran = stack.run("plan")

        assert ran.code == 1
        refusal = "secretSources.infisical.allow does not allow the secret crm/prod/sf/CRM_KEY (it allows crm/staging/**)"
        assert refusal in " ".join(ran.all.split())

    def test_they_are_not_read_where_nothing_could_come_of_it(self, stack: Stack, server: Server, tmp_path: Path) -> None:
        self.set(server, "CRM_KEY", KEY)
        self.set(server, "CRM_SECRET", SECRET)
        stack.apply()
        stack.manifest("crm", credentials=self.REFERENCES, lifecycle={"ignoreChanges": ["credentials"]})

        assert stack.run("plan", "--log-http", str(tmp_path / "calls")).code == 0

        asked = [json.loads(line)["path"] for line in (tmp_path / "calls").read_text().splitlines()]
        assert asked
        assert not any("secrets" in path for path in asked)


def test_every_call_is_logged_and_no_secret_is(stack: Stack, tmp_path: Path) -> None:
    stack.manifest("crm", project="crm")
    log = tmp_path / "calls.jsonl"

    assert stack.run("apply", "--auto-approve", "--log-http", str(log)).code == 0

    text = log.read_text()
    calls = [json.loads(line) for line in text.splitlines()]
    assert (calls[0]["method"], calls[0]["path"]) == ("POST", "/api/v1/auth/universal-auth/login")
    assert ("POST", "/api/v1/app-connections/salesforce") in [(one["method"], one["path"]) for one in calls]
    for secret in (KEY, SECRET, stack.environ["INFISICAL_UNIVERSAL_AUTH_CLIENT_SECRET"]):
        assert secret not in text
    assert log.stat().st_mode & 0o777 == 0o600


def test_a_log_that_cannot_be_written_stops_the_run_before_it_begins(stack: Stack, server: Server) -> None:
    stack.manifest("crm")

    ran = stack.run("apply", "--auto-approve", "--log-http", "/proc/none/calls")

    assert ran.code == 1
    assert "/proc/none/calls" in ran.err
    assert server.connections() == []
