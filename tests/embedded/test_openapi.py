"""The OpenAPI document is true: what is served answers as it says, to what it describes and to what it rules out."""

import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from starlette.routing import Mount, Route

from reconciler.embedded import CURRENT, OLDER, Build, infisical_app
from reconciler.embedded.openapi import document
from tests.serving import Server, serve
from tests.stacks import HOST, KEY, SECRET, write_orgs

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # libraries of libraries that are about to change
    import schemathesis
    from schemathesis.checks import (
        content_type_conformance,
        not_a_server_error,
        response_headers_conformance,
        response_schema_conformance,
        status_code_conformance,
    )

CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
)
EXAMPLES = 12


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("openapi")
    write_orgs(folder / "orgs.yaml")
    with serve(folder, folder / "orgs.yaml") as served:
        yield served


def _real(client: httpx.Client, url: str) -> dict[str, str]:
    """What is there, made if need be: values for the parameters of a path."""
    projects = {one["slug"]: one["id"] for one in client.get("/projects").json()["projects"]}
    if "crm" not in projects:
        made = client.post("/projects", json={"projectName": "crm", "slug": "crm"}).raise_for_status().json()["project"]
        projects["crm"] = made["id"]
    place = {"projectId": projects["crm"], "environment": "prod", "secretPath": "/"}
    client.post(f"{url}/api/v4/secrets/KEY", json={**place, "secretValue": "value"})
    credentials = {"instanceUrl": HOST, "consumerKey": KEY, "consumerSecret": SECRET}
    found = client.get("/app-connections/salesforce/connection-name/real")
    if found.status_code == 404:
        body = {"name": "real", "method": "client-credentials", "credentials": credentials}
        found = client.post("/app-connections/salesforce", json=body).raise_for_status()
    connection = found.raise_for_status().json()["appConnection"]["id"]
    return {"connectionId": connection, "projectId": projects["crm"], "slug": "crm", "name": "real", "secretName": "KEY"}


def _operation(result: Any) -> Any:
    """The operation that was read from the document. Raises when it could not be."""
    return result.ok()


def _readable(request: Any) -> bool:
    """Whether a server can read the body. Infisical answers what it cannot read, an empty body called JSON too, with a 500."""
    kind = request.headers.get("content-type", "")
    if kind.partition(";")[0] != "application/json":
        return not request.body or kind.startswith("application/x-www-form-urlencoded")
    try:
        json.loads(request.body or b"")
    except ValueError:
        return False
    return True


def _queried(real: dict[str, str], names: Any) -> dict[str, str]:
    known = {"projectId": real["projectId"], "workspaceId": real["projectId"], "environment": "prod", "secretPath": "/"}
    return {name: known[name] for name in names if name in known}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("mode", ["what it describes", "what it rules out"])
def test_every_answer_is_one_that_the_document_has(mode: str, server: Server) -> None:
    """A project that goes with its connections breaks the lists for everyone, so none is deleted that has any."""
    chosen = schemathesis.GenerationMode.POSITIVE if mode == "what it describes" else schemathesis.GenerationMode.NEGATIVE
    schema = schemathesis.openapi.from_url(f"{server.url}/api/docs/json")
    seen: set[int] = set()
    with server.client() as client:
        for result in schema.get_all_operations():
            operation = _operation(result)

            @given(case=operation.as_strategy(generation_mode=chosen))
            @settings(
                max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
            )
            def holds(case: Any) -> None:
                response = case.call(headers={"authorization": client.headers["authorization"]})
                seen.add(response.status_code)
                case.validate_response(response, checks=CHECKS if _readable(response.request) else CHECKS[1:])

            try:
                holds()
            except Exception as failure:
                if "Unsatisfiable" not in type(failure).__name__:
                    raise
    assert seen >= ({200, 404} if chosen is schemathesis.GenerationMode.POSITIVE else {422})


@pytest.mark.filterwarnings("ignore")
def test_what_is_there_is_answered_as_the_document_says(server: Server) -> None:
    schema = schemathesis.openapi.from_url(f"{server.url}/api/docs/json")
    answered = set()
    with server.client() as client:
        for result in schema.get_all_operations():
            operation = _operation(result)
            if operation.method == "delete" and "projects" in operation.path:
                continue
            real = _real(client, server.url)
            path = {name: value for name, value in real.items() if f"{{{name}}}" in operation.path}
            query = _queried(real, [one.name for one in operation.query])
            body: Any = {}
            if operation.method in {"post", "patch", "delete"} and "secrets" in operation.path:
                body = {
                    "workspaceId": real["projectId"],
                    "projectId": real["projectId"],
                    "environment": "prod",
                    "secretValue": "v",
                }
            if operation.body.is_empty() if hasattr(operation.body, "is_empty") else not operation.body:
                case = operation.Case(path_parameters=path, query=query)
            else:
                case = operation.Case(path_parameters=path, query=query, body=body, media_type="application/json")
            response = case.call(headers={"authorization": client.headers["authorization"]})
            case.validate_response(response, checks=CHECKS)
            if response.status_code == 200:
                answered.add((operation.method, operation.path))
    assert len(answered) >= 18, sorted(answered)


def _paths(routes: Any, base: str = "") -> Iterator[tuple[str, str]]:
    for route in routes:
        if isinstance(route, Mount):
            yield from _paths(route.routes, base + route.path)
        elif isinstance(route, Route):
            for verb in (route.methods or set()) - {"HEAD"}:
                yield verb.lower(), base + route.path


@pytest.mark.parametrize("build", [CURRENT, OLDER], ids=["current", "older"])
def test_every_route_is_in_the_document_and_the_other_way_round(build: Build, tmp_path: Path) -> None:
    app = infisical_app(tmp_path / "infisical.db", build=build)
    camel = {"connection_id": "connectionId", "project_id": "projectId", "secret_name": "secretName"}
    served = set()
    for verb, path in _paths(app.routes):
        for name, other in camel.items():
            path = path.replace(f"{{{name}}}", f"{{{other}}}")  # noqa: PLW2901
        served.add((verb, path))
    described = {(verb, path) for path, verbs in document(build)["paths"].items() for verb in verbs}
    assert served - {("get", "/api/docs/json")} == described
