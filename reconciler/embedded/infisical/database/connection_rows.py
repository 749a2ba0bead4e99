"""The table of connections. SQLite itself writes the JSON of the API, so a list of thousands needs no Python per field."""

# ruff: noqa: S608  only this module's own column lists are put into SQL text; values are always parameters.

import json
import secrets
import sqlite3
import uuid
from collections.abc import Iterable, Sequence

from reconciler.embedded.infisical.builds import Build
from reconciler.embedded.infisical.database.project_rows import find_project_slug
from reconciler.embedded.infisical.errors import BadRequestError, NotFoundError, PermissionDeniedError
from reconciler.embedded.infisical.permissions import Permissions
from reconciler.embedded.infisical.requests.bodies import SALESFORCE_METHOD, ConnectionChange, NewConnection
from reconciler.embedded.infisical.requests.checks import ABSENT
from reconciler.embedded.infisical.timestamps import later_timestamp

SALESFORCE = "salesforce"

# Infisical: `version` is not a revision: current builds write 2 and never change it. No answer holds a secret.
_FIELDS = """
    'id', id, 'name', name, 'description', description, 'app', app, 'method', method,
    'credentials', json(credentials), 'credentialsHash', credentials_hash, 'version', 2,
    'orgId', (SELECT organisation_id FROM installation), 'projectId', project_id,
    'createdAt', created_at, 'updatedAt', updated_at, 'isPlatformManagedCredentials', json('false'),
    'gatewayId', NULL, 'gatewayPoolId', NULL, 'isAutoRotationEnabled', json('false')"""
_ONE = f"json_object({_FIELDS})"
# Infisical: only lists have `project`. It is null in the scope of the organisation.
_LISTED = f"""json_object({_FIELDS}, 'project', json((
    SELECT json_object('name', p.name, 'id', p.id, 'type', p.type, 'slug', p.slug)
    FROM projects AS p WHERE p.id = connections.project_id)))"""  # nosec B608  # our own columns
_BRIEF = """json_object('app', app, 'name', name, 'id', id, 'projectId', project_id,
    'orgId', (SELECT organisation_id FROM installation))"""


def list_connections(
    db: sqlite3.Connection, caller: Permissions, *, app: str | None = None, project_id: str | None = None
) -> str:
    """Return the JSON array of connections, by lower-cased name.

    Infisical: without a project the list holds the organisation's connections and those of all its projects. It holds only
    the rows that the caller may read, and nothing shows that there are others. Raises NotFoundError for an unknown project,
    and PermissionDeniedError if the caller may read nothing there at all.
    """
    if project_id is None:
        _require_lists(db, app)
    caller.require("read", find_project_slug(db, project_id))
    wanted = {column: value for column, value in {"app": app, "project_id": project_id}.items() if value is not None}
    conditions, values = _row_conditions(caller, "read")
    where = " AND ".join([*(f"{column} = ?" for column in wanted), *conditions]) or "TRUE"
    query = f"SELECT {_LISTED} FROM connections WHERE {where} ORDER BY lower(name), id"  # nosec B608  # our own columns
    return _array(db.execute(query, (*wanted.values(), *values)))


def list_available_connections(db: sqlite3.Connection, caller: Permissions, app: str, project_id: str | None) -> str:
    """Return the JSON array of the connections that a project can use: the organisation's and its own."""
    slug = find_project_slug(db, project_id)
    if slug is not None:
        caller.require("connect", slug)
    conditions, values = _row_conditions(caller, "connect")
    where = " AND ".join(["app = ?", "(project_id IS NULL OR project_id = ?)", *conditions])
    query = f"SELECT {_BRIEF} FROM connections WHERE {where} ORDER BY lower(name), id"  # nosec B608  # our own columns
    return _array(db.execute(query, (app, project_id, *values)))


def _row_conditions(caller: Permissions, action: str) -> tuple[list[str], list[str]]:
    """Return SQL conditions, and their values, for the rows on which the caller may do `action`. No conditions if all."""
    if caller.everything:
        return [], []
    slugs, hidden = caller.projects_with(action), sorted(caller.hidden)
    organisation = "project_id IS NULL" if action in caller.connections else "FALSE"
    projects = "project_id IS NOT NULL"
    if slugs is not None:
        projects = f"project_id IN (SELECT id FROM projects WHERE slug IN ({_marks(slugs)}))"  # nosec B608  # our own columns
    return [f"({organisation} OR {projects})", f"id NOT IN ({_marks(hidden)})"], [*(slugs or ()), *hidden]


def _marks(values: Sequence[str]) -> str:
    return ", ".join("?" for _ in values)


def _require_lists(db: sqlite3.Connection, app: str | None) -> None:
    """Infisical: after a project that held a connection is deleted, lists that would show it are a 404 for everyone."""
    ((broken_by,),) = db.execute("SELECT lists_broken_by FROM installation")
    if broken_by is None:
        return
    gone = json.loads(broken_by)
    if app is None or app in gone["apps"]:
        raise NotFoundError(f"Project with ID '{gone['projectId']}' not found")


def break_lists(db: sqlite3.Connection, project_id: str) -> None:
    """Record which lists fail once this project is deleted. Lists that failed before still fail."""
    apps = [
        app for (app,) in db.execute("SELECT DISTINCT app FROM connections WHERE project_id = ? ORDER BY app", (project_id,))
    ]
    if apps:
        ((before,),) = db.execute("SELECT lists_broken_by FROM installation")
        apps = sorted({*apps, *(json.loads(before)["apps"] if before else ())})
        gone = json.dumps({"projectId": project_id, "apps": apps})
        db.execute("UPDATE installation SET lists_broken_by = ?", (gone,))


def get_connection(db: sqlite3.Connection, connection_id: str, caller: Permissions) -> str:
    """Return the JSON of one Salesforce connection. Raises as `require_salesforce_connection` does."""
    require_salesforce_connection(db, connection_id, caller, "read")
    return _text(db.execute(f"SELECT {_ONE} FROM connections WHERE id = ?", (connection_id,)))  # nosec B608  # our own columns


def get_connection_by_name(db: sqlite3.Connection, name: str, project_id: str | None, caller: Permissions) -> str:
    """Return the JSON of the Salesforce connection that has this name in this scope.

    Infisical looks the name up among all apps. Raises NotFoundError if the name is free, BadRequestError if a connection
    of another app has it, and PermissionDeniedError.
    """
    row = db.execute("SELECT id, app FROM connections WHERE name = ? AND project_id IS ?", (name, project_id)).fetchone()
    if row is None:
        raise NotFoundError(f"Could not find App Connection with name {name}")
    require_connection(db, row[0], caller, "read")
    if row[1] != SALESFORCE:
        raise BadRequestError(f'App Connection with name {name} is not for App "Salesforce"')
    return get_connection(db, row[0], caller)


def require_salesforce_connection(db: sqlite3.Connection, connection_id: str, caller: Permissions, action: str) -> None:
    """Raise NotFoundError for an unknown id, then PermissionDeniedError, then BadRequestError for another app's connection."""
    app = require_connection(db, connection_id, caller, action)
    if app != SALESFORCE:
        raise BadRequestError(f'App Connection with ID {connection_id} is not for App "Salesforce"')


def require_connection(db: sqlite3.Connection, connection_id: str, caller: Permissions, action: str) -> str:
    """Return the app of a connection on which the caller may do `action`. Raises NotFoundError or PermissionDeniedError."""
    query = "SELECT app, slug FROM connections LEFT JOIN projects ON projects.id = project_id WHERE connections.id = ?"
    row = db.execute(query, (connection_id,)).fetchone()
    if row is None:
        raise NotFoundError(f"Could not find App Connection with ID {connection_id}")
    caller.require(action, row[1])
    if connection_id in caller.hidden:
        raise PermissionDeniedError(action, "app-connections")
    return str(row[0])


def insert_connection(db: sqlite3.Connection, new: NewConnection, now: str) -> str:
    """Insert a Salesforce connection and return its JSON. Raises BadRequestError if its scope already has the name."""
    public = {"instanceUrl": new.credentials.instance_url}
    values = (SALESFORCE, SALESFORCE_METHOD, new.name, new.description, new.project_id)
    return insert_connection_row(db, values, public, now)


def insert_connection_row(
    db: sqlite3.Connection, values: tuple[str, str, str, str | None, str | None], public: dict[str, str], now: str
) -> str:
    """Insert a connection of any app and return its JSON. Raises BadRequestError if its scope already has the name.

    `values` are app, method, name, description and the project's id. `public` is the part of the credentials that clients
    may read back.
    """
    query = f"""INSERT INTO connections (app, method, name, description, project_id, id, credentials, credentials_hash,
        created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING {_ONE}"""  # nosec B608  # our own columns
    drawn = (str(uuid.uuid4()), json.dumps(public), _new_hash(), now, now)
    return _unless_taken(db, query, (*values, *drawn), values[2])


def update_connection(db: sqlite3.Connection, connection_id: str, change: ConnectionChange, clock_seconds: float) -> str:
    """Change a connection and return its JSON. `updatedAt` moves even if nothing else does.

    Raises NotFoundError if the connection is gone, and BadRequestError if its scope already has the new name.
    """
    query = "SELECT name, description, updated_at FROM connections WHERE id = ?"
    row = db.execute(query, (connection_id,)).fetchone()
    if row is None:
        raise NotFoundError(f"Could not find App Connection with ID {connection_id}")
    name, description, updated_at = row
    name = change.name or name
    description = description if change.description is ABSENT else change.description
    values: list[str | None] = [name, description, later_timestamp(clock_seconds, updated_at)]
    columns = "name = ?, description = ?, updated_at = ?"
    if change.credentials:
        columns += ", credentials_hash = ?, credentials = ?"
        values += [_new_hash(), json.dumps({"instanceUrl": change.credentials.instance_url})]
    query = f"UPDATE connections SET {columns} WHERE id = ? RETURNING {_ONE}"  # nosec B608  # our own columns
    return _unless_taken(db, query, (*values, connection_id), name)


def delete_connection(db: sqlite3.Connection, connection_id: str, caller: Permissions) -> str:
    """Delete a connection and return its JSON.

    Raises as `require_salesforce_connection` does, and BadRequestError while the connection is in use.
    """
    require_salesforce_connection(db, connection_id, caller, "delete")
    try:
        return _text(db.execute(f"DELETE FROM connections WHERE id = ? RETURNING {_ONE}", (connection_id,)))  # nosec B608  # our own columns
    except sqlite3.IntegrityError:
        raise BadRequestError(
            "Cannot delete App Connection with existing connections. Remove all existing connections and try again."
        ) from None


def render_for_build(text: str, build: Build) -> str:
    """Return the JSON of connections as a build shows it. Rows hold the fields of the newest build; older builds know fewer."""
    if build.gateway_pools:
        return text
    connections = json.loads(text)
    for connection in connections if isinstance(connections, list) else [connections]:
        connection["version"] = build.version
        del connection["gatewayPoolId"]
    return json.dumps(connections)


def _array(rows: Iterable[tuple[str]]) -> str:
    return "[" + ",".join([text for (text,) in rows]) + "]"


def _unless_taken(db: sqlite3.Connection, query: str, values: tuple[str | None, ...], name: str) -> str:
    try:
        return _text(db.execute(query, values))
    except sqlite3.IntegrityError:
        raise BadRequestError(f'An App Connection with the name "{name}" already exists') from None


def _text(cursor: sqlite3.Cursor) -> str:
    # A RETURNING statement is finished only after its last row, so this takes all rows.
    ((text,),) = cursor.fetchall()
    return str(text)


def _new_hash() -> str:
    """Infisical hashes the encrypted bytes, so each write gives another hash, even if the credentials are the same."""
    return secrets.token_hex(32)
