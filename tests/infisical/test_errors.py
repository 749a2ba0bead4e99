"""Every refusal Infisical is known to give: its kind, and what a person is told of it."""

import pytest

from reconciler.infisical import (
    AlreadyExists,
    CredentialsRefused,
    InfisicalError,
    InUse,
    ListBroken,
    NoRoute,
    NotFound,
    PermissionDenied,
    Reader,
    ServerFailed,
    TokenRefused,
    Unexpected,
    Unprocessable,
    WireError,
    Writer,
    WrongApp,
    explain_failure,
)
from reconciler.model import ORGANISATION, Location, Secret, Severity
from tests.infisical.conftest import HOST, KEY, SECRET, TOKEN, Answering, credentials
from tests.wire.raw import always, refusal, replied

pytestmark = pytest.mark.anyio

ID = "0c9e2b4e-0f7c-4f7a-9d53-1d1f2c3b4a5d"
FAILED_LOGIN = "Failed to validate credentials: Request failed with status code 400"
ISSUES = [
    {"code": "too_small", "path": ["credentials", "consumerKey"], "message": "String must contain at least 1 character(s)"},
    {"code": "invalid", "path": ["name"], "message": "Must be a valid slug"},
]
TABLE: list[tuple[int, str, object, type[InfisicalError], str]] = [
    (400, "BadRequest", 'An App Connection with the name "crm" already exists', AlreadyExists, "lifecycle.adopt"),
    (400, "BadRequest", "Cannot delete App Connection with existing connections. Remove all", InUse, "secret syncs"),
    (400, "BadRequest", 'App Connection with ID x is not for App "Salesforce"', WrongApp, "another app"),
    (400, "BadRequest", FAILED_LOGIN, CredentialsRefused, "Run As"),
    (400, "BadRequest", "Unable to validate connection: ENOTFOUND", CredentialsRefused, "instanceUrl"),
    (400, "BadRequest", "Unexpected token type received from Salesforce", CredentialsRefused, "instanceUrl"),
    (400, "BadRequest", "Local and private IP addresses are not allowed as URL", InfisicalError, "its logs"),
    (400, "CryptographyError", "Something about keys", InfisicalError, "its logs"),
    (401, "UnauthorizedError", "Token missing", TokenRefused, "INFISICAL_TOKEN"),
    (403, "TokenError", "Your token has expired", TokenRefused, "INFISICAL_TOKEN"),
    (
        403,
        "PermissionDenied",
        "You are not allowed to read on app-connections",
        PermissionDenied,
        "plan needs read; apply needs read",
    ),
    (403, "ForbiddenError", "Service tokens may not", PermissionDenied, "service token"),
    (403, "PermissionBoundaryError", "no", PermissionDenied, "permission"),
    (403, "PolicyViolationError", "no", PermissionDenied, "permission"),
    (403, "https://infisical.example/auth", "Mode not allowed", PermissionDenied, "permission"),
    (404, "NotFound", "Could not find App Connection with ID x", NotFound, "deleted"),
    (404, "Not Found", "Route GET:/api/v1/app-connections not found", NoRoute, "infisical.url"),
    (404, "", "", NoRoute, "infisical.url"),
    (410, "Gone", "Moved on", InfisicalError, "its logs"),
    (422, "ValidationFailure", ISSUES, Unprocessable, "version"),
    (500, "InternalServerError", "Something went wrong", ServerFailed, "first looks up what was done"),
    (500, "DatabaseError", "hidden", ServerFailed, "first looks up what was done"),
    (504, "GatewayTimeoutError", "slow", ServerFailed, "first looks up what was done"),
]


@pytest.mark.parametrize(("status", "name", "message", "kind", "step"), TABLE)
@pytest.mark.parametrize("write", [True, False])
async def test_every_refusal_has_its_kind_the_request_id_and_a_next_step(
    status: int, name: str, message: object, kind: type[InfisicalError], step: str, write: bool, answering: Answering
) -> None:
    async with answering(always(refusal(status, name, message))) as (_, client):
        writer, reader = Writer(client), Reader(client)
        asks = writer.create("crm", "", ORGANISATION, HOST, credentials()) if write else reader.knows_salesforce()
        with pytest.raises(InfisicalError) as caught:
            await asks
    failure = caught.value
    assert type(failure) is kind
    assert (failure.status, failure.request_id) == (status, "req-Abc123")
    place = Location("crm.yaml", 4, 9)
    told = explain_failure(failure, "create crm", address="crm", location=place)
    assert told.severity is Severity.ERROR
    assert (told.summary, told.address, told.location) == ("Could not create crm.", "crm", place)
    assert f"({status}, request req-Abc123)" in told.detail
    assert told.detail.startswith("Infisical says: ")
    assert step in told.hint


async def test_a_422_names_each_field_and_what_is_wrong_with_it(answering: Answering) -> None:
    async with answering(always(refusal(422, "ValidationFailure", ISSUES))) as (_, client):
        with pytest.raises(Unprocessable) as caught:
            await Writer(client).update(ID, name="A B")
    assert "credentials.consumerKey: String must contain at least 1 character(s); name: Must be a valid slug" in str(
        caught.value
    )


@pytest.mark.parametrize(
    "message",
    [None, 5, {}, [], [None, "text", 5], [{"path": None, "message": None}], [{"path": "name"}], [{}], {"a": ["b"]}],
)
@pytest.mark.parametrize("status", [400, 403, 422])
async def test_a_refusal_in_an_unknown_shape_is_still_a_refusal(message: object, status: int, answering: Answering) -> None:
    strange = replied(status, {"message": message, "error": 5, "reqId": None})
    async with answering(always(strange)) as (_, client):
        with pytest.raises(InfisicalError) as caught:
            await Reader(client).knows_salesforce()
    told = explain_failure(caught.value, "look")
    assert f"({status})" in told.detail
    assert told.hint


@pytest.mark.parametrize("body", [[], "no", 5, None, True])
@pytest.mark.parametrize("status", [400, 404, 422])
async def test_a_refusal_that_is_no_object_is_still_a_refusal(body: object, status: int, answering: Answering) -> None:
    async with answering(always(replied(status, body))) as (_, client):
        with pytest.raises(InfisicalError, match=f"status {status} without a message"):
            await Reader(client).knows_salesforce()


async def test_control_characters_of_a_refusal_are_made_visible_and_long_ones_cut(answering: Answering) -> None:
    rude = replied(400, {"message": "a\x1b[2Jb\n\n  c\u202e" + "x" * 9000, "error": "BadRequest", "reqId": "req\x1b[31m"})
    async with answering(always(rude)) as (_, client):
        with pytest.raises(InfisicalError) as caught:
            await Reader(client).knows_salesforce()
    told = explain_failure(caught.value, "look")
    assert told.detail.startswith("Infisical says: a\ufffd[2Jb c\ufffdxxx")
    assert told.detail.isprintable()
    assert "req\ufffd[31m" in told.detail
    assert len(told.detail) < 500


@pytest.mark.parametrize("path", ["all", "salesforce"])
async def test_a_404_on_a_list_is_an_error_of_its_own_and_never_an_empty_list(path: str, answering: Answering) -> None:
    """A project that still held a connection was deleted: Infisical answers this to everyone."""
    async with answering(always(refusal(404, "NotFound", "Project with ID 'x' not found"))) as (_, client):
        reader = Reader(client)
        with pytest.raises(ListBroken) as caught:
            await (reader.connections() if path == "all" else reader.salesforce_connections())
    assert not isinstance(caught.value, NotFound)
    assert "a project that still held connections was deleted" in explain_failure(caught.value, "look").hint


async def test_a_404_of_an_unknown_path_does_not_say_that_a_connection_is_gone(answering: Answering) -> None:
    lost = replied(404, {"message": "Route GET:/x not found", "error": "Not Found", "statusCode": 404})
    async with answering(always(lost)) as (_, client):
        reader, writer = Reader(client), Writer(client)
        for call in (
            reader.connection(ID),
            reader.connection_named("crm", ORGANISATION),
            reader.project_by_slug("crm"),
            reader.connections(),
            writer.delete(ID),
        ):
            with pytest.raises(NoRoute):
                await call
        assert await reader.organisation() is None


@pytest.mark.parametrize(
    "message",
    [
        f"consumerSecret {SECRET} is wrong",
        [{"path": ["credentials", SECRET], "message": "bad"}],
        [{"path": [], "message": f"got {KEY}"}],
        "x" * 390 + SECRET,
        f"the token {TOKEN} may not",
    ],
)
@pytest.mark.parametrize("status", [400, 403, 422, 500])
async def test_a_refusal_that_repeats_a_secret_is_withheld(message: object, status: int, answering: Answering) -> None:
    async with answering(always(refusal(status, "BadRequest", message))) as (_, client):
        writer = Writer(client)
        for write in (
            writer.create("crm", "", ORGANISATION, HOST, credentials()),
            writer.update(ID, instance_url=HOST, credentials=credentials()),
        ):
            with pytest.raises(InfisicalError) as caught:
                await write
            told = explain_failure(caught.value, "create crm")
            shown = f"{caught.value!s} {caught.value!r} {vars(caught.value)} {told}"
            for secret in (SECRET, KEY, TOKEN):
                assert secret not in shown
                assert secret[:8] not in shown
            assert "(not shown, because the message repeats a credential)" in told.detail
            assert f"({status}" in told.detail


async def test_a_withheld_refusal_keeps_its_kind(answering: Answering) -> None:
    taken = refusal(400, "BadRequest", f"{KEY} already exists")
    async with answering(always(taken)) as (_, client):
        with pytest.raises(AlreadyExists):
            await Writer(client).create("crm", "", ORGANISATION, HOST, credentials())


async def test_a_page_that_repeats_a_secret_is_withheld(answering: Answering) -> None:
    from tests.wire.raw import reply

    async with answering(always(reply(403, f"<p>{SECRET}</p>"))) as (_, client):
        with pytest.raises(WireError) as caught:
            await Writer(client).create("crm", "", ORGANISATION, HOST, credentials())
    told = explain_failure(caught.value, "create crm")
    assert SECRET not in str(told)
    assert "repeats a credential" in told.detail
    assert told.hint


def test_credentials_show_no_secret() -> None:
    shown = f"{credentials()!r} {credentials()}"
    assert SECRET not in shown
    assert KEY not in shown
    assert Secret(SECRET) in tuple(credentials())


async def test_what_an_unexpected_answer_lacks_is_not_put_into_infisicals_mouth(answering: Answering) -> None:
    async with answering(always(replied(200, {}))) as (_, client):
        with pytest.raises(Unexpected) as caught:
            await Reader(client).connections()
    told = explain_failure(caught.value, "read")
    assert told.detail == "The answer lacks `appConnections`, or has a value of the wrong type there. (200)"
    assert "infisical.url" in told.hint
