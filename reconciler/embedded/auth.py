"""Machine identities: universal-auth log-in with its lockout, and the access tokens every other route asks for."""

import hashlib
import hmac
import json
import math
import secrets
import sqlite3
import time
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from pathlib import Path

import jwt

from reconciler.embedded.errors import ApiError, AuthModeError, BadRequestError, TokenError, UnauthorizedError
from reconciler.embedded.permissions import EVERYTHING, Membership, Permissions, decode, encode
from reconciler.embedded.store import BUILT_IN_IDENTITY, Store

TOKEN_SECONDS = 2_592_000
"""Infisical: a token lives 30 days unless its identity says otherwise."""

PERIODIC_MAX_SECONDS = 1_000_000_000
"""Infisical: what a token that can be renewed for ever reports as its maximum."""

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
class TokenRules:
    """What an identity's access tokens are good for, as its auth method says.

    `ttl_seconds` is a token's life, 0: without end, below 0: expired from the start. A renewal that would lead beyond
    `max_ttl_seconds` after the log-in is refused, 0: none is. `uses_limit` is how many calls a token is good for, 0: any
    number. `period_seconds`, when not 0, is the life of a token that can be renewed for ever, whatever the other two say.
    """

    ttl_seconds: int = TOKEN_SECONDS
    max_ttl_seconds: int = TOKEN_SECONDS
    uses_limit: int = 0
    period_seconds: int = 0

    @property
    def lives_seconds(self) -> int:
        """How long a token lives from its log-in or renewal on."""
        return self.period_seconds or self.ttl_seconds

    @property
    def ends_seconds(self) -> int:
        """How long after the log-in renewals end; 0: never."""
        return 0 if self.period_seconds else self.max_ttl_seconds


USUAL_RULES = TokenRules()


@dataclass(frozen=True, slots=True)
class Token:
    """A readable access token: its id, whose it is, how long it was signed for (0: without end), and whether calls are
    counted. Whether it still counts is asked of the database."""

    token_id: str
    identity_id: str
    lives_seconds: int = 0
    limited: bool = False


@dataclass(frozen=True, slots=True)
class Grant:
    """What a log-in or a renewal gives; times in seconds as Infisical reports them."""

    token: str = field(repr=False)
    expires_in: int
    max_ttl: int


def issue_token(
    database: Path,
    identity: str = BUILT_IN_IDENTITY,
    ttl_seconds: int = TOKEN_SECONDS,
    *,
    max_ttl_seconds: int = TOKEN_SECONDS,
    uses_limit: int = 0,
) -> str:
    """An access token for an in-process client, with no log-in, of a machine identity given by name.

    Makes the database if it is not there. The numbers are those of `TokenRules`. Blocks. Raises LookupError for an unknown
    identity and DatabaseUnusableError.
    """
    rules = TokenRules(ttl_seconds, max_ttl_seconds, uses_limit)
    with Store(database) as store, store.writing() as db:
        row = db.execute("SELECT id FROM identities WHERE name = ?", (identity,)).fetchone()
        if row is None:
            raise LookupError(f"no machine identity is called {identity!r}")
        return new_token(db, store.installation.signing_key, row[0], time.time(), rules).token


def create_identity(
    database: Path, name: str, permissions: Permissions = EVERYTHING, tokens: TokenRules = USUAL_RULES
) -> IdentityCredentials:
    """A new machine identity with universal auth; of its client secret only a salted hash is kept.

    Makes the database if it is not there. Blocks. Raises ValueError when the name is taken, DatabaseUnusableError.
    """
    created = IdentityCredentials(str(uuid.uuid4()), secrets.token_hex(32))
    salt = secrets.token_bytes(16)
    with Store(database) as store, store.writing() as db:
        try:
            db.execute(
                """INSERT INTO identities (id, name, client_id, secret_salt, secret_hash, permissions, token_rules)
                VALUES (?, ?, ?, ?, ?, ?, ?)""",
                (
                    str(uuid.uuid4()),
                    name,
                    created.client_id,
                    salt,
                    _hashed(created.client_secret, salt),
                    encode(permissions),
                    None if tokens == USUAL_RULES else json.dumps(asdict(tokens)),
                ),
            )
        except sqlite3.IntegrityError:
            raise ValueError(f"a machine identity is already called {name!r}") from None
    return created


def rules_of(db: sqlite3.Connection, identity_id: str) -> TokenRules:
    """What the identity's log-ins give."""
    row = db.execute("SELECT token_rules FROM identities WHERE id = ?", (identity_id,)).fetchone()
    return USUAL_RULES if row is None or row[0] is None else TokenRules(**json.loads(row[0]))


def new_token(
    db: sqlite3.Connection, signing_key: bytes, identity_id: str, now: float, rules: TokenRules = USUAL_RULES
) -> Grant:
    """Signs and records a token, inside the caller's transaction; expired ones are cleared away on the way."""
    token = Token(str(uuid.uuid4()), identity_id, rules.lives_seconds, bool(rules.uses_limit))
    expires_at = int(now) + rules.lives_seconds if rules.lives_seconds else None
    ends_at = now + rules.ends_seconds if rules.ends_seconds else None
    db.execute("DELETE FROM access_tokens WHERE expires_at < ?", (now,))
    db.execute(
        "INSERT INTO access_tokens (id, identity_id, expires_at, ends_at, issued_at, uses_limit) VALUES (?, ?, ?, ?, ?, ?)",
        (token.token_id, identity_id, expires_at, ends_at, now, rules.uses_limit),
    )
    return _granted(signing_key, token, now, rules.ends_seconds or (PERIODIC_MAX_SECONDS if rules.period_seconds else 0))


def renewed(db: sqlite3.Connection, signing_key: bytes, given: str, now: float) -> Grant | ApiError:
    """A younger token for one that lives, with its life before it again; or why not. Inside the caller's transaction.

    Infisical: what has expired or was revoked is a 401, and so is a renewal that would lead beyond the token's maximum, which
    ends the token; one without uses left is a 400. With the usual rules life and maximum are equal, so no renewal succeeds.
    The refusal is returned, not raised: an ended token has to stay ended. Raises TokenError for garbage.
    """
    token, expires_at = _verified(given, signing_key)
    query = "SELECT issued_at, ends_at, uses, uses_limit FROM access_tokens WHERE id = ? AND NOT revoked"
    row = db.execute(query, (token.token_id,)).fetchone()
    if row is None:
        return UnauthorizedError("No identity access token found: it may have been revoked")
    issued_at, ends_at, uses, uses_limit = row
    if uses_limit and uses >= uses_limit:
        return BadRequestError("Unable to renew because access token number of uses limit reached")
    if expires_at <= now:
        return UnauthorizedError("Failed to renew MI access token due to TTL expiration")
    if ends_at is not None and now + token.lives_seconds > ends_at:
        db.execute("UPDATE access_tokens SET revoked = 1 WHERE id = ?", (token.token_id,))
        return UnauthorizedError("Failed to renew MI access token past its Max TTL expiration")
    if token.lives_seconds:
        until = int(now) + token.lives_seconds
        db.execute("UPDATE access_tokens SET expires_at = ? WHERE id = ?", (until, token.token_id))
    periodic = PERIODIC_MAX_SECONDS if token.lives_seconds else 0
    return _granted(signing_key, token, now, periodic if ends_at is None else round(ends_at - issued_at))


def revoke(db: sqlite3.Connection, signing_key: bytes, given: str, now: float) -> None:
    """Ends a token, inside the caller's transaction.

    Raises TokenError for garbage and what has expired, UnauthorizedError for what was revoked before.
    """
    token, expires_at = _verified(given, signing_key)
    if expires_at <= now:
        raise TokenError("Your token has expired")
    if not db.execute("UPDATE access_tokens SET revoked = 1 WHERE id = ? AND NOT revoked", (token.token_id,)).rowcount:
        raise UnauthorizedError("No identity access token found: it may have been revoked")


def _granted(signing_key: bytes, token: Token, now: float, max_ttl: int) -> Grant:
    claims: dict[str, object] = {
        "identityId": token.identity_id,
        "identityAccessTokenId": token.token_id,
        "authTokenType": "identityAccessToken",
        "iat": int(now),
    }
    if token.lives_seconds:
        claims["exp"] = int(now) + token.lives_seconds
    if token.limited:
        claims["limited"] = True
    return Grant(jwt.encode(claims, signing_key, _ALGORITHM), token.lives_seconds, max_ttl)


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
def _verified(given: str, signing_key: bytes) -> tuple[Token, float]:
    """The token and when it expires. A signature that was good once stays good, so it is worked out once."""
    try:
        # Expiry is left to the clock that also dates everything else.
        claims = jwt.decode(given, signing_key, [_ALGORITHM], options={"verify_exp": False, "verify_iat": False})
        token_id, identity_id = str(claims["identityAccessTokenId"]), str(claims["identityId"])
        lives = int(claims["exp"]) - int(claims["iat"]) if "exp" in claims else 0
        return Token(token_id, identity_id, lives, "limited" in claims), float(claims.get("exp", math.inf))
    except (jwt.InvalidTokenError, KeyError, TypeError, ValueError):
        raise TokenError("Your token is invalid") from None


def require_live(db: sqlite3.Connection, token: Token) -> Permissions:
    """What the token's identity may do. Raises UnauthorizedError for a token that was revoked or never recorded (Infisical:
    401, unlike a bad one)."""
    query = """SELECT permissions FROM access_tokens JOIN identities ON identities.id = identity_id
        WHERE access_tokens.id = ? AND identity_id = ? AND NOT revoked"""
    row = db.execute(query, (token.token_id, token.identity_id)).fetchone()
    if row is None:
        raise UnauthorizedError("No valid token found: it may have been revoked")
    return decode(row[0])


def join_project(db: sqlite3.Connection, identity_id: str, permissions: Permissions, slug: str) -> None:
    """Makes the identity a member of a project that may do everything in it, inside the caller's transaction."""
    if permissions.projects is not None:
        joined = replace(permissions, projects={**permissions.projects, slug: Membership()})
        db.execute("UPDATE identities SET permissions = ? WHERE id = ?", (encode(joined), identity_id))


def count_use(db: sqlite3.Connection, token: Token) -> None:
    """Counts a call with a limited token, in a transaction of its own: Infisical counts every call, whatever it answers.

    Raises UnauthorizedError as `require_live` does, and BadRequestError for one call too many.
    """
    require_live(db, token)
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
