"""Sets up situations that the API itself offers no way into: for tests and demonstrations only.

All functions block, make the database if it is not there, and raise DatabaseUnusableError.
"""

import json
import sqlite3
import time
from pathlib import Path

from reconciler.embedded import connection_rows
from reconciler.embedded.dates import timestamp
from reconciler.embedded.store import Store

_METHODS = {
    "aws": "access-key",
    "github": "pat",
    "postgres": "username-and-password",
    "salesforce": "client-credentials",
}


def plant_connection(
    database: Path, *, app: str, name: str, project: str | None = None, public: dict[str, str] | None = None
) -> str:
    """Puts a connection of any app straight into the database and gives its id; nothing is validated.

    `project` is a slug, None the organisation's scope; `public` is the readable part of its credentials. Raises
    LookupError for an unknown project, and BadRequestError when the scope has the name already.
    """
    method = _METHODS.get(app, "api-key")
    with Store(database) as store, store.writing() as db:
        project_id = None if project is None else _project_id(db, project)
        now = timestamp(time.time())
        planted = connection_rows.insert_row(db, (app, method, name, None, project_id), public or {}, now)
        return str(json.loads(planted)["id"])


def mark_in_use(database: Path, connection_id: str, by: str = "secret-sync") -> None:
    """Makes something depend on a connection, so that Infisical refuses to delete it.

    Raises LookupError for an unknown connection.
    """
    with Store(database) as store, store.writing() as db:
        try:
            db.execute("INSERT INTO connection_users (connection_id, kind) VALUES (?, ?)", (connection_id, by))
        except sqlite3.IntegrityError:
            raise LookupError(f"no connection has the id {connection_id}, or {by} uses it already") from None


def revoke_tokens(database: Path) -> None:
    """Revokes every access token issued so far."""
    with Store(database) as store, store.writing() as db:
        db.execute("UPDATE access_tokens SET revoked = 1")


def mend_lists(database: Path) -> None:
    """Removes what is left of deleted projects, as an administrator does: lists answer again."""
    with Store(database) as store, store.writing() as db:
        db.execute("UPDATE installation SET lists_broken_by = NULL")


def _project_id(db: sqlite3.Connection, slug: str) -> str:
    row = db.execute("SELECT id FROM projects WHERE slug = ?", (slug,)).fetchone()
    if row is None:
        raise LookupError(f"no project has the slug {slug!r}")
    return str(row[0])
