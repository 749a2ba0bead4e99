"""The access tokens that every route asks for: issuing, checking, renewing and revoking them."""

import math
import sqlite3
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import jwt

from reconciler.embedded.infisical.database.store import BUILT_IN_IDENTITY, Store
from reconciler.embedded.infisical.errors import ApiError, AuthModeError, BadRequestError, TokenError, UnauthorizedError
from reconciler.embedded.infisical.permissions import Permissions, decode_permissions

TOKEN_SECONDS = 2_592_000
"""Infisical: a token lives for 30 days, unless its identity has another rule."""

PERIODIC_MAX_SECONDS = 1_000_000_000
"""Infisical: the maximum that a token reports if it can be renewed without end."""

_ALGORITHM = "HS256"


@dataclass(frozen=True, slots=True)
class TokenRules:
    """The rules that an identity's auth method has for its access tokens.

    - `ttl_seconds` is the life of a token. 0 is without end; a token with less than 0 has expired from the start.
    - `max_ttl_seconds`: a renewal must not reach further than this after the log-in. 0 is no limit.
    - `uses_limit` is the number of calls that a token allows. 0 is any number.
    - `period_seconds`, if it is not 0, is the life of a token that can be renewed without end. It replaces the first two.
    """

    ttl_seconds: int = TOKEN_SECONDS
    max_ttl_seconds: int = TOKEN_SECONDS
    uses_limit: int = 0
    period_seconds: int = 0

    @property
    def lives_seconds(self) -> int:
        """How long a token lives after its log-in or renewal."""
        return self.period_seconds or self.ttl_seconds

    @property
    def ends_seconds(self) -> int:
        """How long after the log-in the renewals end. 0 is never."""
        return 0 if self.period_seconds else self.max_ttl_seconds


USUAL_RULES = TokenRules()


@dataclass(frozen=True, slots=True)
class Token:
    """The contents of an access token that this server signed. Only the database knows whether it was revoked.

    `lives_seconds` is the life it was signed for, 0 without end. `limited` says whether its calls are counted.
    """

    token_id: str
    identity_id: str
    lives_seconds: int = 0
    limited: bool = False


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """What a log-in or a renewal gives. The times are in seconds, as Infisical reports them."""

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
    """Return an access token of a machine identity, named by `identity`, without a log-in: for clients in process.

    The numbers are those of `TokenRules`. Makes the database if it is not there yet. Blocks. Raises LookupError for an
    unknown identity, and DatabaseUnusableError.
    """
    rules = TokenRules(ttl_seconds, max_ttl_seconds, uses_limit)
    with Store(database) as store, store.writing() as db:
        row = db.execute("SELECT id FROM identities WHERE name = ?", (identity,)).fetchone()
        if row is None:
            raise LookupError(f"no machine identity is called {identity!r}")
        return new_token(db, store.installation.signing_key, row[0], time.time(), rules).token


def new_token(
    db: sqlite3.Connection, signing_key: bytes, identity_id: str, now: float, rules: TokenRules = USUAL_RULES
) -> IssuedToken:
    """Sign and record a token, in the caller's transaction. Also deletes the records of expired tokens."""
    token = Token(str(uuid.uuid4()), identity_id, rules.lives_seconds, bool(rules.uses_limit))
    expires_at = int(now) + rules.lives_seconds if rules.lives_seconds else None
    ends_at = now + rules.ends_seconds if rules.ends_seconds else None
    db.execute("DELETE FROM access_tokens WHERE expires_at < ?", (now,))
    db.execute(
        "INSERT INTO access_tokens (id, identity_id, expires_at, ends_at, issued_at, uses_limit) VALUES (?, ?, ?, ?, ?, ?)",
        (token.token_id, identity_id, expires_at, ends_at, now, rules.uses_limit),
    )
    return _signed(signing_key, token, now, rules.ends_seconds or (PERIODIC_MAX_SECONDS if rules.period_seconds else 0))


def renew_token(db: sqlite3.Connection, signing_key: bytes, given: str, now: float) -> IssuedToken | ApiError:
    """Return a new token that lives as long as the given one did, or the refusal. Runs in the caller's transaction.

    Infisical: a token that has expired or was revoked is a 401. A renewal beyond the token's maximum is a 401 too, and
    revokes the token. A token without uses left is a 400. With the usual rules the life equals the maximum, so no renewal
    succeeds. The refusal is returned, not raised, because raising it would undo the revocation. Raises TokenError for a
    token that this server did not sign.
    """
    token, expires_at = _verify(given, signing_key)
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
    return _signed(signing_key, token, now, periodic if ends_at is None else round(ends_at - issued_at))


def revoke_token(db: sqlite3.Connection, signing_key: bytes, given: str, now: float) -> None:
    """Revoke a token, in the caller's transaction.

    Raises TokenError for a token that has expired or that this server did not sign, and UnauthorizedError for one that was
    revoked before.
    """
    token, expires_at = _verify(given, signing_key)
    if expires_at <= now:
        raise TokenError("Your token has expired")
    if not db.execute("UPDATE access_tokens SET revoked = 1 WHERE id = ? AND NOT revoked", (token.token_id,)).rowcount:
        raise UnauthorizedError("No identity access token found: it may have been revoked")


def _signed(signing_key: bytes, token: Token, now: float, max_ttl: int) -> IssuedToken:
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
    return IssuedToken(jwt.encode(claims, signing_key, _ALGORITHM), token.lives_seconds, max_ttl)


def read_token(authorization: str | None, signing_key: bytes, clock: Callable[[], float]) -> Token:
    """Return the token of an Authorization header.

    Infisical: a header without a bearer token is a 401 (UnauthorizedError). A service token (`st.`) is of the wrong kind, a
    403 (AuthModeError). A token that has expired, or that this server did not sign, is a 403 too (TokenError).
    """
    scheme, _, given = (authorization or "").partition(" ")
    if scheme != "Bearer" or not given:
        raise UnauthorizedError("Token missing")
    if given.startswith("st."):
        raise AuthModeError("Service tokens are not accepted on this route")
    token, expires_at = _verify(given, signing_key)
    if expires_at <= clock():
        raise TokenError("Your token has expired")
    return token


@lru_cache(maxsize=256)
def _verify(given: str, signing_key: bytes) -> tuple[Token, float]:
    """Return the token and when it expires. A good signature stays good, so the answer is cached."""
    try:
        # The caller checks the expiry, with the clock that also dates everything else.
        claims = jwt.decode(given, signing_key, [_ALGORITHM], options={"verify_exp": False, "verify_iat": False})
        token_id, identity_id = str(claims["identityAccessTokenId"]), str(claims["identityId"])
        lives = int(claims["exp"]) - int(claims["iat"]) if "exp" in claims else 0
        return Token(token_id, identity_id, lives, "limited" in claims), float(claims.get("exp", math.inf))
    except (jwt.InvalidTokenError, KeyError, TypeError, ValueError):
        raise TokenError("Your token is invalid") from None


def require_live(db: sqlite3.Connection, token: Token) -> Permissions:
    """Return what the token's identity may do.

    Raises UnauthorizedError for a token that was revoked or never recorded. Infisical: this is a 401, a token that it did
    not sign is a 403.
    """
    query = """SELECT permissions FROM access_tokens JOIN identities ON identities.id = identity_id
        WHERE access_tokens.id = ? AND identity_id = ? AND NOT revoked"""
    row = db.execute(query, (token.token_id, token.identity_id)).fetchone()
    if row is None:
        raise UnauthorizedError("No valid token found: it may have been revoked")
    return decode_permissions(row[0])


def count_use(db: sqlite3.Connection, token: Token) -> None:
    """Count a call with a limited token. Infisical counts every call, whatever it answers.

    Needs a transaction of its own, so that an error of the call does not undo the count. Raises UnauthorizedError as
    `require_live` does, and BadRequestError if the token has no call left.
    """
    require_live(db, token)
    query = "UPDATE access_tokens SET uses = uses + 1 WHERE id = ? AND uses < uses_limit"
    if not db.execute(query, (token.token_id,)).rowcount:
        raise BadRequestError("Access token usage limit reached")
