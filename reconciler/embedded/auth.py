"""Machine identities: universal-auth log-in with its lockout, and the access tokens every other route asks for."""

import hashlib
import hmac
import secrets
import sqlite3
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import jwt

from reconciler.embedded.errors import AuthModeError, BadRequestError, TokenError, UnauthorizedError
from reconciler.embedded.permissions import EVERYTHING, Permissions, decode, encode
from reconciler.embedded.store import BUILT_IN_IDENTITY, Store

TOKEN_SECONDS = 2_592_000
"""Infisical: a token lives 30 days unless its identity says otherwise."""

LOCK_AFTER_FAILURES = 3
FAILURES_LAPSE_SECONDS = 30
LOCK_SECONDS = 300

_ALGORITHM = "HS256"


@dataclass(frozen=True, slots=True)
class IdentityCredentials:
    """What a machine identity logs in with; the secret is known here and nowhere else."""

    client_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Token:
    """A readable access token: its id and whose it is. Whether it still counts is asked of the database."""

    token_id: str
    identity_id: str


def issue_token(
    database: Path,
    identity: str = BUILT_IN_IDENTITY,
    ttl_seconds: int = TOKEN_SECONDS,
    *,
    max_ttl_seconds: int = TOKEN_SECONDS,
    uses_limit: int = 0,
) -> str:
    """An access token for an in-process client, with no log-in, of a machine identity given by name.

    Makes the database if it is not there. `ttl_seconds` may be negative: expired from the start. Renewals end after
    `max_ttl_seconds`; `uses_limit` is how many calls it is good for, 0 any number. Blocks. Raises LookupError for an
    unknown identity and DatabaseUnusableError.
    """
    with Store(database) as store, store.writing() as db:
        row = db.execute("SELECT id FROM identities WHERE name = ?", (identity,)).fetchone()
        if row is None:
            raise LookupError(f"no machine identity is called {identity!r}")
        now = time.time()
        key = store.installation.signing_key
        return new_token(db, key, row[0], now, ttl_seconds, ends_at=now + max_ttl_seconds, uses_limit=uses_limit)


def create_identity(database: Path, name: str, permissions: Permissions = EVERYTHING) -> IdentityCredentials:
    """A new machine identity with universal auth; of its client secret only a salted hash is kept.

    Makes the database if it is not there. Blocks. Raises ValueError when the name is taken, DatabaseUnusableError.
    """
    created = IdentityCredentials(str(uuid.uuid4()), secrets.token_hex(32))
    salt = secrets.token_bytes(16)
    with Store(database) as store, store.writing() as db:
        try:
            db.execute(
                "INSERT INTO identities (id, name, client_id, secret_salt, secret_hash, permissions) VALUES (?, ?, ?, ?, ?, ?)",
                (str(uuid.uuid4()), name, created.client_id, salt, _hashed(created.client_secret, salt), encode(permissions)),
            )
        except sqlite3.IntegrityError:
            raise ValueError(f"a machine identity is already called {name!r}") from None
    return created


def new_token(
    db: sqlite3.Connection,
    signing_key: bytes,
    identity_id: str,
    now: float,
    ttl_seconds: int = TOKEN_SECONDS,
    *,
    ends_at: float | None = None,
    uses_limit: int = 0,
) -> str:
    """Signs and records a token, inside the caller's transaction; expired ones are cleared away on the way."""
    token_id = str(uuid.uuid4())
    expires_at = int(now) + ttl_seconds
    ends_at = now + TOKEN_SECONDS if ends_at is None else ends_at
    db.execute("DELETE FROM access_tokens WHERE expires_at < ?", (now,))
    db.execute(
        "INSERT INTO access_tokens (id, identity_id, expires_at, ends_at, uses_limit) VALUES (?, ?, ?, ?, ?)",
        (token_id, identity_id, expires_at, ends_at, uses_limit),
    )
    return _signed(signing_key, token_id, identity_id, int(now), expires_at)


def renewed(db: sqlite3.Connection, signing_key: bytes, given: str, now: float) -> tuple[str, int]:
    """A younger token for one that lives, and its seconds; inside the caller's transaction.

    Infisical: what has expired, was revoked or has reached its maximum is a 401 (UnauthorizedError), garbage a 403.
    """
    token, expires_at = _verified(given, signing_key)
    row = db.execute("SELECT ends_at FROM access_tokens WHERE id = ? AND NOT revoked", (token.token_id,)).fetchone()
    if row is None:
        raise UnauthorizedError("No identity access token found: it may have been revoked")
    ends_at = row[0] if row[0] is not None else expires_at
    if expires_at <= now or ends_at <= now:
        raise UnauthorizedError("Failed to renew access token: it has expired or reached its maximum TTL")
    until = int(min(now + TOKEN_SECONDS, ends_at))
    db.execute("UPDATE access_tokens SET expires_at = ? WHERE id = ?", (until, token.token_id))
    return _signed(signing_key, token.token_id, token.identity_id, int(now), until), until - int(now)


def revoke(db: sqlite3.Connection, signing_key: bytes, given: str) -> None:
    """Ends a token, inside the caller's transaction. Raises TokenError for garbage."""
    token, _ = _verified(given, signing_key)
    db.execute("UPDATE access_tokens SET revoked = 1 WHERE id = ?", (token.token_id,))


def _signed(signing_key: bytes, token_id: str, identity_id: str, issued_at: int, expires_at: int) -> str:
    claims = {
        "identityId": identity_id,
        "identityAccessTokenId": token_id,
        "authTokenType": "identityAccessToken",
        "iat": issued_at,
        "exp": expires_at,
    }
    return jwt.encode(claims, signing_key, _ALGORITHM)


def read_token(authorization: str | None, signing_key: bytes, clock: Callable[[], float]) -> Token:
    """The token of an Authorization header.

    Infisical: no bearer token is a 401 (UnauthorizedError); a service token (`st.`) is of the wrong kind, a 403
    (AuthModeError); one that is garbage, not signed here or expired is a 403 too (TokenError).
    """
    scheme, _, given = (authorization or "").partition(" ")
    if scheme != "Bearer" or not given:
        raise UnauthorizedError("Token missing")
    if given.startswith("st."):
        raise AuthModeError("Service tokens are not accepted on this route")
    token, expires_at = _verified(given, signing_key)
    if expires_at <= clock():
        raise TokenError("Your token has expired")
    return token


@lru_cache(maxsize=256)
def _verified(given: str, signing_key: bytes) -> tuple[Token, int]:
    """The token and when it expires. A signature that was good once stays good, so it is worked out once."""
    try:
        # Expiry is left to the clock that also dates everything else.
        claims = jwt.decode(given, signing_key, [_ALGORITHM], options={"verify_exp": False, "verify_iat": False})
        return Token(str(claims["identityAccessTokenId"]), str(claims["identityId"])), int(claims["exp"])
    except (jwt.InvalidTokenError, KeyError, TypeError, ValueError):
        raise TokenError("Your token is invalid") from None


def require_live(db: sqlite3.Connection, token: Token) -> Permissions:
    """What the token's identity may do. Raises UnauthorizedError for a token that was revoked or never recorded (Infisical:
    401, unlike a bad one)."""
    query = """SELECT permissions, uses_limit FROM access_tokens JOIN identities ON identities.id = identity_id
        WHERE access_tokens.id = ? AND identity_id = ? AND NOT revoked"""
    row = db.execute(query, (token.token_id, token.identity_id)).fetchone()
    if row is None:
        raise UnauthorizedError("No valid token found: it may have been revoked")
    if row[1]:
        _use(db, token)
    return decode(row[0])


def _use(db: sqlite3.Connection, token: Token) -> None:
    """Infisical: every call counts, whatever it answers; one too many is a 400."""
    query = "UPDATE access_tokens SET uses = uses + 1 WHERE id = ? AND uses < uses_limit"
    if not db.execute(query, (token.token_id,)).rowcount:
        raise BadRequestError("Access token usage limit reached")


def verify_client(db: sqlite3.Connection, client_id: str, client_secret: str, now: float) -> str | UnauthorizedError:
    """The id of the identity that logs in, or why it may not; counts failures, inside the caller's transaction.

    The refusal is returned, not raised: the count has to be kept. Infisical: three failures, each within 30 s of the
    one before, lock the client id for 300 s, and a locked one is refused the right secret as well.
    """
    query = "SELECT id, secret_salt, secret_hash, failures, failed_at, locked_until FROM identities WHERE client_id = ?"
    row = db.execute(query, (client_id,)).fetchone()
    if row is None:
        return UnauthorizedError("Invalid credentials")
    identity_id, salt, expected, failures, failed_at, locked_until = row
    if now < locked_until:
        return UnauthorizedError("This identity auth method is temporarily locked, please try again later")
    if hmac.compare_digest(_hashed(client_secret, salt), expected):
        _count(db, identity_id, 0, 0, 0)
        return str(identity_id)
    failures = 1 + (failures if now - failed_at <= FAILURES_LAPSE_SECONDS else 0)
    locked = failures >= LOCK_AFTER_FAILURES
    _count(db, identity_id, 0 if locked else failures, now, now + LOCK_SECONDS if locked else 0)
    return UnauthorizedError("Invalid credentials")


def _count(db: sqlite3.Connection, identity_id: str, failures: int, failed_at: float, locked_until: float) -> None:
    db.execute(
        "UPDATE identities SET failures = ?, failed_at = ?, locked_until = ? WHERE id = ?",
        (failures, failed_at, locked_until, identity_id),
    )


def _hashed(client_secret: str, salt: bytes) -> bytes:
    return hashlib.sha256(salt + client_secret.encode()).digest()
