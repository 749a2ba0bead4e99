"""The SQLite file behind the API: made on first use, shared safely between threads and between processes."""

import fcntl
import os
import re
import secrets
import sqlite3
import threading
import time
import uuid
import weakref
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from anyio import to_thread

from reconciler.embedded.dates import timestamp

Work = TypeVar("Work")

ORGANISATION = ("Embedded", "embedded")
BUILT_IN_IDENTITY = "embedded"
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
"""Infisical: a name must be its own lower-case slug."""

_SCHEMA_VERSION = 2
_BUSY_SECONDS = 60.0
_SCHEMA = (
    "CREATE TABLE installation (organisation_id TEXT NOT NULL, signing_key BLOB NOT NULL)",
    """CREATE TABLE projects (
        id TEXT PRIMARY KEY, slug TEXT NOT NULL UNIQUE, name TEXT NOT NULL, type TEXT NOT NULL, description TEXT,
        created_at TEXT NOT NULL, updated_at TEXT NOT NULL) WITHOUT ROWID""",
    # The client secret is 256 random bits: one salted hash is enough, a slow one would only slow log-ins.
    """CREATE TABLE identities (
        id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, client_id TEXT UNIQUE, secret_salt BLOB, secret_hash BLOB,
        failures INTEGER NOT NULL DEFAULT 0, failed_at REAL NOT NULL DEFAULT 0, locked_until REAL NOT NULL DEFAULT 0
        ) WITHOUT ROWID""",
    """CREATE TABLE access_tokens (
        id TEXT PRIMARY KEY, identity_id TEXT NOT NULL REFERENCES identities (id) ON DELETE CASCADE,
        expires_at REAL, revoked INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID""",
    # `credentials` is the JSON of the readable part only: there is no column a secret could be put in.
    """CREATE TABLE connections (
        id TEXT PRIMARY KEY, name TEXT NOT NULL, description TEXT, app TEXT NOT NULL, method TEXT NOT NULL,
        credentials TEXT NOT NULL, credentials_hash TEXT NOT NULL,
        project_id TEXT REFERENCES projects (id) ON DELETE CASCADE,
        created_at TEXT NOT NULL, updated_at TEXT NOT NULL)""",
    # Infisical: a name is unique per scope, across all apps. NULLs are all different to an index, hence two.
    "CREATE UNIQUE INDEX name_in_project ON connections (project_id, name) WHERE project_id IS NOT NULL",
    "CREATE UNIQUE INDEX name_in_organisation ON connections (name) WHERE project_id IS NULL",
    """CREATE TABLE connection_users (
        connection_id TEXT NOT NULL REFERENCES connections (id) ON DELETE RESTRICT, kind TEXT NOT NULL,
        PRIMARY KEY (connection_id, kind)) WITHOUT ROWID""",
)
_SINCE_2 = (
    # JSON of what an identity may do; NULL is everything.
    "ALTER TABLE identities ADD COLUMN permissions TEXT",
    # JSON of what its access tokens are good for; NULL is the usual.
    "ALTER TABLE identities ADD COLUMN token_rules TEXT",
    # Seconds since the epoch after which no renewal helps (NULL: none), calls made, and calls allowed (0: any number).
    "ALTER TABLE access_tokens ADD COLUMN ends_at REAL",
    "ALTER TABLE access_tokens ADD COLUMN issued_at REAL NOT NULL DEFAULT 0",
    "ALTER TABLE access_tokens ADD COLUMN uses INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE access_tokens ADD COLUMN uses_limit INTEGER NOT NULL DEFAULT 0",
    # Who vouches for an identity that has no secret: for JWTs the keys (a JWKS, as JSON), for AWS the access key's id.
    """CREATE TABLE vouchers (
        identity_id TEXT NOT NULL REFERENCES identities (id) ON DELETE CASCADE, method TEXT NOT NULL, jwks TEXT, issuer TEXT,
        audience TEXT, subject TEXT, access_key TEXT, PRIMARY KEY (identity_id, method)) WITHOUT ROWID""",
    # Values are in clear, as no other place of an embedded server would hide their key: the file is its owner's alone.
    """CREATE TABLE secrets (
        id TEXT PRIMARY KEY, project_id TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE, environment TEXT NOT NULL,
        path TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, comment TEXT NOT NULL DEFAULT '',
        version INTEGER NOT NULL DEFAULT 1, created_at TEXT NOT NULL, updated_at TEXT NOT NULL,
        UNIQUE (project_id, environment, path, name)) WITHOUT ROWID""",
    # Set when a project goes that still holds connections: from then on every list is broken (Infisical: facts 11).
    "ALTER TABLE installation ADD COLUMN lists_broken_by TEXT",
)


class DatabaseUnusableError(Exception):
    """The file cannot be the database: not writable, not SQLite, or written by a newer version."""


@dataclass(frozen=True, slots=True)
class Installation:
    """What is drawn once, when a database is made, and never changes."""

    organisation_id: str
    signing_key: bytes = field(repr=False)


class Store:
    """Access to one database file, from any thread and any event loop.

    Cheap to make: the file (mode 0600), its folders, schema and the projects (slugs) that are missing are made on
    first use. Raises ValueError for a project that is not a slug, and on use DatabaseUnusableError.
    """

    def __init__(self, path: Path, projects: Sequence[str] = ()) -> None:
        for slug in projects:
            if not SLUG.fullmatch(slug):
                raise ValueError(f"not a project slug: {slug!r}")
        self._path = Path(path).absolute()
        self._projects = tuple(projects)
        self._idle: deque[sqlite3.Connection] = deque()
        # One writer at a time in this process: waiting on a lock is fair and prompt, SQLite's own waiting sleeps.
        self._writer = threading.Lock()
        self._preparing = threading.Lock()
        self._installation: Installation | None = None
        weakref.finalize(self, _close_all, self._idle)

    @property
    def installation(self) -> Installation:
        """Known after the first use; makes the database if it is not there yet (blocks: not for an event loop)."""
        if self._installation is None:
            with self._preparing:
                if self._installation is None:
                    self._installation = self._prepare()
        return self._installation

    async def read(self, work: Callable[[sqlite3.Connection], Work]) -> Work:
        """Runs `work` with a connection in a worker thread."""
        return await to_thread.run_sync(self._do_read, work)

    async def write(self, work: Callable[[sqlite3.Connection], Work]) -> Work:
        """Runs `work` in a worker thread as one transaction, undone if it raises."""
        return await to_thread.run_sync(self._do_write, work)

    def _do_read(self, work: Callable[[sqlite3.Connection], Work]) -> Work:
        with self.reading() as db:
            return work(db)

    def _do_write(self, work: Callable[[sqlite3.Connection], Work]) -> Work:
        with self.writing() as db:
            return work(db)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection that nobody else uses meanwhile (blocks: for worker threads and sync callers)."""
        _ = self.installation
        try:
            db = self._idle.pop()
        except IndexError:
            db = _connect(self._path)
        try:
            yield db
        finally:
            self._idle.append(db)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """As `reading`, in a transaction that sees all earlier ones, of other processes too; undone by an error."""
        with self.reading() as db, self._writer, _transaction(db):
            yield db

    def close(self) -> None:
        """Closes the connections that are not in use; a later use opens new ones."""
        _close_all(self._idle)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        self.close()

    def _prepare(self) -> Installation:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with _alone_in(self._path.parent):
                _create_private(self._path)
                db = _connect(self._path)
                try:
                    # SQLite answers "busy" to this one without waiting, so it needs the lock around it.
                    db.execute("PRAGMA journal_mode = WAL")
                    installation = _installed(db, self._path)
                    _add_missing_projects(db, self._projects)
                finally:
                    db.close()
        except (OSError, sqlite3.Error) as error:
            raise DatabaseUnusableError(f"cannot use {self._path} as the embedded database: {error}") from error
        return installation


def is_slug(text: str) -> bool:
    """Whether Infisical would take this as a name."""
    return SLUG.fullmatch(text) is not None


def add_project(
    db: sqlite3.Connection,
    slug: str,
    now: str,
    *,
    name: str,
    kind: str = "secret-manager",
    description: str | None = None,
) -> str:
    """Inserts a project and gives its id; sqlite3.IntegrityError when the slug is taken."""
    project_id = str(uuid.uuid4())
    db.execute(
        "INSERT INTO projects (id, slug, name, type, description, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (project_id, slug, name, kind, description, now, now),
    )
    return project_id


def _installed(db: sqlite3.Connection, path: Path) -> Installation:
    with _transaction(db):
        version = db.execute("PRAGMA user_version").fetchone()[0]
        if version == 0:
            for statement in _SCHEMA:
                db.execute(statement)
            drawn = (str(uuid.uuid4()), secrets.token_bytes(64))
            db.execute("INSERT INTO installation (organisation_id, signing_key) VALUES (?, ?)", drawn)
            identity = (str(uuid.uuid4()), BUILT_IN_IDENTITY)
            db.execute("INSERT INTO identities (id, name) VALUES (?, ?)", identity)
        elif version not in (1, _SCHEMA_VERSION):
            raise DatabaseUnusableError(f"{path} has schema {version}; this version knows {_SCHEMA_VERSION}")
        if version < _SCHEMA_VERSION:
            for statement in _SINCE_2:
                db.execute(statement)
            db.execute(f"PRAGMA user_version = {_SCHEMA_VERSION}")
        return Installation(*db.execute("SELECT organisation_id, signing_key FROM installation").fetchone())


def _add_missing_projects(db: sqlite3.Connection, slugs: Sequence[str]) -> None:
    present = {slug for (slug,) in db.execute("SELECT slug FROM projects")}
    missing = [slug for slug in dict.fromkeys(slugs) if slug not in present]
    if missing:
        with _transaction(db):
            for slug in missing:
                add_project(db, slug, timestamp(time.time()), name=slug)


def _connect(path: Path) -> sqlite3.Connection:
    # A connection moves between worker threads, but is in one pair of hands at a time.
    db = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    # With a write-ahead log NORMAL loses nothing when a process is killed, and never corrupts; only a power cut can
    # take the last transactions along.
    db.execute("PRAGMA synchronous = NORMAL")
    db.execute("PRAGMA foreign_keys = ON")
    return db


@contextmanager
def _transaction(db: sqlite3.Connection) -> Iterator[None]:
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Holds an advisory lock on the folder, so that one process at a time makes a database in it."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _create_private(path: Path) -> None:
    """Makes the file before SQLite would, readable by its owner only; the log beside it inherits the mode."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        return


def _close_all(idle: deque[sqlite3.Connection]) -> None:
    while idle:
        idle.pop().close()
