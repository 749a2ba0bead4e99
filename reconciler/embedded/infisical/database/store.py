"""The SQLite file behind the API. The first use makes it, and several threads and processes can share it."""

import fcntl
import os
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

from reconciler.embedded.infisical.database.project_rows import insert_project
from reconciler.embedded.infisical.database.schema import SCHEMA_VERSION, schema_version, upgrade_schema
from reconciler.embedded.infisical.slugs import is_slug
from reconciler.embedded.infisical.timestamps import timestamp

Work = TypeVar("Work")

BUILT_IN_IDENTITY = "embedded"
"""The name of the machine identity that every new database has."""

_BUSY_SECONDS = 60.0


class DatabaseUnusableError(Exception):
    """The file cannot be the database: it is not writable, it is not SQLite, or a newer version wrote it."""


@dataclass(frozen=True, slots=True)
class Installation:
    """The random values that a database gets when it is made, and never changes."""

    organisation_id: str
    signing_key: bytes = field(repr=False)


class Store:
    """Access to one database file, from any thread and any event loop.

    The first use makes the file (mode 0600), its folders (0700), its tables and the projects (slugs) that are missing. Before
    that a store touches nothing. Raises ValueError for a project that is not a slug, and DatabaseUnusableError on use.
    """

    def __init__(self, path: Path, projects: Sequence[str] = ()) -> None:
        for slug in projects:
            if not is_slug(slug):
                raise ValueError(f"not a project slug: {slug!r}")
        self._path = Path(path).absolute()
        self._projects = tuple(projects)
        self._idle: deque[sqlite3.Connection] = deque()
        # One writer at a time in this process. A lock is fair and wakes up at once; SQLite would sleep between tries.
        self._writer = threading.Lock()
        self._preparing = threading.Lock()
        self._installation: Installation | None = None
        weakref.finalize(self, _close_all, self._idle)

    @property
    def installation(self) -> Installation:
        """The random values of this database. Makes the database if it is not there yet. Blocks."""
        if self._installation is None:
            with self._preparing:
                if self._installation is None:
                    self._installation = self._prepare()
        return self._installation

    async def read(self, work: Callable[[sqlite3.Connection], Work]) -> Work:
        """Run `work` with a connection, in a worker thread."""
        return await to_thread.run_sync(self._do_read, work)

    async def write(self, work: Callable[[sqlite3.Connection], Work]) -> Work:
        """Run `work` as one transaction, in a worker thread. An error undoes the transaction."""
        return await to_thread.run_sync(self._do_write, work)

    def _do_read(self, work: Callable[[sqlite3.Connection], Work]) -> Work:
        with self.reading() as db:
            return work(db)

    def _do_write(self, work: Callable[[sqlite3.Connection], Work]) -> Work:
        with self.writing() as db:
            return work(db)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Give a connection that nobody else uses until the block ends. Blocks: for worker threads and sync callers."""
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
        """Give a connection as `reading` does, in a transaction that sees those of all processes. An error undoes it."""
        with self.reading() as db, self._writer, _transaction(db):
            yield db

    def close(self) -> None:
        """Close the connections that are not in use. A later use opens new ones."""
        _close_all(self._idle)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        self.close()

    def _prepare(self) -> Installation:
        try:
            for folder in reversed([folder for folder in self._path.parents if not folder.exists()]):
                folder.mkdir(mode=0o700, exist_ok=True)
            with _alone_in(self._path.parent):
                _create_private(self._path)
                db = _connect(self._path)
                try:
                    # SQLite answers "busy" to this statement without waiting, so it needs the lock around it.
                    db.execute("PRAGMA journal_mode = WAL")
                    installation = _open_installation(db, self._path)
                    _add_missing_projects(db, self._projects)
                finally:
                    db.close()
        except (OSError, sqlite3.Error) as error:
            cause = getattr(error, "strerror", None) or error
            raise DatabaseUnusableError(f"cannot use {self._path} as the embedded database: {cause}") from error
        return installation


def _open_installation(db: sqlite3.Connection, path: Path) -> Installation:
    with _transaction(db):
        version = schema_version(db)
        if not 0 <= version <= SCHEMA_VERSION:
            raise DatabaseUnusableError(f"{path} has schema {version}; this version knows {SCHEMA_VERSION}")
        upgrade_schema(db, version)
        if version == 0:
            drawn = (str(uuid.uuid4()), secrets.token_bytes(64))
            db.execute("INSERT INTO installation (organisation_id, signing_key) VALUES (?, ?)", drawn)
            identity = (str(uuid.uuid4()), BUILT_IN_IDENTITY)
            db.execute("INSERT INTO identities (id, name) VALUES (?, ?)", identity)
        return Installation(*db.execute("SELECT organisation_id, signing_key FROM installation").fetchone())


def _add_missing_projects(db: sqlite3.Connection, slugs: Sequence[str]) -> None:
    present = {slug for (slug,) in db.execute("SELECT slug FROM projects")}
    missing = [slug for slug in dict.fromkeys(slugs) if slug not in present]
    if missing:
        with _transaction(db):
            for slug in missing:
                insert_project(db, slug, timestamp(time.time()), name=slug)


def _connect(path: Path) -> sqlite3.Connection:
    # A connection moves between worker threads, but only one thread uses it at a time.
    db = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    # With a write-ahead log, NORMAL loses nothing when a process is killed, and never corrupts the file. Only a power cut
    # can lose the last transactions.
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
    """Hold an advisory lock on the folder, so that one process at a time makes a database in it."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _create_private(path: Path) -> None:
    """Make the file before SQLite does, so that only its owner can read it. The log beside it gets the same mode."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        return


def _close_all(idle: deque[sqlite3.Connection]) -> None:
    while idle:
        idle.pop().close()
