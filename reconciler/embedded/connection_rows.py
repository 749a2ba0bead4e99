"""The connections table. Rows leave SQLite as the JSON of the API: a list of thousands costs no Python per field."""

# ruff: noqa: S608  what is put into SQL text here are this module's own column lists; values are always parameters.

import json
import secrets
import sqlite3
import uuid
from collections.abc import Iterable, Sequence

from reconciler.embedded.build import Build
from reconciler.embedded.dates import later_timestamp
from reconciler.embedded.errors import BadRequestError, NotFoundError, PermissionDeniedError
from reconciler.embedded.permissions import Permissions
from reconciler.embedded.validation import ABSENT, METHOD, ConnectionChange, NewConnection

SALESFORCE = "salesforce"

# Infisical: `version` is not a revision; current builds write 2 and never change it. Nothing secret is in any answer.
_FIELDS = """
    'id', id, 'name', name, 'description', description, 'app', app, 'method', method,
    'credentials', json(credentials), 'credentialsHash', credentials_hash, 'version', 2,
    'orgId', (SELECT organisation_id FROM installation), 'projectId', project_id,
    'createdAt', created_at, 'updatedAt', updated_at, 'isPlatformManagedCredentials', json('false'),
    'gatewayId', NULL, 'gatewayPoolId', NULL, 'isAutoRotationEnabled', json('false')"""
_ONE = f"json_object({_FIELDS})"
# Infisical: `project` is joined in lists only, null in the organisation's scope.
_LISTED = f"""json_object({_FIELDS}, 'project', json((
    SELECT json_object('name', p.name, 'id', p.id, 'type', p.type, 'slug', p.slug)
    FROM projects AS p WHERE p.id = connections.project_id)))"""
_BRIEF = """json_object('app', app, 'name', name, 'id', id, 'projectId', project_id,
    'orgId', (SELECT organisation_id FROM installation))"""


def listed(db: sqlite3.Connection, caller: Permissions, *, app: str | None = None, project_id: str | None = None) -> str:
    """The JSON array of connections, by lower-cased name.

    Infisical: without a project everything in the organisation is listed, its projects' connections included, but only rows
    that the caller may read, and nothing tells that there are others. Raises NotFoundError for an unknown project, and
    PermissionDeniedError when nothing may be read there at all.
    """
    if project_id is None:
        _require_lists(db, app)
    caller.require("read", project_slug(db, project_id))
    wanted = {column: value for column, value in {"app": app, "project_id": project_id}.items() if value is not None}
    readable, values = _readable(caller, "read")
    where = " AND ".join([*(f"{column} = ?" for column in wanted), *readable]) or "TRUE"
    query = f"SELECT {_LISTED} FROM connections WHERE {where} ORDER BY lower(name), id"
    return _array(db.execute(query, (*wanted.values(), *values)))


def available(db: sqlite3.Connection, caller: Permissions, app: str, project_id: str | None) -> str:
    """The JSON array of what can be used from a project: the organisation's connections and the project's own."""
    slug = project_slug(db, project_id)
    if slug is not None:
        caller.require("connect", slug)
    usable, values = _readable(caller, "connect")
    where = " AND ".join(["app = ?", "(project_id IS NULL OR project_id = ?)", *usable])
    query = f"SELECT {_BRIEF} FROM connections WHERE {where} ORDER BY lower(name), id"
    return _array(db.execute(query, (app, project_id, *values)))


def _readable(caller: Permissions, action: str) -> tuple[list[str], list[str]]:
    """Conditions on rows, and their values, that leave those which `action` is allowed on; none for who may do everything."""
    if caller.everything:
        return [], []
    slugs, hidden = caller.projects_with(action), sorted(caller.hidden)
    organisation = "project_id IS NULL" if action in caller.connections else "FALSE"
    projects = "project_id IS NOT NULL"
    if slugs is not None:
        projects = f"project_id IN (SELECT id FROM projects WHERE slug IN ({_marks(slugs)}))"
    return [f"({organisation} OR {projects})", f"id NOT IN ({_marks(hidden)})"], [*(slugs or ()), *hidden]


def _marks(values: Sequence[str]) -> str:
    return ", ".join("?" for _ in values)


def _require_lists(db: sqlite3.Connection, app: str | None) -> None:
    """Infisical: once a project went that still held a connection, lists that would show it are a 404 for everyone."""
    ((broken_by,),) = db.execute("SELECT lists_broken_by FROM installation")
    if broken_by is None:
        return
    gone = json.loads(broken_by)
    if app is None or app in gone["apps"]:
        raise NotFoundError(f"Project with ID '{gone['projectId']}' not found")


def break_lists(db: sqlite3.Connection, project_id: str) -> None:
    """Remembers which lists break when this project goes now; those that were broken before stay so."""
    apps = [
        app for (app,) in db.execute("SELECT DISTINCT app FROM connections WHERE project_id = ? ORDER BY app", (project_id,))
    ]
    if apps:
        ((before,),) = db.execute("SELECT lists_broken_by FROM installation")
        apps = sorted({*apps, *(json.loads(before)["apps"] if before else ())})
        gone = json.dumps({"projectId": project_id, "apps": apps})
        db.execute("UPDATE installation SET lists_broken_by = ?", (gone,))


def found(db: sqlite3.Connection, connection_id: str, caller: Permissions) -> str:
    """The JSON of one Salesforce connection. Raises as `require_salesforce` does."""
    require_salesforce(db, connection_id, caller, "read")
    return _text(db.execute(f"SELECT {_ONE} FROM connections WHERE id = ?", (connection_id,)))


def found_by_name(db: sqlite3.Connection, name: str, project_id: str | None, caller: Permissions) -> str:
    """The JSON of the Salesforce connection that has this name in this scope.

    Infisical: the name is looked up among all apps, so NotFoundError says it is free and BadRequestError that another
    app's connection has it.
    """
    row = db.execute("SELECT id, app FROM connections WHERE name = ? AND project_id IS ?", (name, project_id)).fetchone()
    if row is None:
        raise NotFoundError(f"Could not find App Connection with name {name}")
    require(db, row[0], caller, "read")
    if row[1] != SALESFORCE:
        raise BadRequestError(f'App Connection with name {name} is not for App "Salesforce"')
    return found(db, row[0], caller)


def require_salesforce(db: sqlite3.Connection, connection_id: str, caller: Permissions, action: str) -> None:
    """Raises NotFoundError for an unknown id, PermissionDeniedError, and BadRequestError for another app's: in that order."""
    app = require(db, connection_id, caller, action)
    if app != SALESFORCE:
        raise BadRequestError(f'App Connection with ID {connection_id} is not for App "Salesforce"')


def require(db: sqlite3.Connection, connection_id: str, caller: Permissions, action: str) -> str:
    """The app of a connection. Raises NotFoundError or PermissionDeniedError."""
    query = "SELECT app, slug FROM connections LEFT JOIN projects ON projects.id = project_id WHERE connections.id = ?"
    row = db.execute(query, (connection_id,)).fetchone()
    if row is None:
        raise NotFoundError(f"Could not find App Connection with ID {connection_id}")
    caller.require(action, row[1])
    if connection_id in caller.hidden:
        raise PermissionDeniedError(action, "app-connections")
    return str(row[0])


def project_slug(db: sqlite3.Connection, project_id: str | None) -> str | None:
    """The slug of a project; None is no project, and fine. Raises NotFoundError for an unknown one."""
    if not project_id:
        return None
    row = db.execute("SELECT slug FROM projects WHERE id = ?", (project_id,)).fetchone()
    if row is None:
        raise NotFoundError(f"Project with ID '{project_id}' not found")
    return str(row[0])


def insert(db: sqlite3.Connection, new: NewConnection, now: str) -> str:
    """The JSON of a new Salesforce connection. Raises BadRequestError when its scope has the name already."""
    public = {"instanceUrl": new.credentials.instance_url}
    values = (SALESFORCE, METHOD, new.name, new.description, new.project_id)
    return insert_row(db, values, public, now)


def insert_row(
    db: sqlite3.Connection, values: tuple[str, str, str, str | None, str | None], public: dict[str, str], now: str
) -> str:
    """As `insert`, for any app: `values` are app, method, name, description and the project's id.

    `public` is the part of the credentials that may be read back.
    """
    query = f"""INSERT INTO connections (app, method, name, description, project_id, id, credentials, credentials_hash,
        created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING {_ONE}"""
    drawn = (str(uuid.uuid4()), json.dumps(public), _new_hash(), now, now)
    return _unless_taken(db, query, (*values, *drawn), values[2])


def update(db: sqlite3.Connection, connection_id: str, change: ConnectionChange, clock_seconds: float) -> str:
    """The JSON of the changed connection; `updatedAt` moves even when nothing else does.

    Raises NotFoundError when it is gone, and BadRequestError when the scope has the new name already.
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
    query = f"UPDATE connections SET {columns} WHERE id = ? RETURNING {_ONE}"
    return _unless_taken(db, query, (*values, connection_id), name)


def delete(db: sqlite3.Connection, connection_id: str, caller: Permissions) -> str:
    """The JSON of what was deleted. Raises as `require_salesforce` does, and BadRequestError while it is in use."""
    require_salesforce(db, connection_id, caller, "delete")
    try:
        return _text(db.execute(f"DELETE FROM connections WHERE id = ? RETURNING {_ONE}", (connection_id,)))
    except sqlite3.IntegrityError:
        raise BadRequestError(
            "Cannot delete App Connection with existing connections. Remove all existing connections and try again."
        ) from None


def aged(text: str, build: Build) -> str:
    """The JSON of connections as a build shows them. Rows are made as builds of today do; older ones know less."""
    if build.gateway_pools:
        return text
    connections = json.loads(text)
    for one in connections if isinstance(connections, list) else [connections]:
        one["version"] = build.version
        del one["gatewayPoolId"]
    return json.dumps(connections)


def _array(rows: Iterable[tuple[str]]) -> str:
    return "[" + ",".join([text for (text,) in rows]) + "]"


def _unless_taken(db: sqlite3.Connection, query: str, values: tuple[str | None, ...], name: str) -> str:
    try:
        return _text(db.execute(query, values))
    except sqlite3.IntegrityError:
        raise BadRequestError(f'An App Connection with the name "{name}" already exists') from None


def _text(cursor: sqlite3.Cursor) -> str:
    # All rows are taken: a RETURNING statement has not finished before its last one.
    ((text,),) = cursor.fetchall()
    return str(text)


def _new_hash() -> str:
    """Infisical: the hash is of freshly encrypted bytes, so it differs on each write of the very same credentials."""
    return secrets.token_hex(32)
