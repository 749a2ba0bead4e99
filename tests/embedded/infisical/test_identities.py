"""Who may ask: log-in, lockout, and the life of a token."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import jwt
import pytest

from reconciler.embedded import create_identity, infisical_app, issue_token
from reconciler.embedded.infisical import IdentityCredentials
from reconciler.embedded.infisical.database.store import Store
from reconciler.embedded.testing import revoke_tokens
from tests.embedded.conftest import BASE, SALESFORCE, Clock, in_process

pytestmark = pytest.mark.anyio

LOGIN = "/api/v1/auth/universal-auth/login"


@pytest.fixture
def identity(database: Path) -> IdentityCredentials:
    return create_identity(database, "ci")


@pytest.fixture
async def door(database: Path, clock: Clock) -> AsyncIterator[httpx.AsyncClient]:
    """A client with no token, of an API whose clock is moved by hand."""
    app = infisical_app(database, clock=clock)
    async with in_process(app) as client:
        yield client
    app.close()


async def log_in(client: httpx.AsyncClient, identity: IdentityCredentials, secret: str | None = None) -> httpx.Response:
    given = {"clientId": identity.client_id, "clientSecret": secret or identity.client_secret}
    return await client.post(LOGIN, json=given)


async def with_token(client: httpx.AsyncClient, token: str) -> httpx.Response:
    return await client.get(BASE, headers={"Authorization": f"Bearer {token}"})


async def test_a_log_in_gives_a_bearer_token_for_thirty_days(door: httpx.AsyncClient, identity: IdentityCredentials) -> None:
    answer = (await log_in(door, identity)).json()

    assert (await with_token(door, answer.pop("accessToken"))).status_code == 200
    assert answer == {"expiresIn": 2_592_000, "accessTokenMaxTTL": 2_592_000, "tokenType": "Bearer"}


async def test_a_log_in_may_be_a_form(door: httpx.AsyncClient, identity: IdentityCredentials) -> None:
    form = {"clientId": identity.client_id, "clientSecret": identity.client_secret}

    assert (await door.post(LOGIN, data=form)).status_code == 200


async def test_an_unknown_client_and_a_wrong_secret_are_refused_alike(
    door: httpx.AsyncClient, identity: IdentityCredentials
) -> None:
    unknown = await log_in(door, IdentityCredentials("nobody", "x"))
    wrong = await log_in(door, identity, "wrong")

    assert (unknown.status_code, unknown.json()["error"]) == (401, "UnauthorizedError")
    assert (wrong.status_code, wrong.json()["message"]) == (401, unknown.json()["message"])


async def test_three_failures_lock_the_client_for_300_seconds_even_with_the_right_secret(
    door: httpx.AsyncClient, identity: IdentityCredentials, clock: Clock
) -> None:
    for _ in range(3):
        assert "locked" not in (await log_in(door, identity, "wrong")).json()["message"]

    clock.now += 299
    locked = await log_in(door, identity)
    assert (locked.status_code, locked.json()["error"]) == (401, "UnauthorizedError")
    assert "temporarily locked" in locked.json()["message"]
    clock.now += 1
    assert (await log_in(door, identity)).status_code == 200


async def test_failures_more_than_30_seconds_apart_do_not_add_up(
    door: httpx.AsyncClient, identity: IdentityCredentials, clock: Clock
) -> None:
    for _ in range(5):
        await log_in(door, identity, "wrong")
        clock.now += 31

    assert (await log_in(door, identity)).status_code == 200


async def test_a_log_in_forgives_the_failures_before_it(door: httpx.AsyncClient, identity: IdentityCredentials) -> None:
    for _ in range(3):
        await log_in(door, identity, "wrong")
        await log_in(door, identity, "wrong")
        assert (await log_in(door, identity)).status_code == 200


@pytest.mark.parametrize("header", [None, "", "Basic eDp5", "Bearer", "Bearer "])
async def test_no_bearer_token_is_a_401(header: str | None, anonymous: httpx.AsyncClient) -> None:
    response = await anonymous.get(BASE, headers={} if header is None else {"Authorization": header})

    assert (response.status_code, response.json()["error"]) == (401, "UnauthorizedError")


@pytest.mark.parametrize("token", ["garbage", "a.b.c", jwt.encode({"exp": 2e9}, "k" * 64, "HS256")])
async def test_garbage_and_a_token_signed_elsewhere_are_a_403(token: str, anonymous: httpx.AsyncClient) -> None:
    response = await with_token(anonymous, token)

    assert (response.status_code, response.json()["error"]) == (403, "TokenError")


async def test_an_unsigned_token_is_a_403(anonymous: httpx.AsyncClient, database: Path) -> None:
    claims = jwt.decode(issue_token(database), options={"verify_signature": False})

    assert (await with_token(anonymous, jwt.encode(claims, "", "none"))).status_code == 403


async def test_a_service_token_is_not_taken(anonymous: httpx.AsyncClient) -> None:
    response = await with_token(anonymous, "st.abc.def")

    assert (response.status_code, response.json()["error"]) == (403, "ForbiddenError")


async def test_an_expired_token_is_a_403(anonymous: httpx.AsyncClient, database: Path) -> None:
    response = await with_token(anonymous, issue_token(database, ttl_seconds=-1))

    assert (response.status_code, response.json()["error"]) == (403, "TokenError")


async def test_a_token_expires_by_the_api_s_clock(door: httpx.AsyncClient, identity: IdentityCredentials, clock: Clock) -> None:
    token = (await log_in(door, identity)).json()["accessToken"]

    clock.now += 2_591_999
    assert (await with_token(door, token)).status_code == 200
    clock.now += 1
    assert (await with_token(door, token)).status_code == 403


async def test_a_revoked_token_is_a_401_from_the_next_request_on(client: httpx.AsyncClient, database: Path) -> None:
    assert (await client.get(BASE)).status_code == 200

    revoke_tokens(database)

    response = await client.get(BASE)
    assert (response.status_code, response.json()["error"]) == (401, "UnauthorizedError")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", BASE),
        ("GET", f"{BASE}/options"),
        ("GET", SALESFORCE),
        ("GET", f"{SALESFORCE}/available"),
        ("GET", f"{SALESFORCE}/not-a-uuid"),
        ("GET", f"{SALESFORCE}/connection-name/x"),
        ("POST", SALESFORCE),
        ("PATCH", f"{SALESFORCE}/not-a-uuid"),
        ("DELETE", f"{SALESFORCE}/not-a-uuid"),
        ("GET", "/api/v1/projects"),
        ("POST", "/api/v1/projects"),
        ("GET", "/api/v1/projects/x"),
        ("GET", "/api/v1/projects/slug/x"),
        ("GET", "/api/v1/identities/details"),
    ],
)
async def test_the_token_is_looked_at_before_anything_else(method: str, path: str, anonymous: httpx.AsyncClient) -> None:
    malformed = {"content": b"{", "headers": {"Content-Type": "application/json"}} if method in ("POST", "PATCH") else {}

    assert (await anonymous.request(method, path, **malformed)).status_code == 401  # type: ignore[arg-type]


async def test_the_status_needs_no_token(anonymous: httpx.AsyncClient) -> None:
    answer = (await anonymous.get("/api/status")).json()

    assert answer["message"] == "Ok"
    assert "version" not in answer


def test_a_token_for_an_identity_nobody_made_is_an_error(database: Path) -> None:
    with pytest.raises(LookupError, match="nobody"):
        issue_token(database, "nobody")


def test_two_identities_of_one_name_are_an_error(database: Path) -> None:
    create_identity(database, "ci")

    with pytest.raises(ValueError, match="already called 'ci'"):
        create_identity(database, "ci")


def test_expired_tokens_do_not_pile_up(database: Path) -> None:
    for _ in range(5):
        issue_token(database, ttl_seconds=-10)

    with Store(database) as store, store.reading() as db:
        assert db.execute("SELECT count(*) FROM access_tokens").fetchone() == (1,)
