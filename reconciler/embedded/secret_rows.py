"""The secrets table. A value is shown to whoever may read it, and never put into an error."""

import json
import sqlite3
import uuid
from dataclasses import dataclass, field

from reconciler.embedded.errors import BadRequestError, NotFoundError
from reconciler.embedded.projects import ENVIRONMENTS
from reconciler.embedded.validation import WHITE

HIDDEN = "<hidden-by-infisical>"
"""What stands for a value that may not be read. Infisical: `secretValueHidden` says so; its own text is not known (facts 6)."""

_COLUMNS = "id, project_id, environment, path, name, value, comment, version, created_at, updated_at"
Row = tuple[str, str, str, str, str, str, str, int, str, str]


@dataclass(frozen=True, slots=True)
class Place:
    """Where secrets are: `path` begins with a slash and ends without one."""

    project_id: str
    environment: str
    path: str


@dataclass(frozen=True, slots=True)
class Change:
    """What is written of a secret; None leaves it as it is."""

    value: str | None = field(default=None, repr=False)
    comment: str | None = None
    name: str | None = None


def require_environment(place: Place) -> None:
    """Raises NotFoundError for an environment that the project does not have."""
    if place.environment not in {slug for _, slug in ENVIRONMENTS}:
        raise NotFoundError(f"Environment with slug '{place.environment}' not found")


def project_id(db: sqlite3.Connection, given: str | None, slug: str | None) -> tuple[str, str]:
    """The id and slug of a project that is named by either. Raises NotFoundError, and BadRequestError when it is not named."""
    if not given and not slug:
        raise BadRequestError("Missing project id or slug")
    row = db.execute("SELECT id, slug FROM projects WHERE id = ? OR slug = ?", (given, None if given else slug)).fetchone()
    if row is None:
        raise NotFoundError(f"Project with {'ID' if given else 'slug'} '{given or slug}' not found")
    return row[0], row[1]


def listed(db: sqlite3.Connection, place: Place, *, below: bool, shown: bool) -> list[dict[str, object]]:
    """The secrets of a folder, `below`: of those below it too, by name."""
    query = f"""SELECT {_COLUMNS} FROM secrets WHERE project_id = ? AND environment = ?
        AND (path = ? OR (? AND (path || '/') LIKE ? ESCAPE '\\')) ORDER BY path, name"""  # noqa: S608  # our own columns
    folder = place.path.rstrip("/").replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    found = db.execute(query, (place.project_id, place.environment, place.path, below, f"{folder}/%"))
    return [_secret(row, shown=shown) for row in found]


def found(db: sqlite3.Connection, place: Place, name: str, *, shown: bool) -> dict[str, object]:
    """One secret. Raises NotFoundError."""
    return _secret(_row(db, place, name), shown=shown)


def insert(db: sqlite3.Connection, place: Place, name: str, change: Change, now: str) -> dict[str, object]:
    """A new secret; its folder comes into being with it. Raises BadRequestError when there is one of that name."""
    values = (str(uuid.uuid4()), place.project_id, place.environment, place.path, name)
    try:
        db.execute(
            f"INSERT INTO secrets ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, 1, ?, ?)",  # noqa: S608  # our own columns
            (*values, change.value or "", change.comment or "", now, now),
        )
    except sqlite3.IntegrityError:
        raise BadRequestError("Secret already exist") from None
    return found(db, place, name, shown=True)


def update(db: sqlite3.Connection, place: Place, name: str, change: Change, now: str) -> dict[str, object]:
    """A secret as it is after `change`; every change is a version. Raises NotFoundError, BadRequestError for a taken name."""
    row = _row(db, place, name)
    value, comment = (row[5] if change.value is None else change.value), (row[6] if change.comment is None else change.comment)
    try:
        db.execute(
            "UPDATE secrets SET name = ?, value = ?, comment = ?, version = version + 1, updated_at = ? WHERE id = ?",
            (change.name or name, value, comment, now, row[0]),
        )
    except sqlite3.IntegrityError:
        raise BadRequestError("Secret already exist") from None
    return found(db, place, change.name or name, shown=True)


def delete(db: sqlite3.Connection, place: Place, name: str) -> dict[str, object]:
    """What was deleted. Raises NotFoundError."""
    row = _row(db, place, name)
    db.execute("DELETE FROM secrets WHERE id = ?", (row[0],))
    return _secret(row, shown=True)


def stored(value: str) -> str:
    """A value as it is kept. Infisical: trimmed, but one line break at its end may stay."""
    trimmed = value.strip(WHITE)
    return trimmed + "\n" if trimmed and value.endswith("\n") else trimmed


def _row(db: sqlite3.Connection, place: Place, name: str) -> Row:
    query = f"""SELECT {_COLUMNS} FROM secrets
        WHERE project_id = ? AND environment = ? AND path = ? AND name = ?"""  # noqa: S608  # our own columns
    row: Row | None = db.execute(query, (place.project_id, place.environment, place.path, name)).fetchone()
    if row is None:
        raise NotFoundError(f"Secret with name '{name}' not found")
    return row


def _secret(row: Row, *, shown: bool) -> dict[str, object]:
    secret_id, project, environment, path, name, value, comment, version, created_at, updated_at = row
    return {
        "id": secret_id,
        "_id": secret_id,
        "workspace": project,
        "environment": environment,
        "version": version,
        "type": "shared",
        "secretKey": name,
        "secretValue": value if shown else HIDDEN,
        "secretValueHidden": not shown,
        "secretComment": comment,
        "secretPath": path,
        "secretReminderNote": None,
        "secretReminderRepeatDays": None,
        "skipMultilineEncoding": False,
        "secretMetadata": [],
        "tags": [],
        "isRotatedSecret": False,
        "createdAt": created_at,
        "updatedAt": updated_at,
    }


def encoded(body: dict[str, object]) -> str:
    """The JSON of an answer."""
    return json.dumps(body)
