"""Answers of older and newer builds, and answers that are not what the API promises: never a KeyError or a TypeError."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.infisical import InfisicalError, NotAnAnswer, Organisation, Reader, Unexpected, Writer
from reconciler.infisical.reader import decode_connection
from reconciler.model import ORGANISATION, LiveConnection, Scope
from tests.infisical.conftest import HOST, Answering, credentials
from tests.wire.raw import always, in_turn, refusal, replied, reply

pytestmark = pytest.mark.anyio

ID = "0c9e2b4e-0f7c-4f7a-9d53-1d1f2c3b4a5d"
LEAST = {"id": ID, "app": "salesforce", "name": "crm"}
FULL = LEAST | {
    "description": None,
    "method": "client-credentials",
    "credentials": {"instanceUrl": "acme.my.salesforce.com"},
    "credentialsHash": "a" * 64,
    "version": 2,
    "orgId": "org-1",
    "projectId": "project-1",
    "createdAt": "2026-11-01T10:00:00.000Z",
    "updatedAt": "2026-11-01T10:00:01.000Z",
    "isPlatformManagedCredentials": False,
    "gatewayId": None,
    "gatewayPoolId": None,
    "isAutoRotationEnabled": False,
    "project": {"name": "CRM", "id": "project-1", "type": "secret-manager", "slug": "crm"},
}


def test_a_connection_is_decoded_whole() -> None:
    assert decode_connection(FULL) == LiveConnection(
        ID,
        "salesforce",
        "crm",
        "",
        Scope("project-1", "crm"),
        "org-1",
        "acme.my.salesforce.com",
        "a" * 64,
        "2026-11-01T10:00:00.000Z",
        "2026-11-01T10:00:01.000Z",
    )
    assert decode_connection(FULL).scope.project_slug == "crm"


def test_keys_that_older_builds_lack_are_not_needed() -> None:
    least = decode_connection(LEAST)
    assert (least.scope, least.description, least.credentials_hash, least.instance_url) == (ORGANISATION, "", None, "")
    for key in FULL.keys() - LEAST.keys():
        decode_connection({name: value for name, value in FULL.items() if name != key})


def test_keys_that_newer_builds_add_are_ignored() -> None:
    assert decode_connection(FULL | {"configuration": {"a": 1}, "rotation": [1], "new": None}) == decode_connection(FULL)


def test_the_organisation_scope_is_no_project_or_null() -> None:
    for scope in ({"projectId": None, "project": None}, {"projectId": None}, {}):
        assert decode_connection(LEAST | scope).scope == ORGANISATION


@pytest.mark.parametrize("key", sorted(LEAST))
def test_a_connection_that_lacks_what_it_cannot_be_without_is_an_infisical_error(key: str) -> None:
    with pytest.raises(InfisicalError, match=f"lacks `{key}`"):
        decode_connection({name: value for name, value in FULL.items() if name != key})


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)


@given(st.dictionaries(st.sampled_from(sorted(FULL)), json_values), st.booleans())
def test_whatever_is_in_a_connection_it_is_decoded_or_refused(odd: dict[str, Any], complete: bool) -> None:
    try:
        live = decode_connection(FULL | odd if complete else odd)
    except InfisicalError:
        return
    texts = (live.id, live.app, live.name, live.description, live.organisation_id, live.instance_url, live.created_at)
    assert all(isinstance(text, str) for text in texts)
    assert live.id
    assert live.credentials_hash is None or isinstance(live.credentials_hash, str)


async def everything(reader: Reader, writer: Writer) -> list[Callable[[], Awaitable[object]]]:
    return [
        reader.connections,
        reader.salesforce_connections,
        lambda: reader.salesforce_connections("project-1"),
        lambda: reader.connection(ID),
        lambda: reader.connection_named("crm", ORGANISATION),
        reader.knows_salesforce,
        lambda: reader.project_by_slug("crm"),
        reader.organisation,
        lambda: writer.create("crm", "", ORGANISATION, HOST, credentials()),
        lambda: writer.update(ID, name="x"),
    ]


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        None,
        "text",
        {"appConnections": None, "appConnection": None, "appConnectionOptions": None, "identityDetails": None},
        {"appConnections": {}, "appConnection": [], "appConnectionOptions": {}, "identityDetails": []},
        {"appConnections": ["x"], "appConnection": "x", "appConnectionOptions": ["x"], "identityDetails": "x"},
        {"appConnections": [{}], "appConnection": {}, "appConnectionOptions": [5], "identityDetails": {}},
        {"identityDetails": {"organization": None}, "id": None, "slug": 5},
        {"identityDetails": {"organization": {"id": 5}}, "id": "x"},
        {"identityDetails": {"organization": []}, "slug": "x"},
    ],
)
async def test_an_answer_that_is_not_what_is_promised_is_an_infisical_error(body: object, answering: Answering) -> None:
    async with answering(always(replied(200, body))) as (_, client):
        for call in await everything(Reader(client), Writer(client)):
            with pytest.raises(Unexpected):
                await call()


async def test_a_page_or_half_an_answer_is_not_an_answer_to_any_call(answering: Answering) -> None:
    for page in (reply(200, "<html>"), reply(200, '{"appConnections": [{'), reply(200)):
        async with answering(always(page)) as (_, client):
            for call in await everything(Reader(client), Writer(client)):
                with pytest.raises(NotAnAnswer):
                    await call()


async def test_an_organisation_without_a_name_or_that_cannot_be_asked_for_is_not_needed(answering: Answering) -> None:
    details = {"identityDetails": {"organization": {"id": "org-1", "slug": "x"}}}
    for answer, expected in [
        (replied(200, details), Organisation("org-1")),
        (refusal(403, "PermissionDenied", "no"), None),
        (refusal(404, "Not Found", "Route not found"), None),
    ]:
        async with answering(always(answer)) as (_, client):
            assert await Reader(client).organisation() == expected


async def test_an_old_server_without_salesforce_says_so(answering: Answering) -> None:
    options = {"appConnectionOptions": [{"app": "aws"}, {"name": "?"}]}
    async with answering(always(replied(200, options))) as (_, client):
        assert not await Reader(client).knows_salesforce()


@pytest.mark.parametrize("body", [{}, {"date": "soon"}, {"date": 5}, {"date": None}])
async def test_a_server_that_does_not_tell_the_time_leaves_our_own_clock(body: object, answering: Answering) -> None:
    async with answering(always(replied(200, body))) as (_, client):
        now = await Reader(client).clock()
    assert abs(datetime.now(UTC) - now) < timedelta(minutes=1)


async def test_the_servers_clock_is_what_counts(answering: Answering) -> None:
    async with answering(always(replied(200, {"date": "2031-05-06T07:08:09.123Z"}))) as (_, client):
        assert await Reader(client).clock() == datetime(2031, 5, 6, 7, 8, 9, 123000, UTC)


async def test_a_write_whose_answer_is_not_what_is_promised_is_sent_once(answering: Answering) -> None:
    async with answering(in_turn(replied(200, {"appConnection": {}}), replied(200, {"appConnection": FULL}))) as (raw, client):
        with pytest.raises(Unexpected):
            await Writer(client).create("crm", "", ORGANISATION, HOST, credentials())
        assert raw.methods == ["POST"]


async def test_what_a_create_sends_is_what_the_api_takes(answering: Answering) -> None:
    import json

    async with answering(always(replied(200, {"appConnection": FULL}))) as (raw, client):
        await Writer(client).create("crm", "", ORGANISATION, HOST, credentials())
        await Writer(client).create("crm", "words", Scope("project-1", "crm"), HOST, credentials())
        await Writer(client).update(ID, description="")
    sent = {
        "instanceUrl": "acme.my.salesforce.com",
        "consumerKey": credentials().consumer_key.reveal(),
        "consumerSecret": credentials().consumer_secret.reveal(),
    }
    bodies = [json.loads(one.body) for one in raw.asked]
    assert bodies == [
        {"name": "crm", "method": "client-credentials", "credentials": sent},
        {
            "name": "crm",
            "method": "client-credentials",
            "credentials": sent,
            "description": "words",
            "projectId": "project-1",
        },
        {"description": None},
    ]
