"""Access tokens: renewed, revoked, used up; and log-ins in which somebody else vouches for the identity."""

import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from reconciler.embedded import create_identity, infisical_app
from reconciler.embedded.infisical import TokenRules
from reconciler.embedded.testing import trust_access_key, trust_issuer
from tests.embedded.conftest import BASE, Clock, in_process

pytestmark = pytest.mark.anyio

AUTH = "/api/v1/auth"
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC = ec.generate_private_key(ec.SECP256R1())
ISSUER = "https://token.example"
CLAIMS = {"iss": ISSUER, "aud": "infisical", "sub": "repo:acme/crm:ref:refs/heads/main", "exp": 2_000_000_000}


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "infisical.db"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def client(database: Path, clock: Clock) -> AsyncIterator[httpx.AsyncClient]:
    app = infisical_app(database, clock=clock)
    async with in_process(app) as client:
        yield client
    app.close()


async def answered(client: httpx.AsyncClient, token: str) -> int:
    return (await client.get(BASE, headers={"authorization": f"Bearer {token}"})).status_code


async def log_in(client: httpx.AsyncClient, database: Path, rules: TokenRules | None = None, **more: str) -> httpx.Response:
    made = create_identity(database, f"ci-{rules}", tokens=rules or TokenRules())
    return await client.post(
        f"{AUTH}/universal-auth/login", json={"clientId": made.client_id, "clientSecret": made.client_secret, **more}
    )


async def renew(client: httpx.AsyncClient, token: str) -> httpx.Response:
    return await client.post(f"{AUTH}/token/renew", json={"accessToken": token})


async def test_a_renewed_token_has_its_life_before_it_again_and_the_older_one_ends_in_its_own_time(
    client: httpx.AsyncClient, database: Path, clock: Clock
) -> None:
    granted = (await log_in(client, database, TokenRules(ttl_seconds=100, max_ttl_seconds=250))).json()
    clock.now += 90
    renewed = (await renew(client, granted["accessToken"])).json()
    for one in (granted, renewed):
        assert (one["expiresIn"], one["accessTokenMaxTTL"], one["tokenType"]) == (100, 250, "Bearer")
        assert await answered(client, one["accessToken"]) == 200
    clock.now += 20
    assert [await answered(client, one["accessToken"]) for one in (granted, renewed)] == [403, 200]


async def test_a_renewal_that_would_lead_beyond_the_maximum_is_refused_and_ends_the_token(
    client: httpx.AsyncClient, database: Path, clock: Clock
) -> None:
    token = (await log_in(client, database, TokenRules(ttl_seconds=100, max_ttl_seconds=150))).json()["accessToken"]
    clock.now += 51
    refused = await renew(client, token)
    assert (refused.status_code, refused.json()["error"]) == (401, "UnauthorizedError")
    assert "Max TTL" in refused.json()["message"]
    assert await answered(client, token) == 401


async def test_an_expired_token_is_not_renewed(client: httpx.AsyncClient, database: Path, clock: Clock) -> None:
    token = (await log_in(client, database, TokenRules(ttl_seconds=100))).json()["accessToken"]
    clock.now += 100
    refused = await renew(client, token)
    assert (refused.status_code, "TTL expiration" in refused.json()["message"]) == (401, True)


async def test_a_token_with_a_period_is_renewed_for_ever(client: httpx.AsyncClient, database: Path, clock: Clock) -> None:
    granted = (await log_in(client, database, TokenRules(period_seconds=100))).json()
    for _ in range(5):
        assert (granted["expiresIn"], granted["accessTokenMaxTTL"]) == (100, 1_000_000_000)
        clock.now += 99
        granted = (await renew(client, granted["accessToken"])).json()
    assert await answered(client, granted["accessToken"]) == 200


async def test_a_token_without_end_says_so_with_a_zero(client: httpx.AsyncClient, database: Path, clock: Clock) -> None:
    granted = (await log_in(client, database, TokenRules(ttl_seconds=0, max_ttl_seconds=0))).json()
    assert (granted["expiresIn"], granted["accessTokenMaxTTL"]) == (0, 0)
    assert "exp" not in jwt.decode(granted["accessToken"], options={"verify_signature": False})
    clock.now += 10**9
    assert await answered(client, granted["accessToken"]) == 200


async def test_a_revoked_token_is_good_for_nothing(client: httpx.AsyncClient, database: Path) -> None:
    token = (await log_in(client, database)).json()["accessToken"]
    revoked = await client.post(f"{AUTH}/token/revoke", json={"accessToken": token})
    assert (revoked.status_code, list(revoked.json())) == (200, ["message"])
    assert await answered(client, token) == 401
    assert (await renew(client, token)).status_code == 401
    assert (await client.post(f"{AUTH}/token/revoke", json={"accessToken": token})).status_code == 401


@pytest.mark.parametrize("route", ["renew", "revoke"])
@pytest.mark.parametrize(("content", "status"), [({"accessToken": "garbage"}, 403), ({}, 422)])
async def test_what_is_no_token_is_neither_renewed_nor_revoked(
    client: httpx.AsyncClient, route: str, content: dict[str, str], status: int
) -> None:
    assert (await client.post(f"{AUTH}/token/{route}", json=content)).status_code == status


@pytest.mark.parametrize(("method", "path", "status"), [("GET", BASE, 200), ("DELETE", f"{BASE}/salesforce/x", 422)])
async def test_a_token_with_a_limit_of_uses_is_used_up_by_calls_whatever_they_answer(
    client: httpx.AsyncClient, database: Path, method: str, path: str, status: int
) -> None:
    token = (await log_in(client, database, TokenRules(uses_limit=2))).json()["accessToken"]
    headers = {"authorization": f"Bearer {token}"}
    answers = [await client.request(method, path, headers=headers) for _ in range(3)]
    assert [one.status_code for one in answers] == [status, status, 400]
    assert answers[2].json()["message"] == "Access token usage limit reached"
    assert (await renew(client, token)).status_code == 400


@pytest.mark.parametrize("key", ["organizationSlug", "subOrganizationName"])
@pytest.mark.parametrize(("slug", "status"), [("embedded", 200), ("nowhere", 404)])
async def test_a_sub_organisation_can_be_named(
    client: httpx.AsyncClient, database: Path, key: str, slug: str, status: int
) -> None:
    assert (await log_in(client, database, None, **{key: slug})).status_code == status


def keys(*private: Any) -> dict[str, Any]:
    """The public halves, as a JWKS."""
    found = []
    for number, one in enumerate(private):
        algorithm = jwt.algorithms.RSAAlgorithm if isinstance(one, rsa.RSAPrivateKey) else jwt.algorithms.ECAlgorithm
        found.append({**algorithm.to_jwk(one.public_key(), as_dict=True), "kid": f"key-{number}"})
    return {"keys": found}


def signed(private: Any, number: int = 0, **claims: Any) -> str:
    algorithm = "RS256" if isinstance(private, rsa.RSAPrivateKey) else "ES256"
    return jwt.encode(CLAIMS | claims, private, algorithm, headers={"kid": f"key-{number}"})


METHODS = ["oidc-auth", "jwt-auth", "kubernetes-auth", "azure-auth", "gcp-auth"]


def trusted(database: Path, method: str = "oidc-auth") -> str:
    return trust_issuer(
        database,
        "ci",
        method,
        jwks=keys(RSA, EC),
        issuer=ISSUER,
        audience="infisical",
        subject="repo:acme/*",
    )


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("private", "number"), [(RSA, 0), (EC, 1)], ids=["RS256", "ES256"])
async def test_a_token_of_the_arranged_issuer_logs_in(
    client: httpx.AsyncClient, database: Path, method: str, private: Any, number: int
) -> None:
    content = {"identityId": trusted(database, method), "jwt": signed(private, number)}
    answer = await client.post(f"{AUTH}/{method}/login", json=content)
    assert answer.status_code == 200
    assert await answered(client, answer.json()["accessToken"]) == 200


@pytest.mark.parametrize(
    "token",
    [
        "garbage",
        signed(RSA, iss="https://other.example"),
        signed(RSA, aud="other"),
        signed(RSA, sub="repo:other/crm"),
        signed(RSA, exp=1_700_000_000),
        signed(RSA, nbf=1_900_000_000),
        signed(RSA, 7),
        signed(rsa.generate_private_key(public_exponent=65537, key_size=2048)),
        jwt.encode(CLAIMS, "k" * 64, "HS256", headers={"kid": "key-0"}),
    ],
    ids=["garbage", "issuer", "audience", "subject", "expired", "too early", "unknown key", "signature", "symmetric"],
)
async def test_any_other_token_is_refused(client: httpx.AsyncClient, database: Path, token: str) -> None:
    answer = await client.post(f"{AUTH}/oidc-auth/login", json={"identityId": trusted(database), "jwt": token})
    assert (answer.status_code, answer.json()["error"]) == (401, "UnauthorizedError")
    assert token not in answer.text or token == "garbage"


@pytest.mark.parametrize("jwks", [{}, {"keys": []}, {"keys": [{"kty": "nonsense"}]}])
def test_keys_that_nothing_can_be_verified_with_are_refused_when_they_are_arranged(database: Path, jwks: Any) -> None:
    with pytest.raises(ValueError, match="not a usable JWKS"):
        trust_issuer(database, "ci", "oidc-auth", jwks=jwks)


async def test_an_identity_nobody_vouches_for_is_refused(client: httpx.AsyncClient, database: Path) -> None:
    trusted(database, "jwt-auth")
    for identity in (trusted(database, "jwt-auth"), "0c9e0000-0000-4000-8000-000000000001"):
        answer = await client.post(f"{AUTH}/oidc-auth/login", json={"identityId": identity, "jwt": signed(RSA)})
        assert answer.status_code == 401


def question(**changes: str) -> dict[str, str]:
    headers = {
        "Host": "sts.eu-central-1.amazonaws.com",
        "Authorization": "AWS4-HMAC-SHA256 Credential=AKIA1/20261124/eu/sts, ...",
    }
    body = changes.pop("body", "Action=GetCallerIdentity&Version=2011-06-15")
    return {
        "iamHttpRequestMethod": "POST",
        "iamRequestBody": base64.b64encode(body.encode()).decode(),
        "iamRequestHeaders": base64.b64encode(json.dumps(headers | changes).encode()).decode(),
    }


async def test_a_request_signed_by_the_arranged_access_key_logs_in(client: httpx.AsyncClient, database: Path) -> None:
    content = {"identityId": trust_access_key(database, "aws", "AKIA1"), **question()}
    assert (await client.post(f"{AUTH}/aws-auth/login", json=content)).status_code == 200


@pytest.mark.parametrize(
    "asked",
    [
        question(Authorization="AWS4-HMAC-SHA256 Credential=AKIA2/20261124/eu/sts"),
        question(Host="evil.example"),
        question(body="Action=AssumeRole&Version=2011-06-15"),
        question() | {"iamRequestBody": "%%%"},
        question() | {"iamRequestHeaders": base64.b64encode(b"[]").decode()},
    ],
)
async def test_any_other_signed_request_is_refused(client: httpx.AsyncClient, database: Path, asked: dict[str, str]) -> None:
    content = {"identityId": trust_access_key(database, "aws", "AKIA1"), **asked}
    assert (await client.post(f"{AUTH}/aws-auth/login", json=content)).status_code == 401
