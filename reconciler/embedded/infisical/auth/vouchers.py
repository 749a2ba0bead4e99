"""Log-ins without a client secret: another party vouches for the identity, with a signed token or a signed request."""

import base64
import binascii
import json
import sqlite3
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import parse_qs

import jwt

from reconciler.embedded.infisical.errors import UnauthorizedError

JWT_METHODS = ("oidc-auth", "jwt-auth", "kubernetes-auth", "azure-auth", "gcp-auth")
"""The methods that take a JWT. They differ in who issues it; here each checks the keys of the issuer that it trusts."""

AWS_METHOD = "aws-auth"
_ALGORITHMS = ("RS256", "RS384", "RS512", "ES256", "ES384", "EdDSA")
_CALLER_IDENTITY = {"Action": ["GetCallerIdentity"], "Version": ["2011-06-15"]}


def verify_jwt(db: sqlite3.Connection, method: str, identity_id: str, token: str, now: float) -> None:
    """Raise UnauthorizedError unless the identity's issuer signed the token and its claims are the expected ones.

    Which status Infisical gives for a wrong claim is not known. Here it is a 401, as for other refused log-ins.
    """
    jwks, issuer, audience, subject, _ = _voucher(db, method, identity_id)
    try:
        keys = jwt.PyJWKSet.from_dict(json.loads(jwks)).keys
        wanted = jwt.get_unverified_header(token).get("kid")
        key = next(key for key in keys if wanted is None or key.key_id in (None, wanted))
        # The checks of time below use the clock that also dates everything else.
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
    """Raise UnauthorizedError unless the request asks AWS who signed it, and names the identity's access key as the signer."""
    *_, access_key = _voucher(db, AWS_METHOD, identity_id)
    try:
        asked = parse_qs(base64.b64decode(body, validate=True).decode("ascii"))
        named = {name.lower(): value for name, value in json.loads(base64.b64decode(headers, validate=True)).items()}
        host, signature = str(named["host"]), str(named["authorization"])
    except (binascii.Error, ValueError, AttributeError, KeyError):
        raise UnauthorizedError("Access denied: the signed request cannot be read") from None
    is_sts = host == "sts.amazonaws.com" or (host.startswith("sts.") and host.endswith(".amazonaws.com"))
    if asked != _CALLER_IDENTITY or not is_sts or not signature.startswith(f"AWS4-HMAC-SHA256 Credential={access_key}/"):
        raise UnauthorizedError("Access denied: the signed request is not one of this identity")


def _voucher(db: sqlite3.Connection, method: str, identity_id: str) -> tuple[Any, ...]:
    query = "SELECT jwks, issuer, audience, subject, access_key FROM vouchers WHERE identity_id = ? AND method = ?"
    row: tuple[Any, ...] | None = db.execute(query, (identity_id, method)).fetchone()
    if row is None:
        raise UnauthorizedError(f"The identity has no {method}, or there is no such identity")
    return row
