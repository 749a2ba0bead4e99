"""The table of projects: enough to turn a slug into an id, and to make the projects that connections belong to."""

import sqlite3
import uuid

from reconciler.embedded.infisical.errors import BadRequestError, NotFoundError

ENVIRONMENTS = (("Development", "dev"), ("Staging", "staging"), ("Production", "prod"))
"""Name and slug of the environments that every project has."""

_SELECT = """SELECT id, name, slug, type, description, created_at, updated_at,
    (SELECT organisation_id FROM installation) FROM projects"""


def list_projects(db: sqlite3.Connection) -> list[dict[str, object]]:
    """Return all projects as the API shows them, by lower-cased name."""
    return [_project_json(row) for row in db.execute(f"{_SELECT} ORDER BY lower(name), id")]


def get_project(db: sqlite3.Connection, column: str, value: str) -> dict[str, object]:
    """Return the project with this value in `column` ("id" or "slug"), as the API shows it. Raises NotFoundError."""
    row = db.execute(f"{_SELECT} WHERE {column} = ?", (value,)).fetchone()
    if row is None:
        raise NotFoundError(f"Project with {'ID' if column == 'id' else column} '{value}' not found")
    return _project_json(row)


def find_project(db: sqlite3.Connection, project_id: str | None, slug: str | None) -> tuple[str, str]:
    """Return id and slug of a project, named by either. Raises NotFoundError, and BadRequestError if both are missing."""
    if not project_id and not slug:
        raise BadRequestError("Missing project id or slug")
    row = db.execute(
        "SELECT id, slug FROM projects WHERE id = ? OR slug = ?", (project_id, None if project_id else slug)
    ).fetchone()
    if row is None:
        raise NotFoundError(f"Project with {'ID' if project_id else 'slug'} '{project_id or slug}' not found")
    return row[0], row[1]


def find_project_slug(db: sqlite3.Connection, project_id: str | None) -> str | None:
    """Return the slug of a project, None for no project. Raises NotFoundError for an unknown project."""
    if not project_id:
        return None
    row = db.execute("SELECT slug FROM projects WHERE id = ?", (project_id,)).fetchone()
    if row is None:
        raise NotFoundError(f"Project with ID '{project_id}' not found")
    return str(row[0])


def insert_project(
    db: sqlite3.Connection,
    slug: str,
    now: str,
    *,
    name: str,
    kind: str = "secret-manager",
    description: str | None = None,
) -> str:
    """Insert a project and return its id. Raises sqlite3.IntegrityError if the slug is taken."""
    project_id = str(uuid.uuid4())
    db.execute(
        "INSERT INTO projects (id, slug, name, type, description, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (project_id, slug, name, kind, description, now, now),
    )
    return project_id


def delete_project(db: sqlite3.Connection, project_id: str) -> None:
    """Delete a project with its connections and secrets. Raises sqlite3.IntegrityError if a connection is in use."""
    db.execute("DELETE FROM projects WHERE id = ?", (project_id,))


def _project_json(row: tuple[str, ...]) -> dict[str, object]:
    project_id, name, slug, kind, description, created_at, updated_at, organisation_id = row
    # All projects have the same environments, so they need no table. An environment's id follows from its project's id.
    within = uuid.UUID(project_id)
    environments = [{"id": str(uuid.uuid5(within, key)), "name": title, "slug": key} for title, key in ENVIRONMENTS]
    return {
        "id": project_id,
        "name": name,
        "slug": slug,
        "type": kind,
        "description": description,
        "orgId": organisation_id,
        "createdAt": created_at,
        "updatedAt": updated_at,
        "environments": environments,
    }
