"""Arranges situations that no call of the API leads to: for tests, demonstrations and benchmarks only.

All functions block, make the database if it is not there yet, and raise DatabaseUnusableError.
"""

import json
import sqlite3
import time
import uuid
from pathlib import Path
from typing import Any

import jwt

from reconciler.embedded.infisical.auth.vouchers import AWS_METHOD, JWT_METHODS
from reconciler.embedded.infisical.database.connection_rows import insert_connection_row
from reconciler.embedded.infisical.database.store import Store
from reconciler.embedded.infisical.permissions import EVERYTHING, Permissions, encode_permissions
from reconciler.embedded.infisical.timestamps import timestamp

_METHODS = {
    "aws": "access-key",
    "github": "pat",
    "postgres": "username-and-password",
    "salesforce": "client-credentials",
}


def plant_connection(
    database: Path, *, app: str, name: str, project: str | None = None, public: dict[str, str] | None = None
) -> str:
    """Put a connection of any app into the database, without any check, and return its id.

    `project` is a slug, None for the scope of the organisation. `public` is the readable part of the credentials. Raises
    LookupError for an unknown project, and BadRequestError if the scope already has the name.
    """
    method = _METHODS.get(app, "api-key")
    with Store(database) as store, store.writing() as db:
        project_id = None if project is None else _project_id(db, project)
        now = timestamp(time.time())
        planted = insert_connection_row(db, (app, method, name, None, project_id), public or {}, now)
        return str(json.loads(planted)["id"])


def mark_in_use(database: Path, connection_id: str, by: str = "secret-sync") -> None:
    """Make something depend on a connection, so that the API refuses to delete it.

    Raises LookupError for an unknown connection.
    """
    with Store(database) as store, store.writing() as db:
        try:
            db.execute("INSERT INTO connection_users (connection_id, kind) VALUES (?, ?)", (connection_id, by))
        except sqlite3.IntegrityError:
            raise LookupError(f"no connection has the id {connection_id}, or {by} uses it already") from None


def revoke_tokens(database: Path) -> None:
    """Revoke every access token issued so far."""
    with Store(database) as store, store.writing() as db:
        db.execute("UPDATE access_tokens SET revoked = 1")


def mend_lists(database: Path) -> None:
    """Remove what is left of deleted projects, as an administrator would. Lists then answer again."""
    with Store(database) as store, store.writing() as db:
        db.execute("UPDATE installation SET lists_broken_by = NULL")


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
    """Let an identity log in by `method` with JWTs signed by one of the keys of `jwks`, and return the identity's id.

    `issuer` and `audience` must match exactly, and `subject` can be a glob. None is not checked. Makes the identity if there
    is none of that name. Raises ValueError for a method that takes no JWT, and for keys that cannot be used. Without the
    extra `serve`, which installs cryptography, no key can be used.
    """
    if method not in JWT_METHODS:
        raise ValueError(f"{method!r} has no JWT: one of {', '.join(JWT_METHODS)}")
    try:
        jwt.PyJWKSet.from_dict(jwks)
    except (jwt.PyJWTError, KeyError) as unusable:
        raise ValueError(f"not a usable JWKS: {unusable}") from None
    return _add_voucher(database, name, permissions, (method, json.dumps(jwks), issuer, audience, subject, None))


def trust_access_key(database: Path, name: str, access_key: str, permissions: Permissions = EVERYTHING) -> str:
    """Let an identity log in by aws-auth with requests signed by this AWS access key, and return the identity's id.

    Makes the identity if there is none of that name. The API does not ask AWS: it only checks that the signature names the
    key.
    """
    return _add_voucher(database, name, permissions, (AWS_METHOD, None, None, None, None, access_key))


def _add_voucher(database: Path, name: str, permissions: Permissions, voucher: tuple[str | None, ...]) -> str:
    with Store(database) as store, store.writing() as db:
        made = (str(uuid.uuid4()), name, encode_permissions(permissions))
        db.execute("INSERT OR IGNORE INTO identities (id, name, permissions) VALUES (?, ?, ?)", made)
        ((identity_id,),) = db.execute("SELECT id FROM identities WHERE name = ?", (name,))
        db.execute("INSERT OR REPLACE INTO vouchers VALUES (?, ?, ?, ?, ?, ?, ?)", (identity_id, *voucher))
        return str(identity_id)


def _project_id(db: sqlite3.Connection, slug: str) -> str:
    row = db.execute("SELECT id FROM projects WHERE slug = ?", (slug,)).fetchone()
    if row is None:
        raise LookupError(f"no project has the slug {slug!r}")
    return str(row[0])
