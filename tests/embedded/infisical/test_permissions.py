"""Who may do what: each permission taken away in turn, and lists that are partial without a word."""

import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import httpx
import pytest

from reconciler.embedded import create_identity, infisical_app
from reconciler.embedded.infisical import CONNECTION_ACTIONS, Membership, Permissions
from reconciler.embedded.testing import plant_connection
from tests.embedded.conftest import BASE, HOST, KEY, ORGS, SALESFORCE, SECRET, body, in_process

pytestmark = pytest.mark.anyio

As = Callable[[Permissions], AbstractAsyncContextManager[httpx.AsyncClient]]


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "infisical.db"


@pytest.fixture
def acting_as(database: Path) -> As:
    """A client whose identity has these permissions, of an API with the projects crm and erp."""

    @asynccontextmanager
    async def acting_as(permissions: Permissions) -> AsyncIterator[httpx.AsyncClient]:
        app = infisical_app(database, ORGS, ["crm", "erp"])
        made = create_identity(database, str(uuid.uuid4()), permissions)
        async with in_process(app) as client:
            credentials = {"clientId": made.client_id, "clientSecret": made.client_secret}
            token = (await client.post("/api/v1/auth/universal-auth/login", json=credentials)).json()["accessToken"]
            client.headers["authorization"] = f"Bearer {token}"
            yield client
        app.close()

    return acting_as


def without(action: str) -> frozenset[str]:
    return CONNECTION_ACTIONS - {action}


def requests(connection_id: str, project_id: str | None) -> dict[str, list[tuple[str, str, object]]]:
    """Requests that need an action: verb, path, body."""
    query = f"?projectId={project_id}" if project_id else ""
    scoped = {"projectId": project_id} if project_id else {}
    one = f"{SALESFORCE}/{connection_id}"
    return {
        "read": [("GET", f"{SALESFORCE}{query}", None), ("GET", one, None), ("GET", f"{BASE}{query}", None)],
        "create": [("POST", SALESFORCE, body("new", **scoped))],
        "edit": [("PATCH", one, {"description": "other"}), ("POST", f"{one}/rotate-credentials", None)],
        "delete": [("DELETE", one, None)],
    }


@pytest.mark.parametrize("scope", ["organisation", "project"])
@pytest.mark.parametrize("action", ["read", "create", "edit", "delete"])
async def test_without_an_action_what_needs_it_is_refused_by_name(
    action: str, scope: str, acting_as: As, database: Path
) -> None:
    async with acting_as(Permissions()) as all_may:
        project_id = str((await all_may.get("/api/v1/projects/slug/crm")).json()["id"]) if scope == "project" else None
    planted = plant_connection(database, app="salesforce", name="crm", project="crm" if project_id else None)
    permissions = Permissions(connections=without(action))
    if project_id:
        permissions = Permissions(projects={"crm": Membership(connections=without(action))})
    async with acting_as(permissions) as client:
        for verb, path, content in requests(planted, project_id)[action]:
            answer = await client.request(verb, path, json=content) if content else await client.request(verb, path)
            assert (answer.status_code, answer.json()["error"]) == (403, "PermissionDenied"), (verb, path)
            assert answer.json()["message"] == f"You are not allowed to {action} on app-connections"
            assert answer.json()["details"][0]["action"] == action


async def test_with_just_what_it_needs_each_action_is_allowed(acting_as: As, database: Path) -> None:
    planted = plant_connection(database, app="salesforce", name="crm")
    for action, asked in requests(planted, None).items():
        async with acting_as(Permissions(connections=frozenset({action}))) as client:
            for verb, path, content in asked:
                answer = await client.request(verb, path, json=content) if content else await client.request(verb, path)
                assert answer.status_code == (404 if "rotate" in path else 200), (verb, path, answer.text)


async def test_a_list_leaves_out_what_may_not_be_read_and_does_not_say_so(acting_as: As, database: Path) -> None:
    async with acting_as(Permissions()):
        pass
    here = plant_connection(database, app="salesforce", name="here")
    hidden = plant_connection(database, app="aws", name="hidden")
    plant_connection(database, app="salesforce", name="member", project="crm")
    plant_connection(database, app="salesforce", name="stranger", project="erp")
    async with acting_as(Permissions(projects={"crm": Membership()}, hidden=frozenset({hidden}))) as client:
        everything = (await client.get(BASE)).json()["appConnections"]
        direct = await client.get(f"{SALESFORCE}/{here}")
        usable = (await client.get(f"{SALESFORCE}/available")).json()["appConnections"]
        projects = (await client.get("/api/v1/projects")).json()["projects"]
        stranger = await client.get("/api/v1/projects/slug/erp")
    assert [one["name"] for one in everything] == ["here", "member"]
    assert direct.status_code == 200
    assert [one["name"] for one in usable] == ["here"]
    assert [one["slug"] for one in projects] == ["crm"]
    assert (stranger.status_code, stranger.json()["error"]) == (403, "PermissionDenied")


async def test_a_create_is_refused_before_salesforce_is_asked_and_after_the_project_is_looked_for(acting_as: As) -> None:
    async with acting_as(Permissions(connections=without("create"))) as client:
        wrong = {"instanceUrl": HOST, "consumerKey": KEY, "consumerSecret": f"not-{SECRET}"}
        refused = await client.post(SALESFORCE, json=body("crm", credentials=wrong))
        nowhere = await client.post(SALESFORCE, json=body("crm", projectId="0c9e0000-0000-4000-8000-000000000001"))
        invalid = await client.post(SALESFORCE, json=body("CRM"))
    assert [one.status_code for one in (refused, nowhere, invalid)] == [403, 400, 422]


async def test_a_project_that_went_with_a_connection_breaks_the_lists_for_everyone(acting_as: As, database: Path) -> None:
    async with acting_as(Permissions()) as client:
        project_id = (await client.get("/api/v1/projects/slug/crm")).json()["id"]
        other = plant_connection(database, app="salesforce", name="other")
        plant_connection(database, app="salesforce", name="crm", project="crm")
        assert (await client.delete(f"/api/v1/projects/{project_id}")).status_code == 200
        lists = [await client.get(path) for path in (BASE, SALESFORCE)]
        erp = (await client.get("/api/v1/projects/slug/erp")).json()["id"]
        good = [await client.get(path) for path in (f"{SALESFORCE}/{other}", f"{BASE}?projectId={erp}")]
    assert [one.status_code for one in lists] == [404, 404]
    assert [one.status_code for one in good] == [200, 200]


async def test_a_project_that_went_with_another_apps_connection_breaks_only_the_list_of_all(
    acting_as: As, database: Path
) -> None:
    async with acting_as(Permissions()) as client:
        project_id = (await client.get("/api/v1/projects/slug/crm")).json()["id"]
        plant_connection(database, app="aws", name="cloud", project="crm")
        await client.delete(f"/api/v1/projects/{project_id}")
        assert [(await client.get(path)).status_code for path in (BASE, SALESFORCE)] == [404, 200]


async def test_an_empty_project_goes_without_harm(acting_as: As) -> None:
    async with acting_as(Permissions()) as client:
        project_id = (await client.get("/api/v1/projects/slug/crm")).json()["id"]
        gone = await client.delete(f"/api/v1/projects/{project_id}")
        assert (gone.status_code, gone.json()["project"]["slug"]) == (200, "crm")
        assert [(await client.get(path)).status_code for path in (BASE, f"/api/v1/projects/{project_id}")] == [200, 404]


async def test_who_makes_a_project_is_a_member_of_it(acting_as: As) -> None:
    async with acting_as(Permissions(projects={"crm": Membership()})) as client:
        made = (await client.post("/api/v1/projects", json={"projectName": "New", "slug": "new"})).json()["project"]
        assert (await client.post(SALESFORCE, json=body("in-new", projectId=made["id"]))).status_code == 200
        projects = (await client.get("/api/v1/projects")).json()["projects"]
    assert [one["slug"] for one in projects] == ["crm", "new"]
