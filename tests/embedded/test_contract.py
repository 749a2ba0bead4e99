"""The contract in one table: each status and each error of the API once, as a real server was seen to answer."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from reconciler.embedded.arrange import mark_in_use, plant_connection

from .conftest import BASE, KEY, SALESFORCE, SECRET, body, created, credentials, project_id

pytestmark = pytest.mark.anyio

NOBODY = "00000000-0000-4000-8000-000000000000"
JSON_TYPE = {"Content-Type": "application/json"}
NOT_AN_ID = f"{SALESFORCE}/crm"


@dataclass(frozen=True)
class Case:
    """A request and the refusal it meets; `{crm}`, `{used}`, `{aws}` in a path are ids of planted connections."""

    title: str
    method: str
    path: str
    status: int
    error: str
    fragment: str
    send: dict[str, Any] = field(default_factory=dict)


def refused(title: str, method: str, path: str, fragment: str, **send: Any) -> Case:
    return Case(title, method, path, 400, "BadRequest", fragment, send)


def missing(title: str, method: str, path: str, fragment: str, **send: Any) -> Case:
    return Case(title, method, path, 404, "NotFound", fragment, send)


def broken(title: str, method: str, path: str, **send: Any) -> Case:
    return Case(title, method, path, 500, "InternalServerError", "Something went wrong", send)


def untrusted(title: str, changes: dict[str, str], fragment: str) -> Case:
    given = {"instance_url": "acme.my.salesforce.com", **changes}
    return refused(title, "POST", SALESFORCE, fragment, json=body("fresh", credentials=credentials(**given)))


VALIDATE = "Failed to validate credentials: "
CASES = [
    refused("a name that is taken", "POST", SALESFORCE, "already exists", json=body("crm")),
    refused("a name another app has", "POST", SALESFORCE, "already exists", json=body("cloud")),
    refused("a rename to a taken name", "PATCH", f"{SALESFORCE}/{{crm}}", "already exists", json={"name": "cloud"}),
    refused("a create in an unknown project", "POST", SALESFORCE, "not found", json=body("fresh", projectId=NOBODY)),
    refused("another app's id on get", "GET", f"{SALESFORCE}/{{aws}}", "is not for App"),
    refused("another app's id on patch", "PATCH", f"{SALESFORCE}/{{aws}}", "is not for App", json={}),
    refused("another app's id on delete", "DELETE", f"{SALESFORCE}/{{aws}}", "is not for App"),
    refused("another app's name", "GET", f"{SALESFORCE}/connection-name/cloud", "is not for App"),
    refused("a delete while in use", "DELETE", f"{SALESFORCE}/{{used}}", "existing connections"),
    refused("a project slug that is taken", "POST", "/api/v1/projects", "exists", json={"projectName": "C", "slug": "crm"}),
    untrusted("a wrong secret", {"secret": "wrong"}, f"{VALIDATE}Request failed with status code 400"),
    untrusted("a wrong key", {"key": "wrong"}, f"{VALIDATE}Request failed with status code 400"),
    untrusted("a down org", {"instance_url": "down.my.salesforce.com"}, "Request failed with status code 503"),
    untrusted("a login host", {"instance_url": "login.salesforce.com"}, "Request failed with status code 400"),
    untrusted("a path behind the host", {"instance_url": "acme.my.salesforce.com/x"}, "failed with status code 404"),
    untrusted("an unknown host", {"instance_url": "acme.invalid"}, f"{VALIDATE}getaddrinfo ENOTFOUND acme.invalid"),
    untrusted("no URL", {"instance_url": "not a url"}, f"{VALIDATE}Invalid URL"),
    untrusted("a bare host starting with http", {"instance_url": "httpd.my.salesforce.com"}, f"{VALIDATE}Invalid URL"),
    untrusted("a user in the URL", {"instance_url": "https://u:p@acme.my.salesforce.com"}, "user:pass@"),
    untrusted("a loopback name", {"instance_url": "http://localhost:8080"}, "Local and private"),
    untrusted("a loopback address", {"instance_url": "127.0.0.1"}, "Local and private"),
    untrusted("a loopback address in short", {"instance_url": "127.1"}, "Local and private"),
    untrusted("a private address", {"instance_url": "10.0.0.7"}, "Local and private"),
    untrusted("an IPv6 loopback address", {"instance_url": "http://[::1]"}, "Local and private"),
    untrusted("a token that is not Bearer", {"key": "key-of-a-mac-app"}, "token type"),
    missing("an unknown id on get", "GET", f"{SALESFORCE}/{NOBODY}", NOBODY),
    missing("an unknown id on patch", "PATCH", f"{SALESFORCE}/{NOBODY}", NOBODY, json={}),
    missing("an unknown id on delete", "DELETE", f"{SALESFORCE}/{NOBODY}", NOBODY),
    missing("a free name", "GET", f"{SALESFORCE}/connection-name/free", "free"),
    missing("a name of another scope", "GET", f"{SALESFORCE}/connection-name/crm?projectId={{project}}", "crm"),
    missing("a list of an unknown project", "GET", f"{SALESFORCE}?projectId={NOBODY}", f"Project with ID '{NOBODY}'"),
    missing("all of an unknown project", "GET", f"{BASE}?projectId={NOBODY}", "not found"),
    missing("available in an unknown project", "GET", f"{SALESFORCE}/available?projectId={NOBODY}", "not found"),
    missing("an unknown project", "GET", f"/api/v1/projects/{NOBODY}", NOBODY),
    missing("an unknown project slug", "GET", "/api/v1/projects/slug/nope", "nope"),
    broken("malformed JSON", "POST", SALESFORCE, content=b'{"name": ', headers=JSON_TYPE),
    broken("JSON's extensions", "POST", SALESFORCE, content=b'{"name": NaN}', headers=JSON_TYPE),
    broken("JSON nested without end", "POST", SALESFORCE, content=b"[" * 100_000, headers=JSON_TYPE),
    broken("bytes that are no text", "PATCH", f"{SALESFORCE}/{{crm}}", content=b"\xff\xfe\xff", headers=JSON_TYPE),
    broken("a body that is plain text", "POST", SALESFORCE, content=b"{}", headers={"Content-Type": "text/plain"}),
    broken("a body of no type", "POST", SALESFORCE, content=b"{}"),
    broken("a delete that promises JSON", "DELETE", f"{SALESFORCE}/{{crm}}", headers=JSON_TYPE),
]

INVALID: list[tuple[str, str, str, dict[str, Any], list[str]]] = [
    ("no body at all", "POST", SALESFORCE, {}, []),
    ("a list as body", "POST", SALESFORCE, {"json": []}, []),
    ("a null body", "PATCH", f"{SALESFORCE}/{{crm}}", {"content": b"null", "headers": JSON_TYPE}, []),
    (
        "a form without credentials",
        "POST",
        SALESFORCE,
        {"data": {"name": "a", "method": "client-credentials"}},
        ["credentials"],
    ),
    ("capitals in a name", "POST", SALESFORCE, {"json": body("Crm")}, ["name"]),
    ("a space in a name", "POST", SALESFORCE, {"json": body("c rm")}, ["name"]),
    ("an underscore in a name", "POST", SALESFORCE, {"json": body("c_rm")}, ["name"]),
    ("two hyphens in a name", "POST", SALESFORCE, {"json": body("c--rm")}, ["name"]),
    ("a hyphen at a name's end", "POST", SALESFORCE, {"json": body("crm-")}, ["name"]),
    ("an empty name", "POST", SALESFORCE, {"json": body("  ")}, ["name"]),
    ("a name of 65 characters", "POST", SALESFORCE, {"json": body("a" * 65)}, ["name"]),
    ("a name that is a number", "POST", SALESFORCE, {"json": {**body(), "name": 7}}, ["name"]),
    ("a description of 257", "POST", SALESFORCE, {"json": body(description="d" * 257)}, ["description"]),
    ("a description of 129 emoji", "POST", SALESFORCE, {"json": body(description="\U0001f600" * 129)}, ["description"]),
    ("a wrong method", "POST", SALESFORCE, {"json": body(method="oauth")}, ["method"]),
    ("a null project", "POST", SALESFORCE, {"json": body(projectId=None)}, ["projectId"]),
    ("a gateway", "POST", SALESFORCE, {"json": body(gatewayId=NOBODY)}, ["gatewayId"]),
    ("a gateway pool", "POST", SALESFORCE, {"json": body(gatewayPoolId=NOBODY)}, ["gatewayPoolId"]),
    (
        "managed credentials",
        "POST",
        SALESFORCE,
        {"json": body(isPlatformManagedCredentials=True)},
        ["isPlatformManagedCredentials"],
    ),
    ("auto-rotation", "POST", SALESFORCE, {"json": body(isAutoRotationEnabled=True)}, ["isAutoRotationEnabled"]),
    ("a rotation", "POST", SALESFORCE, {"json": body(rotation={})}, ["rotation"]),
    ("credentials that are text", "POST", SALESFORCE, {"json": body(credentials="x")}, ["credentials"]),
    (
        "an empty secret",
        "POST",
        SALESFORCE,
        {"json": body(credentials=credentials(secret=" "))},
        ["credentials", "consumerSecret"],
    ),
    (
        "half the credentials in a patch",
        "PATCH",
        f"{SALESFORCE}/{{crm}}",
        {"json": {"credentials": {"instanceUrl": "x", "consumerKey": "k"}}},
        ["credentials", "consumerSecret"],
    ),
    ("null credentials in a patch", "PATCH", f"{SALESFORCE}/{{crm}}", {"json": {"credentials": None}}, ["credentials"]),
    ("a null name in a patch", "PATCH", f"{SALESFORCE}/{{crm}}", {"json": {"name": None}}, ["name"]),
    ("an id that is no UUID, get", "GET", NOT_AN_ID, {}, ["connectionId"]),
    ("an id that is no UUID, patch", "PATCH", NOT_AN_ID, {"json": {}}, ["connectionId"]),
    ("an id that is no UUID, delete", "DELETE", NOT_AN_ID, {}, ["connectionId"]),
    ("a blank name in the path", "GET", f"{SALESFORCE}/connection-name/%20", {}, ["connectionName"]),
    ("two projects at once", "GET", f"{SALESFORCE}?projectId=a&projectId=b", {}, ["projectId"]),
    ("a log-in without a secret", "POST", "/api/v1/auth/universal-auth/login", {"json": {"clientId": "a"}}, ["clientSecret"]),
    ("a project without a name", "POST", "/api/v1/projects", {"json": {"slug": "a"}}, ["projectName"]),
]


@pytest.fixture
async def places(client: httpx.AsyncClient, database: Path) -> dict[str, str]:
    crm, used = await created(client, "crm"), await created(client, "used")
    mark_in_use(database, used["id"])
    return {
        "crm": crm["id"],
        "used": used["id"],
        "aws": plant_connection(database, app="aws", name="cloud"),
        "project": await project_id(client),
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
async def test_is_refused(case: Case, client: httpx.AsyncClient, places: dict[str, str]) -> None:
    response = await client.request(case.method, case.path.format(**places), **case.send)

    answer = response.json()
    assert (response.status_code, answer["statusCode"], answer["error"]) == (case.status, case.status, case.error)
    assert case.fragment in answer["message"]
    assert re.fullmatch(r"req-[0-9A-Za-z]{14}", answer["reqId"])
    assert answer.keys() == {"reqId", "statusCode", "message", "error"}
    assert KEY not in response.text
    assert SECRET not in response.text


@pytest.mark.parametrize(("method", "path", "send", "where"), [row[1:] for row in INVALID], ids=[row[0] for row in INVALID])
async def test_is_invalid(
    method: str, path: str, send: dict[str, Any], where: list[str], client: httpx.AsyncClient, places: dict[str, str]
) -> None:
    response = await client.request(method, path.format(**places), **send)

    answer = response.json()
    assert (response.status_code, answer["error"]) == (422, "ValidationFailure")
    assert where in [issue["path"] for issue in answer["message"]]
    assert all(issue.keys() == {"code", "path", "message"} for issue in answer["message"])
    assert response.json()["reqId"].startswith("req-")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/api/v1/nothing?a=b"),
        ("PUT", SALESFORCE),
        ("POST", "/api/status"),
        ("GET", "/api/v1/auth/universal-auth/login"),
        ("GET", f"{BASE}/aws"),
        ("POST", f"{SALESFORCE}/{NOBODY}/rotate"),
    ],
)
async def test_an_unknown_path_or_wrong_verb_is_a_404_without_a_request_id(
    method: str, path: str, client: httpx.AsyncClient
) -> None:
    response = await client.request(method, path)

    assert response.status_code == 404
    message = f"Route {method}:{path} not found"
    assert response.json() == {"message": message, "error": "Not Found", "statusCode": 404}


async def test_all_issues_of_a_body_are_told_at_once(client: httpx.AsyncClient) -> None:
    sent = {"name": "A b", "method": "x", "credentials": {"instanceUrl": ""}, "description": 1, "gatewayId": "g"}

    issues = (await client.post(SALESFORCE, json=sent)).json()["message"]

    assert {".".join(issue["path"]) for issue in issues} == {
        "name",
        "method",
        "description",
        "gatewayId",
        "credentials.instanceUrl",
        "credentials.consumerKey",
        "credentials.consumerSecret",
    }


async def test_every_answer_has_one_date(client: httpx.AsyncClient) -> None:
    for path in ("/api/status", BASE, "/nothing", NOT_AN_ID):
        dates = (await client.get(path)).headers.get_list("date")
        assert len(dates) == 1
        assert re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", dates[0])


async def test_trailing_slashes_are_ignored(client: httpx.AsyncClient) -> None:
    assert (await client.get(f"{SALESFORCE}/")).json() == {"appConnections": []}
    assert (await client.post(f"{SALESFORCE}//", json=body())).status_code == 200


async def test_a_delete_may_carry_a_json_body(client: httpx.AsyncClient) -> None:
    connection = await created(client)

    response = await client.request("DELETE", f"{SALESFORCE}/{connection['id']}", json={})

    assert response.status_code == 200
