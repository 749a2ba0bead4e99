"""Log-ins without a secret of Infisical's: somebody else vouches for the identity, with a signed token or a signed request."""

import base64
import binascii
import json
import sqlite3
import uuid
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import jwt

from reconciler.embedded.errors import UnauthorizedError
from reconciler.embedded.permissions import EVERYTHING, Permissions, encode
from reconciler.embedded.store import Store

JWT_METHODS = ("oidc-auth", "jwt-auth", "kubernetes-auth", "azure-auth", "gcp-auth")
"""They differ in where the token comes from; each is checked against the keys of the issuer that was arranged."""

AWS_METHOD = "aws-auth"
_ALGORITHMS = ("RS256", "RS384", "RS512", "ES256", "ES384", "EdDSA")
_WHO = {"Action": ["GetCallerIdentity"], "Version": ["2011-06-15"]}


def trust_issuer(
    database: Path,
    name: str,
    method: str,
    *,
    jwks: dict[str, Any],
    issuer: str | None = None,
    audience: str | None = None,
    subject: str | None = None,
    permissions: Permissions = EVERYTHING,
) -> str:
    """Lets the identity of that name log in by `method` with JWTs that one of the keys of `jwks` signed, and gives its id.

    `issuer` and `audience` are exact, `subject` may be a glob; None: not looked at. The identity is made if it is not there.
    Blocks. Raises ValueError for a method that has no JWT and for keys that cannot be used (without the extra that brings
    cryptography none can), and DatabaseUnusableError.
    """
    if method not in JWT_METHODS:
        raise ValueError(f"{method!r} has no JWT: one of {', '.join(JWT_METHODS)}")
    try:
        jwt.PyJWKSet.from_dict(jwks)
    except (jwt.PyJWTError, KeyError) as unusable:
        raise ValueError(f"not a usable JWKS: {unusable}") from None
    return _trust(database, name, permissions, (method, json.dumps(jwks), issuer, audience, subject, None))


def trust_access_key(database: Path, name: str, access_key: str, permissions: Permissions = EVERYTHING) -> str:
    """Lets the identity of that name log in by aws-auth with requests signed by this AWS access key, and gives its id.

    AWS itself is not asked: that the key is named in the signature is all that is looked at. Blocks. Raises
    DatabaseUnusableError.
    """
    return _trust(database, name, permissions, (AWS_METHOD, None, None, None, None, access_key))


def _trust(database: Path, name: str, permissions: Permissions, voucher: tuple[str | None, ...]) -> str:
    with Store(database) as store, store.writing() as db:
        made = (str(uuid.uuid4()), name, encode(permissions))
        db.execute("INSERT OR IGNORE INTO identities (id, name, permissions) VALUES (?, ?, ?)", made)
        ((identity_id,),) = db.execute("SELECT id FROM identities WHERE name = ?", (name,))
        db.execute("INSERT OR REPLACE INTO vouchers VALUES (?, ?, ?, ?, ?, ?, ?)", (identity_id, *voucher))
        return str(identity_id)


def verify_jwt(db: sqlite3.Connection, method: str, identity_id: str, token: str, now: float) -> None:
    """Raises UnauthorizedError unless the token is of the identity's issuer and says what it has to.

    Infisical: which status a claim that does not fit has is not known (facts 5); 401 is what a refused log-in has.
    """
    jwks, issuer, audience, subject, _ = _voucher(db, method, identity_id)
    try:
        keys = jwt.PyJWKSet.from_dict(json.loads(jwks)).keys
        wanted = jwt.get_unverified_header(token).get("kid")
        key = next(one for one in keys if wanted is None or one.key_id in (None, wanted))
        # Expiry is left to the clock that also dates everything else.
        options = {"verify_exp": False, "verify_iat": False, "verify_nbf": False, "verify_aud": audience is not None}
        claims = jwt.decode(token, key, _ALGORITHMS, options, issuer=issuer, audience=audience)  # type: ignore[arg-type]
        expires, begins = float(claims.get("exp", 0)), float(claims.get("nbf", 0))
    except (jwt.PyJWTError, StopIteration, ValueError, TypeError):
        raise UnauthorizedError("Access denied: the token could not be verified") from None
    if expires <= now:
        raise UnauthorizedError("Access denied: the token has expired")
    if begins > now:
        raise UnauthorizedError("Access denied: the token is not yet valid")
    if subject is not None and not fnmatchcase(str(claims.get("sub", "")), subject):
        raise UnauthorizedError("Access denied: OIDC subject not allowed")


def verify_signed_request(db: sqlite3.Connection, identity_id: str, body: str, headers: str) -> None:
    """Raises UnauthorizedError unless the request asks AWS who signed it, and the identity's access key did."""
    *_, access_key = _voucher(db, AWS_METHOD, identity_id)
    try:
        asked = parse_qs(base64.b64decode(body, validate=True).decode("ascii"))
        named = {name.lower(): value for name, value in json.loads(base64.b64decode(headers, validate=True)).items()}
        host, signature = str(named["host"]), str(named["authorization"])
    except (binascii.Error, ValueError, AttributeError, KeyError):
        raise UnauthorizedError("Access denied: the signed request cannot be read") from None
    is_sts = host == "sts.amazonaws.com" or (host.startswith("sts.") and host.endswith(".amazonaws.com"))
    if asked != _WHO or not is_sts or not signature.startswith(f"AWS4-HMAC-SHA256 Credential={access_key}/"):
        raise UnauthorizedError("Access denied: the signed request is not one of this identity")


def _voucher(db: sqlite3.Connection, method: str, identity_id: str) -> tuple[Any, ...]:
    query = "SELECT jwks, issuer, audience, subject, access_key FROM vouchers WHERE identity_id = ? AND method = ?"
    row: tuple[Any, ...] | None = db.execute(query, (identity_id, method)).fetchone()
    if row is None:
        raise UnauthorizedError(f"The identity has no {method}, or there is no such identity")
    return row
