"""From a machine identity to a token: exactly one try, and a refusal that says what to check."""

import traceback
from pathlib import Path

import pytest

from reconciler.embedded import create_identity, issue_token
from reconciler.embedded.testing import revoke_tokens
from reconciler.infisical import (
    Grant,
    InfisicalError,
    LoginRefused,
    Reader,
    ServerFailed,
    TokenRefused,
    WireError,
    explain_failure,
    obtain_access_token,
)
from reconciler.model import Secret
from reconciler.wire import Client
from tests.infisical.conftest import Answering
from tests.wire.raw import always, refusal, replied

pytestmark = pytest.mark.anyio

SECRET = "client-secret-0123456789"


async def universal(client: Client, client_id: str, secret: str) -> Grant:
    """Log in by universal auth."""
    return await obtain_access_token(
        client, "universal-auth", {"clientId": client_id, "clientSecret": secret}, (Secret(secret),)
    )


async def test_a_machine_identity_logs_in_and_its_token_opens_the_api(api: Client, database: Path) -> None:
    identity = create_identity(database, "ci")
    grant = await universal(api, identity.client_id, identity.client_secret)
    assert str(grant.token) == "***"
    assert grant.seconds == 2_592_000
    api.authorise(grant.token)
    assert await Reader(api).connections() == ()


async def test_a_wrong_secret_is_refused_and_the_right_one_still_works_afterwards(api: Client, database: Path) -> None:
    """Three tries lock the identity: a refused log-in that was repeated would."""
    identity = create_identity(database, "ci")
    for _ in range(2):
        with pytest.raises(LoginRefused):
            await universal(api, identity.client_id, "wrong")
    assert await universal(api, identity.client_id, identity.client_secret)


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refused_login_is_tried_exactly_once_and_says_what_to_check(status: int, answering: Answering) -> None:
    name = "UnauthorizedError" if status == 401 else "TokenError"
    async with answering(always(refusal(status, name, "Invalid credentials"))) as (raw, client):
        with pytest.raises(LoginRefused) as caught:
            await universal(client, "id", SECRET)
        assert len(raw.asked) == 1
    told = explain_failure(caught.value, "log in")
    assert "check the identity's id and credentials" in told.hint
    assert "Infisical locks an identity for 5 minutes" in told.hint
    assert f"Invalid credentials ({status}, request req-Abc123)" in told.detail


async def test_a_login_that_the_server_fails_at_is_not_repeated_either(answering: Answering) -> None:
    for answer, kind in [(refusal(500, "InternalServerError", "no"), ServerFailed), (None, WireError)]:
        async with answering(always(answer)) as (raw, client):
            with pytest.raises(kind):
                await universal(client, "id", SECRET)
            assert len(raw.asked) == 1


@pytest.mark.parametrize("body", [{}, {"accessToken": None}, {"accessToken": ""}, {"accessToken": 5}, []])
async def test_a_login_without_a_token_is_an_error(body: object, answering: Answering) -> None:
    async with answering(always(replied(200, body))) as (_, client):
        with pytest.raises(InfisicalError):
            await universal(client, "id", SECRET)


async def test_a_login_that_repeats_the_secret_is_withheld(answering: Answering) -> None:
    async with answering(always(refusal(401, "UnauthorizedError", f"{SECRET} is wrong"))) as (_, client):
        with pytest.raises(LoginRefused) as caught:
            await universal(client, "id", SECRET)
    trace = "".join(traceback.format_exception(caught.value))
    shown = trace + repr(vars(caught.value)) + str(explain_failure(caught.value, "log in"))
    assert SECRET not in shown


@pytest.mark.parametrize("token", ["", "garbage", "st.service.token.of.old", "expired", "revoked"])
async def test_a_token_that_does_not_count_is_refused_with_a_next_step(token: str, api: Client, database: Path) -> None:
    match token:
        case "expired":
            api.authorise(Secret(issue_token(database, ttl_seconds=-10)))
        case "revoked":
            revoke_tokens(database)
        case _:
            api.authorise(Secret(token))
    with pytest.raises(InfisicalError) as caught:
        await Reader(api).connections()
    assert caught.value.request_id.startswith("req-")
    if token.startswith("st."):
        assert "service token" in explain_failure(caught.value, "read").hint
    else:
        assert isinstance(caught.value, TokenRefused)
        assert "INFISICAL_TOKEN" in explain_failure(caught.value, "read").hint
