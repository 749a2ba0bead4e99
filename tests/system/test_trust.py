"""What a pull request changes in reconciler.yaml does nothing before it is merged, and every plan shows it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.config.repository import Repository
from tests.loopback import Reply, Request, answering
from tests.stacks import EMBEDDED, Stack

MINE, OTHER = "0c9e0000-0000-4000-8000-000000000001", "0c9e0000-0000-4000-8000-000000000002"
TRUSTED = {"RECONCILER_TRUSTED_CONFIG": "git:main"}


@contextmanager
def logging_in() -> Iterator[tuple[str, list[tuple[str, Any]]]]:
    """Serve an Infisical that refuses every log-in; yield its address, and the path and body of each."""
    asked: list[tuple[str, Any]] = []

    def refuse(request: Request) -> Reply:
        asked.append((request.path, json.loads(request.body)))
        return Reply(401, json.dumps({"statusCode": 401, "message": "no", "error": "UnauthorizedError"}).encode())

    with answering(refuse) as address:
        yield f"http://{address}", asked


def merged(folder: Path, **sections: Any) -> Stack:
    """Return a stack whose reconciler.yaml is merged, on a branch that may change it."""
    repository = Repository.at(folder)
    stack = Stack(folder)
    stack.orgs()
    stack.manifest("crm", project="crm")
    stack.configure(**sections)
    repository.commit()
    repository.git("checkout", "--quiet", "-B", "pull-request")
    return stack


@pytest.mark.parametrize(
    "changed",
    [
        {"method": "kubernetes-auth", "identityId": OTHER},
        {"method": "jwt-auth", "identityId": MINE},
        {"method": "kubernetes-auth", "identityId": MINE, "organizationSlug": "other"},
    ],
)
def test_a_branch_cannot_log_in_as_another_identity_with_the_token_of_the_pod(tmp_path: Path, changed: dict[str, str]) -> None:
    auth = {"method": "kubernetes-auth", "identityId": MINE}
    environ = {"INFISICAL_KUBERNETES_SERVICE_ACCOUNT_TOKEN": "token-of-the-pod", "INFISICAL_AUTH_JWT": "another-token"}
    with logging_in() as (url, asked):
        stack = merged(tmp_path / "crm", infisical={"url": url, "auth": auth})
        stack.configure(infisical={"url": url, "auth": changed})

        ran = stack.run("plan", **TRUSTED, **environ)

    assert ran.code == 1
    assert asked == [("/api/v1/auth/kubernetes-auth/login", {"identityId": MINE, "jwt": "token-of-the-pod"})]


PINNED: dict[str, dict[str, Any]] = {
    "infisical.url": {"infisical": {"url": "https://evil.example"}},
    "infisical.auth": {"infisical": {"url": "embedded", "auth": {"method": "token"}}},
    "embedded": {"embedded": {"projects": ["crm", "sales"], "salesforceOrgs": "other.yaml"}},
    "state": {"state": {"path": "other.json"}},
    "secretSources": {"secretSources": {"env": {"allow": ["*"]}}},
    "salesforce.allowedHosts": {"salesforce": {"allowedHosts": ["evil.example"]}},
    "salesforce.preflight": {"salesforce": {"preflight": "off"}},
    "guards": {"guards": {"maxDeletePercent": 100}},
}


@pytest.mark.parametrize("key", PINNED)
def test_every_plan_shows_what_a_branch_changes_in_vain(tmp_path: Path, key: str) -> None:
    stack = merged(tmp_path / "crm", **EMBEDDED)
    stack.configure(**{**EMBEDDED, **PINNED[key]})
    sentence = f"`{key}` is different in the trusted configuration (git:main)."

    text, markdown, for_programs = (stack.run("plan", "--format", form, **TRUSTED) for form in ("text", "markdown", "json"))

    assert [ran.code for ran in (text, markdown, for_programs)] == [0, 0, 0]
    assert "1 to create" in text.out
    assert sentence in markdown.out
    assert sentence in " ".join(text.out.split())
    assert "the value here takes effect once the trusted configuration has it" in " ".join(text.out.split())
    (warning,) = for_programs.json["reconciler"]["diagnostics"]
    assert (warning["severity"], warning["summary"]) == ("warning", sentence)
    assert warning["detail"].startswith("here: ")


@pytest.mark.parametrize("key", PINNED)
def test_it_takes_effect_once_it_is_merged(tmp_path: Path, key: str) -> None:
    stack = merged(tmp_path / "crm", **EMBEDDED)
    stack.configure(**{**EMBEDDED, **PINNED[key]})
    Repository(stack.folder).commit()
    Repository(stack.folder).git("branch", "--force", "main")

    ran = stack.run("validate", **TRUSTED)

    assert (ran.code, ran.err) == (0, "")
