"""The simulated orgs answer a token request the way Salesforce does."""

import json
from typing import Any

import httpx
import pytest

from reconciler.embedded import SimulatedApp, SimulatedOrg, salesforce_app
from reconciler.embedded.salesforce import TOKEN_REFUSALS, SalesforceAnswer, UnknownHost, ask_salesforce
from tests.embedded.conftest import HOST, KEY, ORGS, SECRET, Json, in_process

pytestmark = pytest.mark.anyio

TOKEN = "/services/oauth2/token"


def form(**changes: str) -> dict[str, str]:
    return {"grant_type": "client_credentials", "client_id": KEY, "client_secret": SECRET, **changes}


def org(fault_of_org: str | None = None, /, **app: Any) -> list[SimulatedOrg]:
    return [SimulatedOrg(HOST, (SimulatedApp(KEY, SECRET, **app),), fault_of_org)]


def said(answer: SalesforceAnswer) -> tuple[int, str, str]:
    body: Json = json.loads(answer.body)
    return answer.status, body["error"], body["error_description"]


async def test_the_right_credentials_get_a_bearer_token_that_names_org_and_user() -> None:
    answer = await ask_salesforce(org(run_as="ci@acme.example", scopes=("api", "id")), HOST, form())
    body: Json = json.loads(answer.body)

    assert (answer.status, answer.content_type) == (200, "application/json;charset=UTF-8")
    assert body.keys() == {"access_token", "signature", "scope", "instance_url", "id", "token_type", "issued_at"}
    assert (body["token_type"], body["scope"], body["instance_url"]) == ("Bearer", "api id", f"https://{HOST}")
    assert body["access_token"].startswith("00D")
    assert "!" in body["access_token"]
    assert len(body["issued_at"]) == 13
    org_id, user_id = body["id"].removeprefix("https://login.salesforce.com/id/").split("/")
    assert (len(org_id), org_id[:3], len(user_id), user_id[:3]) == (18, "00D", 18, "005")


async def test_the_same_question_gets_the_same_token_and_ids() -> None:
    first, second = [json.loads((await ask_salesforce(ORGS, HOST.upper(), form())).body) for _ in range(2)]

    assert (first["access_token"], first["id"]) == (second["access_token"], second["id"])


async def test_another_user_of_the_org_is_another_user_id_in_the_same_org() -> None:
    ids = [json.loads((await ask_salesforce(org(run_as=user), HOST, form())).body)["id"].split("/") for user in ("a", "b")]

    assert ids[0][-2] == ids[1][-2]
    assert ids[0][-1] != ids[1][-1]


@pytest.mark.parametrize(
    ("orgs", "host", "sent", "fault"),
    [
        (org(), HOST, form(grant_type="password"), "E5"),
        (org(), HOST, {}, "E5"),
        (org(), HOST, form(client_id="unknown"), "E3"),
        (org(), HOST, form(client_id=""), "E4"),
        (org(), HOST, form(client_secret="wrong"), "E4"),
        (org(), HOST, form(client_secret="wröng"), "E4"),
        (org(), HOST, form(scope="api"), "E13"),
        (org(run_as=""), HOST, form(), "E1"),
        (org(), "login.salesforce.com", form(), "E2"),
        (org(), "test.salesforce.com", form(), "E2"),
        (org("E11"), HOST, {}, "E11"),
        (org(fault="E7"), HOST, form(), "E7"),
        (org(fault="E7"), HOST, form(client_secret="wrong"), "E4"),
    ],
)
async def test_a_refusal_names_its_cause(orgs: list[SimulatedOrg], host: str, sent: dict[str, str], fault: str) -> None:
    assert said(await ask_salesforce(orgs, host, sent)) == TOKEN_REFUSALS[fault]


@pytest.mark.parametrize("fault", [name for name in TOKEN_REFUSALS if name != "E18"])
async def test_an_app_can_be_given_any_fault(fault: str) -> None:
    assert said(await ask_salesforce(org(fault=fault), HOST, form())) == TOKEN_REFUSALS[fault]


async def test_maintenance_is_a_503_with_a_page() -> None:
    answer = await ask_salesforce(org("E18"), HOST, form())

    assert (answer.status, answer.content_type) == (503, "text/html;charset=UTF-8")
    assert answer.body.startswith(b"<html>")


async def test_a_host_no_org_has_is_unknown() -> None:
    with pytest.raises(UnknownHost) as caught:
        await ask_salesforce(ORGS, "other.my.salesforce.com", form())

    assert caught.value.host == "other.my.salesforce.com"


def test_an_unknown_fault_is_refused_when_the_org_is_described() -> None:
    with pytest.raises(ValueError, match="unknown fault 'E99'"):
        SimulatedApp("k", "s", fault="E99")
    with pytest.raises(ValueError, match="unknown fault"):
        SimulatedOrg(HOST, fault="e1")


async def test_neither_org_nor_app_nor_answer_shows_a_secret_in_its_repr() -> None:
    shown = repr(ORGS) + repr(await ask_salesforce(ORGS, HOST, form()))

    assert KEY not in shown
    assert SECRET not in shown
    assert "access_token" not in shown


async def test_a_delayed_org_still_answers() -> None:
    answer = await ask_salesforce([SimulatedOrg(HOST, (SimulatedApp(KEY, SECRET),), delay_ms=1)], HOST, form())

    assert answer.status == 200


async def test_the_app_tells_orgs_apart_by_the_host_header() -> None:
    async with in_process(salesforce_app(ORGS)) as client:

        async def ask(host: str) -> httpx.Response:
            return await client.post(TOKEN, data=form(), headers={"Host": host})

        assert (await ask(HOST)).json()["token_type"] == "Bearer"
        assert (await ask(f"{HOST}:8443")).status_code == 200
        assert (await ask("down.my.salesforce.com")).status_code == 503
        unknown = await ask("other.my.salesforce.com")
        assert (unknown.status_code, unknown.headers["content-type"]) == (404, "text/html; charset=utf-8")
        assert len(unknown.headers.get_list("date")) == 1


async def test_the_app_lists_its_api_versions() -> None:
    async with in_process(salesforce_app(ORGS)) as client:
        response = await client.get("/services/data", headers={"Host": HOST})

        assert response.json()[0].keys() == {"label", "url", "version"}
        assert (await client.get("/services/data", headers={"Host": "other.example"})).status_code == 404
