"""What connections are and how they change."""

import json
import re
from itertools import pairwise
from pathlib import Path

import anyio
import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.embedded import infisical_app, issue_token
from reconciler.embedded.testing import plant_connection
from tests.embedded.conftest import (
    BASE,
    HOST,
    KEY,
    ORGS,
    SALESFORCE,
    SECRET,
    Json,
    body,
    created,
    credentials,
    in_process,
    project_id,
)

pytestmark = pytest.mark.anyio


async def changed(client: httpx.AsyncClient, connection: Json, change: Json) -> Json:
    response = await client.patch(f"{SALESFORCE}/{connection['id']}", json=change)
    assert response.status_code == 200, response.text
    after: Json = response.json()["appConnection"]
    return after


async def names(client: httpx.AsyncClient, path: str) -> list[str]:
    return [connection["name"] for connection in (await client.get(path)).json()["appConnections"]]


async def test_a_created_connection_shows_everything_but_its_secrets(client: httpx.AsyncClient) -> None:
    connection = await created(client, "crm", description=" CRM ")

    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", connection.pop("id"))
    assert re.fullmatch(r"[0-9a-f]{64}", connection.pop("credentialsHash"))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", connection["createdAt"])
    assert connection.pop("createdAt") == connection.pop("updatedAt")
    details = (await client.get("/api/v1/identities/details")).json()["identityDetails"]["organization"]
    assert connection == {
        "name": "crm",
        "description": "CRM",
        "app": "salesforce",
        "method": "client-credentials",
        "credentials": {"instanceUrl": HOST},
        "version": 2,
        "orgId": details["id"],
        "projectId": None,
        "isPlatformManagedCredentials": False,
        "gatewayId": None,
        "gatewayPoolId": None,
        "isAutoRotationEnabled": False,
    }
    assert (details["name"], details["slug"]) == ("Embedded", "embedded")


async def test_create_get_patch_and_delete_answer_with_the_same_object(client: httpx.AsyncClient) -> None:
    connection = await created(client)
    place = f"{SALESFORCE}/{connection['id']}"

    assert (await client.get(place)).json()["appConnection"] == connection
    assert (await client.get(place.upper().replace(SALESFORCE.upper(), SALESFORCE))).status_code == 200
    assert (await client.get(f"{SALESFORCE}/connection-name/crm")).json()["appConnection"] == connection
    assert (await client.delete(place)).json()["appConnection"] == connection
    assert (await client.get(place)).status_code == 404
    assert (await client.delete(place)).status_code == 404


async def test_values_are_trimmed_and_the_instance_url_is_kept_as_typed(client: httpx.AsyncClient) -> None:
    given = credentials("\ufeff HTTPS://Acme.My.Salesforce.com/\u00a0", f" {KEY}\n", f"\t{SECRET} ")
    given["instanceUrl"] = given["instanceUrl"].replace("HTTPS", "https")

    connection = await created(client, "  crm\u3000", credentials=given)

    assert connection["name"] == "crm"
    assert connection["credentials"] == {"instanceUrl": "https://Acme.My.Salesforce.com/"}


async def test_unknown_keys_and_inert_fields_are_accepted(client: httpx.AsyncClient) -> None:
    inert: Json = {"isPlatformManagedCredentials": False, "isAutoRotationEnabled": False}
    empty: Json = {"gatewayId": None, "gatewayPoolId": None, "rotation": None, "description": None}

    await created(client, App="Salesforce", configuration={"a": 1}, **inert, **empty)


async def test_the_project_is_told_in_lists_only(client: httpx.AsyncClient) -> None:
    crm = await project_id(client)
    await created(client, "of-the-organisation")
    of_project = await created(client, "of-the-project", projectId=crm)

    listed = (await client.get(SALESFORCE)).json()["appConnections"]

    assert "project" not in of_project
    assert of_project["projectId"] == crm
    assert [connection.pop("project") for connection in listed] == [
        None,
        {"name": "crm", "id": crm, "type": "secret-manager", "slug": "crm"},
    ]
    assert listed[1] == of_project


async def test_lists_are_sorted_by_lower_cased_name_and_hold_projects_too(client: httpx.AsyncClient, database: Path) -> None:
    crm = await project_id(client)
    for name, scope in (("m", {}), ("z", {"projectId": crm}), ("a", {})):
        await created(client, name, **scope)
    plant_connection(database, app="aws", name="Cloud")
    plant_connection(database, app="github", name="code", project="crm")

    assert await names(client, BASE) == ["a", "Cloud", "code", "m", "z"]
    assert await names(client, SALESFORCE) == ["a", "m", "z"]
    assert await names(client, f"{BASE}?projectId={crm}") == ["code", "z"]
    assert await names(client, f"{SALESFORCE}?projectId={crm}") == ["z"]
    assert await names(client, f"{SALESFORCE}?projectId=") == ["a", "m", "z"]


async def test_available_are_the_organisation_s_and_the_project_s_own_in_brief(client: httpx.AsyncClient) -> None:
    crm, erp = await project_id(client), await project_id(client, "erp")
    everywhere = await created(client, "everywhere")
    await created(client, "in-crm", projectId=crm)
    await created(client, "in-erp", projectId=erp)

    available = (await client.get(f"{SALESFORCE}/available?projectId={crm}")).json()["appConnections"]

    assert [connection["name"] for connection in available] == ["everywhere", "in-crm"]
    assert available[0] == {key: everywhere[key] for key in ("app", "name", "id", "projectId", "orgId")}
    assert await names(client, f"{SALESFORCE}/available") == ["everywhere"]


async def test_each_scope_is_a_name_space_of_its_own(client: httpx.AsyncClient) -> None:
    crm, erp = await project_id(client), await project_id(client, "erp")
    here = await created(client, "crm")
    there = await created(client, "crm", projectId=crm)
    await created(client, "crm", projectId=erp)

    assert (await client.post(SALESFORCE, json=body("crm", projectId=crm))).status_code == 400
    by_name = f"{SALESFORCE}/connection-name/crm"
    assert (await client.get(by_name)).json()["appConnection"]["id"] == here["id"]
    assert (await client.get(f"{by_name}?projectId={crm}")).json()["appConnection"]["id"] == there["id"]


async def test_bad_credentials_hide_a_duplicate_name(client: httpx.AsyncClient) -> None:
    await created(client, "crm")

    response = await client.post(SALESFORCE, json=body("crm", credentials=credentials(secret="wrong")))

    assert "validate credentials" in response.json()["message"]


async def test_salesforce_s_own_words_are_never_passed_on(client: httpx.AsyncClient) -> None:
    for key in ("key-without-run-as", "key-of-a-down-app", "unknown"):
        response = await client.post(SALESFORCE, json=body(credentials=credentials(key=key)))
        assert response.status_code == 400
        for word in ("invalid_", "user enabled", "maintenance", "client identifier"):
            assert word not in response.text


async def test_eight_creates_of_one_name_at_once_leave_one_connection(client: httpx.AsyncClient) -> None:
    statuses: list[int] = []

    async def create() -> None:
        statuses.append((await client.post(SALESFORCE, json=body())).status_code)

    async with anyio.create_task_group() as group:
        for _ in range(8):
            group.start_soon(create)

    assert sorted(statuses) == [200] + [400] * 7
    assert await names(client, SALESFORCE) == ["crm"]


async def test_forty_creates_at_once_all_succeed(client: httpx.AsyncClient) -> None:
    async with anyio.create_task_group() as group:
        for number in range(40):
            group.start_soon(created, client, f"crm-{number:02}")

    assert await names(client, SALESFORCE) == [f"crm-{number:02}" for number in range(40)]


async def test_a_patch_leaves_what_it_does_not_name(client: httpx.AsyncClient) -> None:
    before = await created(client, description="CRM")

    after = await changed(client, before, {"name": "sales"})

    assert after.pop("updatedAt") > before.pop("updatedAt")
    assert after == {**before, "name": "sales"}


async def test_every_patch_moves_updated_at_the_empty_one_too(client: httpx.AsyncClient) -> None:
    connection = await created(client)

    moments = [(await changed(client, connection, {}))["updatedAt"] for _ in range(20)]

    assert all(earlier < later for earlier, later in pairwise([connection["updatedAt"], *moments]))


async def test_a_description_of_null_and_of_nothing_stay_distinct(client: httpx.AsyncClient) -> None:
    connection = await created(client, description="CRM")

    assert (await changed(client, connection, {"description": ""}))["description"] == ""
    assert (await changed(client, connection, {}))["description"] == ""
    assert (await changed(client, connection, {"description": None}))["description"] is None
    assert (await changed(client, connection, {"description": " x "}))["description"] == "x"


async def test_a_patch_drops_method_scope_and_unknown_keys_without_a_word(client: httpx.AsyncClient) -> None:
    before = await created(client)
    sent = {"method": "oauth", "projectId": await project_id(client), "app": "aws", "orgId": "x", "ID": 1}

    after = await changed(client, before, sent)

    assert {**after, "updatedAt": ""} == {**before, "updatedAt": ""}


async def test_the_credentials_hash_moves_with_every_write_of_credentials_and_only_then(
    client: httpx.AsyncClient,
) -> None:
    connection = await created(client)
    first = connection["credentialsHash"]

    assert (await changed(client, connection, {"description": "x"}))["credentialsHash"] == first
    second = (await changed(client, connection, {"credentials": credentials()}))["credentialsHash"]
    third = (await changed(client, connection, {"credentials": credentials()}))["credentialsHash"]
    assert len({first, second, third}) == 3
    assert (await client.get(f"{SALESFORCE}/{connection['id']}")).json()["appConnection"]["credentialsHash"] == third


async def test_a_patch_with_credentials_salesforce_refuses_changes_nothing(client: httpx.AsyncClient) -> None:
    before = await created(client)
    change = {"name": "sales", "credentials": credentials(secret="wrong")}

    response = await client.patch(f"{SALESFORCE}/{before['id']}", json=change)

    assert response.status_code == 400
    assert (await client.get(f"{SALESFORCE}/{before['id']}")).json()["appConnection"] == before


async def test_a_patch_with_credentials_changes_the_instance_url(client: httpx.AsyncClient) -> None:
    connection = await created(client)

    after = await changed(client, connection, {"credentials": credentials(f"https://{HOST}/")})

    assert after["credentials"] == {"instanceUrl": f"https://{HOST}/"}


async def test_a_patch_of_another_app_s_connection_leaves_it_alone(client: httpx.AsyncClient, database: Path) -> None:
    cloud = plant_connection(database, app="aws", name="cloud", public={"accessKeyId": "AKIA"})
    before = (await client.get(BASE)).json()

    assert (await client.patch(f"{SALESFORCE}/{cloud}", json={"name": "mine"})).status_code == 400
    assert (await client.get(BASE)).json() == before


async def test_options_name_salesforce_among_others(client: httpx.AsyncClient) -> None:
    options = (await client.get(f"{BASE}/options")).json()["appConnectionOptions"]

    assert {"name": "Salesforce", "app": "salesforce", "methods": ["client-credentials"]} in options
    assert len(options) > 1


async def test_a_freed_name_can_be_used_again(client: httpx.AsyncClient) -> None:
    first = await created(client)
    await client.delete(f"{SALESFORCE}/{first['id']}")

    assert (await created(client))["id"] != first["id"]


@settings(deadline=None, max_examples=50)
@given(text=st.text(st.characters(codec=None), max_size=100))
def test_any_description_comes_back_as_it_was_sent_or_is_refused(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    database = tmp_path_factory.mktemp("description") / "embedded.db"
    app = infisical_app(database, ORGS)

    async def send() -> None:
        async with in_process(app, issue_token(database)) as client:
            content = ascii_json(body(description=text))
            response = await client.post(SALESFORCE, content=content, headers={"Content-Type": "application/json"})
            assert response.status_code == 200, response.text
            connection = response.json()["appConnection"]
            listed = (await client.get(SALESFORCE)).json()["appConnections"][0]
            assert connection["description"] == listed["description"]
            white = "\t\n\v\f\r \u00a0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff" + "".join(map(chr, range(0x2000, 0x200B)))
            assert connection["description"] == as_utf16(text).strip(white)

    anyio.run(send)
    app.close()


def ascii_json(value: Json) -> bytes:
    return json.dumps(value).encode()


def as_utf16(text: str) -> str:
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
