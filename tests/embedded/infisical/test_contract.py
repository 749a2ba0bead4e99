"""The contract in tables: each status and each error of the API once, as a real server was seen to answer, for both builds."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from reconciler.embedded import CURRENT, OLDER, InfisicalApp, create_identity, infisical_app, issue_token
from reconciler.embedded.infisical import Build, Permissions
from reconciler.embedded.testing import mark_in_use, plant_connection, revoke_tokens
from tests.embedded.conftest import BASE, KEY, ORGS, SALESFORCE, SECRET, body, created, credentials, project_id

pytestmark = pytest.mark.anyio

NOBODY = "00000000-0000-4000-8000-000000000000"
JSON_TYPE = {"Content-Type": "application/json"}
NOT_AN_ID = f"{SALESFORCE}/crm"


@dataclass(frozen=True)
class Case:
    """A request and the refusal it meets; `{crm}`, `{used}`, `{aws}` in a path are ids of planted connections, `{project}`
    and `{busy}` of projects; the connection of the busy one is in use."""

    title: str
    method: str
    path: str
    status: int
    error: str
    fragment: str
    send: dict[str, Any] = field(default_factory=dict)
    # What an older build answers, where it is something else; empty: it does not have the route.
    older: tuple[int, str, str] | None = None


def refused(title: str, method: str, path: str, fragment: str, **send: Any) -> Case:
    return Case(title, method, path, 400, "BadRequest", fragment, send)


def missing(title: str, method: str, path: str, fragment: str, **send: Any) -> Case:
    return Case(title, method, path, 404, "NotFound", fragment, send)


def broken(title: str, method: str, path: str, **send: Any) -> Case:
    return Case(title, method, path, 500, "InternalServerError", "Something went wrong", send)


def untrusted(title: str, changes: dict[str, str], fragment: str, older: tuple[int, str, str] | None = None) -> Case:
    given = {"instance_url": "acme.my.salesforce.com", **changes}
    case = refused(title, "POST", SALESFORCE, fragment, json=body("fresh", credentials=credentials(**given)))
    return replace(case, older=older)


def of_secret(**changes: str) -> dict[str, str]:
    """A v3 secret's body or query that is complete, with these keys set; an empty value takes a key away."""
    given = {"workspaceSlug": "crm", "environment": "prod", "secretValue": "v", **changes}
    return {key: value for key, value in given.items() if value}


VALIDATE = "Failed to validate credentials: "
RAW = "/api/v3/secrets/raw"
AUTH = "/api/v1/auth"
BARE_500 = (500, "InternalServerError", "Something went wrong")
CASES = [
    refused("a name that is taken", "POST", SALESFORCE, "already exists", json=body("crm")),
    refused("a name another app has", "POST", SALESFORCE, "already exists", json=body("cloud")),
    refused("a rename to a taken name", "PATCH", f"{SALESFORCE}/{{crm}}", "already exists", json={"name": "cloud"}),
    refused("a create in an unknown project", "POST", SALESFORCE, "not found", json=body("fresh", projectId=NOBODY)),
    refused("another app's id on get", "GET", f"{SALESFORCE}/{{aws}}", "is not for App"),
    replace(refused("another app's id on patch", "PATCH", f"{SALESFORCE}/{{aws}}", "is not for App", json={}), older=BARE_500),
    refused("another app's id on rotate", "POST", f"{SALESFORCE}/{{aws}}/rotate-credentials", "is not for App"),
    refused("another app's id on delete", "DELETE", f"{SALESFORCE}/{{aws}}", "is not for App"),
    refused("another app's name", "GET", f"{SALESFORCE}/connection-name/cloud", "is not for App"),
    refused("a delete while in use", "DELETE", f"{SALESFORCE}/{{used}}", "existing connections"),
    refused("a project slug that is taken", "POST", "/api/v1/projects", "exists", json={"projectName": "C", "slug": "crm"}),
    untrusted("a wrong secret", {"secret": "wrong"}, f"{VALIDATE}Request failed with status code 400"),
    untrusted("a wrong key", {"key": "wrong"}, f"{VALIDATE}Request failed with status code 400"),
    untrusted("a down org", {"instance_url": "down.my.salesforce.com"}, "Request failed with status code 503"),
    untrusted("a login host", {"instance_url": "login.salesforce.com"}, "Request failed with status code 400"),
    untrusted("a path behind the host", {"instance_url": "acme.my.salesforce.com/x"}, "failed with status code 404"),
    untrusted("an unknown host", {"instance_url": "acme.invalid"}, f"{VALIDATE}getaddrinfo ENOTFOUND acme.invalid", BARE_500),
    untrusted("no URL", {"instance_url": "not a url"}, f"{VALIDATE}Invalid URL"),
    untrusted(
        "a bare host starting with http", {"instance_url": "httpd.my.salesforce.com"}, f"{VALIDATE}Invalid URL", BARE_500
    ),
    untrusted("plain http to a host that is there", {"instance_url": "http://acme.my.salesforce.com/x"}, "404", BARE_500),
    untrusted("a user in the URL", {"instance_url": "https://u:p@acme.my.salesforce.com"}, "user:pass@"),
    untrusted("a loopback name", {"instance_url": "http://localhost:8080"}, "Local and private", BARE_500),
    untrusted("a loopback address", {"instance_url": "127.0.0.1"}, "Local and private"),
    untrusted("a loopback address in short", {"instance_url": "127.1"}, "Local and private"),
    untrusted("a private address", {"instance_url": "10.0.0.7"}, "Local and private"),
    untrusted("an IPv6 loopback address", {"instance_url": "http://[::1]"}, "Local and private", BARE_500),
    untrusted("a token that is not Bearer", {"key": "key-of-a-mac-app"}, "token type"),
    refused("a secret that is there", "POST", f"{RAW}/KEY", "already exist", json=of_secret()),
    refused("a secret of no environment", "GET", f"{RAW}/KEY", "environment", params=of_secret(environment="")),
    refused("a secret of no project", "GET", f"{RAW}/KEY", "project", params=of_secret(workspaceSlug="")),
    refused("secrets of no environment", "GET", RAW, "environment", params=of_secret(environment="")),
    refused("a project whose connection is in use", "DELETE", "/api/v1/projects/{busy}", "in use"),
    missing("an unknown secret", "GET", f"{RAW}/NONE", "NONE", params=of_secret()),
    missing("an unknown secret on patch", "PATCH", f"{RAW}/NONE", "NONE", json=of_secret()),
    missing("an unknown secret on delete", "DELETE", f"{RAW}/NONE", "NONE", json=of_secret()),
    missing("a secret of another folder", "GET", f"{RAW}/KEY", "KEY", params=of_secret(secretPath="/a")),
    missing("a secret of an unknown environment", "GET", f"{RAW}/KEY", "nope", params=of_secret(environment="nope")),
    missing("a secret of an unknown project", "GET", f"{RAW}/KEY", "nope", params=of_secret(workspaceSlug="nope")),
    missing("a rotation", "POST", f"{SALESFORCE}/{{crm}}/rotate-credentials", "not found"),
    missing("a rotation of an unknown id", "POST", f"{SALESFORCE}/{NOBODY}/rotate-credentials", NOBODY),
    missing("an unknown project on delete", "DELETE", f"/api/v1/projects/{NOBODY}", NOBODY),
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
    broken("a log-in that is no JSON", "POST", f"{AUTH}/universal-auth/login", content=b"{", headers=JSON_TYPE),
    broken("a renewal that is no JSON", "POST", f"{AUTH}/token/renew", content=b"{", headers=JSON_TYPE),
    broken("a secret that is no JSON", "POST", f"{RAW}/NEW", content=b"{", headers=JSON_TYPE),
    broken("a rotation that promises JSON", "POST", f"{SALESFORCE}/{{crm}}/rotate-credentials", headers=JSON_TYPE),
    broken("a project's delete that promises JSON", "DELETE", "/api/v1/projects/{project}", headers=JSON_TYPE),
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
    ("platform's", "POST", SALESFORCE, {"json": body(isPlatformManagedCredentials=True)}, ["isPlatformManagedCredentials"]),
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
    ("a log-in without a JWT", "POST", f"{AUTH}/oidc-auth/login", {"json": {"identityId": NOBODY}}, ["jwt"]),
    (
        "an AWS log-in with a GET",
        "POST",
        f"{AUTH}/aws-auth/login",
        {"json": {"identityId": NOBODY, "iamHttpRequestMethod": "GET", "iamRequestBody": "", "iamRequestHeaders": ""}},
        ["iamHttpRequestMethod"],
    ),
    ("a renewal of nothing", "POST", f"{AUTH}/token/renew", {"json": {}}, ["accessToken"]),
    ("a revocation of nothing", "POST", f"{AUTH}/token/revoke", {"json": {"accessToken": ""}}, ["accessToken"]),
    ("a secret with a colon", "POST", f"{RAW}/A:B", {"json": of_secret()}, ["secretName"]),
    ("a secret with a slash", "POST", f"{RAW}/A%2FB", {"json": of_secret()}, ["secretName"]),
    ("a secret without a value", "POST", f"{RAW}/NEW", {"json": of_secret(secretValue="")}, ["secretValue"]),
    ("a rotation of no UUID", "POST", f"{SALESFORCE}/crm/rotate-credentials", {}, ["connectionId"]),
    ("a project without a name", "POST", "/api/v1/projects", {"json": {"slug": "a"}}, ["projectName"]),
]


@pytest.fixture(params=["current", "older"])
def build(request: pytest.FixtureRequest) -> Build:
    return {"current": CURRENT, "older": OLDER}[str(request.param)]


@pytest.fixture
def app(database: Path, build: Build) -> Iterator[InfisicalApp]:
    app = infisical_app(database, ORGS, ["crm", "erp"], build=build)
    yield app
    app.close()


@pytest.fixture
async def places(client: httpx.AsyncClient, database: Path) -> dict[str, str]:
    crm, used = await created(client, "crm"), await created(client, "used")
    mark_in_use(database, used["id"])
    mark_in_use(database, plant_connection(database, app="salesforce", name="used", project="erp"))
    assert (await client.post(f"{RAW}/KEY", json=of_secret())).status_code == 200
    return {
        "crm": crm["id"],
        "used": used["id"],
        "aws": plant_connection(database, app="aws", name="cloud"),
        "project": await project_id(client),
        "busy": await project_id(client, "erp"),
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
async def test_is_refused(case: Case, client: httpx.AsyncClient, places: dict[str, str], build: Build) -> None:
    response = await client.request(case.method, case.path.format(**places), **case.send)

    expected = (case.status, case.error, case.fragment)
    status, error, fragment = case.older if case.older and build is OLDER else expected
    answer = response.json()
    assert (response.status_code, answer["statusCode"], answer["error"]) == (status, status, error)
    assert fragment in answer["message"]
    assert re.fullmatch(r"req-[0-9A-Za-z]{14}", answer["reqId"])
    assert answer.keys() == {"reqId", "statusCode", "message", "error"}
    assert KEY not in response.text
    assert SECRET not in response.text


TURNED_AWAY = [
    ("no token", None, 401, "UnauthorizedError", "Token missing"),
    ("another scheme", "Basic eDp5", 401, "UnauthorizedError", "Token missing"),
    ("a revoked token", "Bearer {revoked}", 401, "UnauthorizedError", "revoked"),
    ("garbage", "Bearer garbage", 403, "TokenError", "invalid"),
    ("an expired token", "Bearer {expired}", 403, "TokenError", "expired"),
    ("a service token", "Bearer st.a.b", 403, "ForbiddenError", "Service tokens"),
    ("a role without the permission", "Bearer {nobody}", 403, "PermissionDenied", "not allowed to read on app-connections"),
    ("a token that is used up", "Bearer {used}", 400, "BadRequest", "usage limit"),
]


@pytest.fixture
def tokens(database: Path) -> dict[str, str]:
    revoked = issue_token(database)
    revoke_tokens(database)
    create_identity(database, "nobody", Permissions(connections=frozenset()))
    nobody, used = issue_token(database, "nobody"), issue_token(database, uses_limit=1)
    return {"revoked": revoked, "expired": issue_token(database, ttl_seconds=-9), "nobody": nobody, "used": used}


@pytest.mark.parametrize(
    ("header", "status", "error", "fragment"), [row[1:] for row in TURNED_AWAY], ids=[row[0] for row in TURNED_AWAY]
)
async def test_is_turned_away(
    header: str | None, status: int, error: str, fragment: str, anonymous: httpx.AsyncClient, tokens: dict[str, str]
) -> None:
    headers = {"Authorization": header.format(**tokens)} if header else {}
    if status == 400:
        assert (await anonymous.get(BASE, headers=headers)).status_code == 200
    response = await anonymous.get(BASE, headers=headers)

    answer = response.json()
    assert (response.status_code, answer["statusCode"], answer["error"]) == (status, status, error)
    assert fragment in answer["message"]
    if error == "PermissionDenied":
        rule = {"action": "read", "subject": "app-connections", "inverted": False, "conditions": None}
        assert answer["details"] == [rule]


LOG_INS: list[tuple[str, str, dict[str, str], int, str]] = [
    ("an unknown client", "universal-auth/login", {"clientId": NOBODY}, 401, "UnauthorizedError"),
    ("a wrong secret", "universal-auth/login", {"clientSecret": "wrong"}, 401, "UnauthorizedError"),
    ("an unknown organisation", "universal-auth/login", {"organizationSlug": "nope"}, 404, "NotFound"),
    ("its name in some builds", "universal-auth/login", {"subOrganizationName": "nope"}, 404, "NotFound"),
    ("an identity with no OIDC", "oidc-auth/login", {"identityId": NOBODY, "jwt": "a.b.c"}, 401, "UnauthorizedError"),
    ("garbage to renew", "token/renew", {"accessToken": "garbage"}, 403, "TokenError"),
    ("a revoked token to renew", "token/renew", {"accessToken": "{revoked}"}, 401, "UnauthorizedError"),
    ("an expired token to renew", "token/renew", {"accessToken": "{expired}"}, 401, "UnauthorizedError"),
    ("garbage to revoke", "token/revoke", {"accessToken": "garbage"}, 403, "TokenError"),
    ("a revoked token to revoke", "token/revoke", {"accessToken": "{revoked}"}, 401, "UnauthorizedError"),
]


@pytest.mark.parametrize("encoding", ["json", "data"])
@pytest.mark.parametrize(("path", "given", "status", "error"), [row[1:] for row in LOG_INS], ids=[row[0] for row in LOG_INS])
async def test_a_log_in_is_refused(
    path: str,
    given: dict[str, str],
    status: int,
    error: str,
    encoding: str,
    anonymous: httpx.AsyncClient,
    database: Path,
    tokens: dict[str, str],
) -> None:
    made = create_identity(database, "ci")
    sent = {"clientId": made.client_id, "clientSecret": made.client_secret, **given}
    sent = {key: value.format(**tokens) for key, value in sent.items()}
    response = await anonymous.request("POST", f"{AUTH}/{path}", **{encoding: sent})  # type: ignore[arg-type]

    answer = response.json()
    assert (response.status_code, answer["statusCode"], answer["error"]) == (status, status, error)
    assert not any(value in response.text for value in sent.values() if len(value) > 30)


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
        ("PUT", f"{RAW}/KEY"),
        ("DELETE", f"{RAW}/A/B"),
        ("GET", "/api/v1/auth/token/renew"),
    ],
)
async def test_an_unknown_path_or_wrong_verb_is_a_404_without_a_request_id(
    method: str, path: str, client: httpx.AsyncClient
) -> None:
    response = await client.request(method, path)

    assert response.status_code == 404
    message = f"Route {method}:{path} not found"
    assert response.json() == {"message": message, "error": "Not Found", "statusCode": 404}


async def test_a_gateway_pool_is_refused_by_builds_that_know_what_it_is(client: httpx.AsyncClient, build: Build) -> None:
    response = await client.post(SALESFORCE, json=body(gatewayPoolId=NOBODY))

    assert response.status_code == (200 if build is OLDER else 422)


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
    for path in ("/api/status", BASE, "/nothing", NOT_AN_ID, f"{BASE}/%zz"):
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
