"""The OpenAPI document is true: schemathesis asks the served API for everything it says, and compares each answer."""

import json
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.routing import BaseRoute, Mount, Route

from reconciler.embedded import create_identity, infisical_app, issue_token
from reconciler.embedded.infisical import CURRENT, OLDER, Build, IdentityCredentials, TokenRules
from reconciler.embedded.infisical.auth.vouchers import AWS_METHOD, JWT_METHODS
from reconciler.embedded.infisical.openapi.document import openapi_document
from reconciler.embedded.infisical.openapi.operations import Operation, operations
from reconciler.embedded.testing import plant_connection
from tests.embedded.conftest import ORGS, SALESFORCE, Json, body, credentials

from .test_sharing import served

BUILDS = {"current": CURRENT, "older": OLDER}
RENEWABLE = TokenRules(period_seconds=3600)
CHECKS = [
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
BOUNDED = settings(
    max_examples=8,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
NEVER_GOOD = ("/rotate-credentials", "/oauth-apps", *(f"{method}/login" for method in (*JWT_METHODS, AWS_METHOD)))
"""Refused whatever is sent, or for want of a token that somebody else signs: those are test_tokens'."""


class Asked(StrEnum):
    """What a request is made of: what the document allows, what it does not, or what it allows with names that are there."""

    ALLOWED = "allowed"
    FORBIDDEN = "forbidden"
    THERE = "there"


@dataclass(frozen=True)
class World:
    """A served API with something in it, and how schemathesis reads its document."""

    client: httpx.Client
    session: requests.Session
    identity: IdentityCredentials
    project: str
    schema: Any

    def fill(self, operation: Operation, case: Any) -> None:
        """Put names that are there for those that were made up; what a request takes away is made for it."""
        there: Json = {"projectId": self.project, "workspaceId": self.project, "workspaceSlug": "crm", "projectSlug": "crm"}
        there |= {"environment": "prod", "secretPath": "/", "slug": "crm", "name": "crm", "credentials": credentials()}
        there |= {"clientId": self.identity.client_id, "clientSecret": self.identity.client_secret}
        there |= {"organizationSlug": "embedded", "subOrganizationName": "embedded"}
        fresh = f"fresh-{uuid.uuid4()}"
        if operation.method == "POST":
            there |= {"name": fresh, "slug": fresh, "secretName": fresh}
        elif "{secretName}" in operation.path:
            self.client.post(f"/api/v3/secrets/raw/{fresh}", json={**there, "secretValue": "v"}).raise_for_status()
            there |= {"secretName": fresh, "newSecretName": f"{fresh}-2"}
        if "{connectionId}" in operation.path:
            made = self.client.post(SALESFORCE, json=body(fresh)).raise_for_status()
            there |= {"connectionId": made.json()["appConnection"]["id"], "name": fresh}
        if operation.path.endswith("/renew") or operation.path.endswith("/revoke"):
            log_in = self.client.post("/api/v1/auth/universal-auth/login", json=there).raise_for_status()
            there["accessToken"] = log_in.json()["accessToken"]
        for part in (case.path_parameters, case.query, case.body):
            if isinstance(part, dict):
                part.update({key: value for key, value in there.items() if key in part})


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, World]]:
    with ExitStack() as stack:
        yield {name: _world(stack, tmp_path_factory.mktemp(name) / "embedded.db", build) for name, build in BUILDS.items()}


def _world(stack: ExitStack, database: Path, build: Build) -> World:
    url = stack.enter_context(served(infisical_app(database, ORGS, ["crm"], build=build)))
    headers = {"authorization": f"Bearer {issue_token(database)}"}
    client = stack.enter_context(httpx.Client(base_url=url, headers=headers, trust_env=False))
    session = stack.enter_context(requests.Session())
    session.trust_env = False
    session.headers.update(headers)
    project = client.get("/api/v1/projects/slug/crm").json()["id"]
    client.post(SALESFORCE, json=body("crm")).raise_for_status()
    plant_connection(database, app="aws", name="cloud", project="crm")
    schema = schemathesis.openapi.from_dict(client.get("/api/docs/json").json())
    return World(client, session, create_identity(database, "schemathesis", tokens=RENEWABLE), project, schema)


def _asked(operation: Operation) -> list[Asked]:
    """In which ways an operation is asked. A deleted project breaks the lists for everyone: that is test_contract's."""
    if (operation.method, operation.path) == ("DELETE", "/api/v1/projects/{projectId}"):
        return [Asked.FORBIDDEN]
    # Where there is neither token nor parameter nor body, nothing can be wrong.
    return [Asked.ALLOWED, Asked.THERE, *([Asked.FORBIDDEN] if operation.secured or operation.body else [])]


@pytest.mark.parametrize(
    ("build", "operation", "asked"),
    [
        pytest.param(name, operation, asked, id=f"{name} {operation.method} {operation.path} {asked}")
        for name, build in BUILDS.items()
        for operation in operations(build)
        for asked in _asked(operation)
    ],
)
def test_every_answer_is_one_that_the_document_describes(
    build: str, operation: Operation, asked: Asked, worlds: Mapping[str, World]
) -> None:
    world = worlds[build]
    mode = GenerationMode.NEGATIVE if asked is Asked.FORBIDDEN else GenerationMode.POSITIVE
    cases = world.schema[operation.path][operation.method].as_strategy(generation_mode=mode)
    # Infisical: older builds stumble over a host that does not resolve.
    no_host_is_a_500 = build == "older" and operation.body in ("NewConnection", "ConnectionChange")
    statuses: set[int] = set()

    @BOUNDED
    @given(case=cases)
    def ask(case: Any) -> None:
        if asked is Asked.THERE:
            world.fill(operation, case)
        answer = case.call(base_url=str(world.client.base_url), session=world.session)
        case.validate_response(answer, checks=CHECKS)
        statuses.add(answer.status_code)
        assert answer.status_code != 500 or no_host_is_a_500 or _unreadable(answer.request), answer.request.body
        if "etag" in answer.headers:
            again = case.call(
                base_url=str(world.client.base_url),
                session=world.session,
                headers={"If-None-Match": answer.headers["etag"][0]},
            )
            case.validate_response(again, checks=CHECKS)
            statuses.add(again.status_code)

    ask()
    if asked is Asked.THERE and not operation.path.endswith(NEVER_GOOD):
        assert 200 in statuses
        # The status tells the time, so it is another one each time.
        assert operation.method != "GET" or 304 in statuses or operation.path == "/api/status"


def _unreadable(request: Any) -> bool:
    """Whether the body is one that Infisical's parsers stumble over, which is a 500 (facts 11)."""
    kind = str(request.headers.get("content-type", "")).partition(";")[0].strip().lower()
    if kind == "application/x-www-form-urlencoded":
        return False
    try:
        json.loads(request.body or "")
    except ValueError:
        return True
    return kind != "application/json"


@pytest.mark.parametrize("build", list(BUILDS))
def test_what_is_served_and_what_is_documented_are_the_same(build: str, tmp_path: Path) -> None:
    served_here = set(_routes(infisical_app(tmp_path / "embedded.db", build=BUILDS[build]).routes))

    assert served_here == {(one.method, _unnamed(one.path)) for one in operations(BUILDS[build])}


def _routes(routes: Iterable[BaseRoute], within: str = "") -> Iterator[tuple[str, str]]:
    for route in routes:
        if isinstance(route, Mount):
            yield from _routes(route.routes, within + route.path)
        elif isinstance(route, Route):
            yield from ((method, _unnamed(within + route.path)) for method in (route.methods or set()) - {"HEAD"})


def _unnamed(path: str) -> str:
    return "/".join("{}" if part.startswith("{") else part for part in path.split("/"))


@pytest.mark.parametrize("build", list(BUILDS))
def test_every_reference_leads_somewhere_and_every_shape_is_a_schema(build: str) -> None:
    described = openapi_document(BUILDS[build])
    shapes = described["components"]["schemas"]

    assert set(_references(described)) == {f"#/components/schemas/{name}" for name in shapes}
    for shape in shapes.values():
        jsonschema.Draft202012Validator.check_schema(shape)


def _references(value: object) -> Iterator[str]:
    match value:
        case {"$ref": str(target)}:
            yield target
        case dict():
            for inner in value.values():
                yield from _references(inner)
        case list():
            for inner in value:
                yield from _references(inner)
