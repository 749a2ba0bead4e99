"""The tables of the database file, and how a file of an earlier version gets the tables of this one."""

import sqlite3

SCHEMA_VERSION = 2
_VERSION_1 = (
    "CREATE TABLE installation (organisation_id TEXT NOT NULL, signing_key BLOB NOT NULL)",
    """CREATE TABLE projects (
        id TEXT PRIMARY KEY, slug TEXT NOT NULL UNIQUE, name TEXT NOT NULL, type TEXT NOT NULL, description TEXT,
        created_at TEXT NOT NULL, updated_at TEXT NOT NULL) WITHOUT ROWID""",
    # The client secret is 256 random bits, so one salted hash is enough. A slow hash would only slow log-ins down.
    """CREATE TABLE identities (
        id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, client_id TEXT UNIQUE, secret_salt BLOB, secret_hash BLOB,
        failures INTEGER NOT NULL DEFAULT 0, failed_at REAL NOT NULL DEFAULT 0, locked_until REAL NOT NULL DEFAULT 0
        ) WITHOUT ROWID""",
    """CREATE TABLE access_tokens (
        id TEXT PRIMARY KEY, identity_id TEXT NOT NULL REFERENCES identities (id) ON DELETE CASCADE,
        expires_at REAL, revoked INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID""",
    # `credentials` is the JSON of the readable part only. There is no column that could hold a secret.
    """CREATE TABLE connections (
        id TEXT PRIMARY KEY, name TEXT NOT NULL, description TEXT, app TEXT NOT NULL, method TEXT NOT NULL,
        credentials TEXT NOT NULL, credentials_hash TEXT NOT NULL,
        project_id TEXT REFERENCES projects (id) ON DELETE CASCADE,
        created_at TEXT NOT NULL, updated_at TEXT NOT NULL)""",
    # Infisical: a name is unique in its scope, across all apps. An index takes NULLs as different, so there are two.
    "CREATE UNIQUE INDEX name_in_project ON connections (project_id, name) WHERE project_id IS NOT NULL",
    "CREATE UNIQUE INDEX name_in_organisation ON connections (name) WHERE project_id IS NULL",
    """CREATE TABLE connection_users (
        connection_id TEXT NOT NULL REFERENCES connections (id) ON DELETE RESTRICT, kind TEXT NOT NULL,
        PRIMARY KEY (connection_id, kind)) WITHOUT ROWID""",
)
_VERSION_2 = (
    # The JSON of what an identity may do. NULL is everything.
    "ALTER TABLE identities ADD COLUMN permissions TEXT",
    # The JSON of the rules for its access tokens. NULL is the usual rules.
    "ALTER TABLE identities ADD COLUMN token_rules TEXT",
    # When renewals end and when the token was issued (seconds since the epoch), calls made, and calls allowed (0: any).
    "ALTER TABLE access_tokens ADD COLUMN ends_at REAL",
    "ALTER TABLE access_tokens ADD COLUMN issued_at REAL NOT NULL DEFAULT 0",
    "ALTER TABLE access_tokens ADD COLUMN uses INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE access_tokens ADD COLUMN uses_limit INTEGER NOT NULL DEFAULT 0",
    # Who vouches for an identity that has no client secret: the keys of a JWT's issuer (JWKS), or the id of an AWS access key.
    """CREATE TABLE vouchers (
        identity_id TEXT NOT NULL REFERENCES identities (id) ON DELETE CASCADE, method TEXT NOT NULL, jwks TEXT, issuer TEXT,
        audience TEXT, subject TEXT, access_key TEXT, PRIMARY KEY (identity_id, method)) WITHOUT ROWID""",
    # Values are not encrypted, because an embedded server has no safe place for the key. Only its owner may read the file.
    """CREATE TABLE secrets (
        id TEXT PRIMARY KEY, project_id TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE, environment TEXT NOT NULL,
        path TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, comment TEXT NOT NULL DEFAULT '',
        version INTEGER NOT NULL DEFAULT 1, created_at TEXT NOT NULL, updated_at TEXT NOT NULL,
        UNIQUE (project_id, environment, path, name)) WITHOUT ROWID""",
    # Infisical: after a project that still held connections is deleted, lists that would show them fail.
    "ALTER TABLE installation ADD COLUMN lists_broken_by TEXT",
)


def schema_version(db: sqlite3.Connection) -> int:
    """Return the version of the tables in the file, 0 if there are none."""
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def upgrade_schema(db: sqlite3.Connection, version: int) -> None:
    """Bring tables of this version (0 for none) to `SCHEMA_VERSION`, in the caller's transaction."""
    steps = (_VERSION_1, _VERSION_2)[version:]
    for statement in (statement for step in steps for statement in step):
        db.execute(statement)
    if steps:
        db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
