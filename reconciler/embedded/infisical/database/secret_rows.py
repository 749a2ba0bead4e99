"""The table of secrets. An answer shows a value to those who may read it. An error never holds a value."""

import sqlite3
import uuid
from dataclasses import dataclass, field

from reconciler.embedded.infisical.database.project_rows import ENVIRONMENTS
from reconciler.embedded.infisical.errors import BadRequestError, NotFoundError

HIDDEN = "<hidden-by-infisical>"
"""The text in place of a value that the caller may not read. Infisical also sets `secretValueHidden`; its text is not known."""

_COLUMNS = "id, project_id, environment, path, name, value, comment, version, created_at, updated_at"
_Row = tuple[str, str, str, str, str, str, str, int, str, str]


@dataclass(frozen=True, slots=True)
class SecretFolder:
    """The folder that holds secrets. `path` begins with a slash and ends without one."""

    project_id: str
    environment: str
    path: str


@dataclass(frozen=True, slots=True)
class SecretChange:
    """The new value, comment and name of a secret. None leaves a part as it is."""

    value: str | None = field(default=None, repr=False)
    comment: str | None = None
    name: str | None = None


def require_environment(folder: SecretFolder) -> None:
    """Raise NotFoundError for an environment that the project does not have."""
    if folder.environment not in {slug for _, slug in ENVIRONMENTS}:
        raise NotFoundError(f"Environment with slug '{folder.environment}' not found")


def list_secrets(db: sqlite3.Connection, folder: SecretFolder, *, below: bool, shown: bool) -> list[dict[str, object]]:
    """Return the secrets of a folder by name, and with `below` those of the folders in it. `shown`: with their values."""
    query = f"""SELECT {_COLUMNS} FROM secrets WHERE project_id = ? AND environment = ?
        AND (path = ? OR (? AND (path || '/') LIKE ? ESCAPE '\\')) ORDER BY path, name"""  # noqa: S608  # nosec B608  # our own columns
    prefix = folder.path.rstrip("/").replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    rows = db.execute(query, (folder.project_id, folder.environment, folder.path, below, f"{prefix}/%"))
    return [_secret_json(row, shown=shown) for row in rows]


def get_secret(db: sqlite3.Connection, folder: SecretFolder, name: str, *, shown: bool) -> dict[str, object]:
    """Return one secret. `shown`: with its value. Raises NotFoundError."""
    return _secret_json(_row(db, folder, name), shown=shown)


def insert_secret(db: sqlite3.Connection, folder: SecretFolder, name: str, change: SecretChange, now: str) -> dict[str, object]:
    """Insert a secret and return it. Its folder exists from then on. Raises BadRequestError if the name is taken."""
    values = (str(uuid.uuid4()), folder.project_id, folder.environment, folder.path, name)
    try:
        db.execute(
            f"INSERT INTO secrets ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, 1, ?, ?)",  # noqa: S608  # nosec B608  # our own columns
            (*values, change.value or "", change.comment or "", now, now),
        )
    except sqlite3.IntegrityError:
        raise BadRequestError("Secret already exist") from None
    return get_secret(db, folder, name, shown=True)


def update_secret(db: sqlite3.Connection, folder: SecretFolder, name: str, change: SecretChange, now: str) -> dict[str, object]:
    """Change a secret and return it. Every change is a new version. Raises NotFoundError, BadRequestError for a taken name."""
    row = _row(db, folder, name)
    value, comment = (row[5] if change.value is None else change.value), (row[6] if change.comment is None else change.comment)
    try:
        db.execute(
            "UPDATE secrets SET name = ?, value = ?, comment = ?, version = version + 1, updated_at = ? WHERE id = ?",
            (change.name or name, value, comment, now, row[0]),
        )
    except sqlite3.IntegrityError:
        raise BadRequestError("Secret already exist") from None
    return get_secret(db, folder, change.name or name, shown=True)


def delete_secret(db: sqlite3.Connection, folder: SecretFolder, name: str) -> dict[str, object]:
    """Delete a secret and return it. Raises NotFoundError."""
    row = _row(db, folder, name)
    db.execute("DELETE FROM secrets WHERE id = ?", (row[0],))
    return _secret_json(row, shown=True)


def _row(db: sqlite3.Connection, folder: SecretFolder, name: str) -> _Row:
    query = f"""SELECT {_COLUMNS} FROM secrets
        WHERE project_id = ? AND environment = ? AND path = ? AND name = ?"""  # noqa: S608  # nosec B608  # our own columns
    row: _Row | None = db.execute(query, (folder.project_id, folder.environment, folder.path, name)).fetchone()
    if row is None:
        raise NotFoundError(f"Secret with name '{name}' not found")
    return row


def _secret_json(row: _Row, *, shown: bool) -> dict[str, object]:
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
