"""Keeps the state in a file. The file is complete at every moment, and has one writer at a time."""

import hashlib
import json
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import anyio.to_thread
from filelock import FileLock, Timeout

from reconciler.model import WORTH_TELLING_SECONDS, State, Waiting, WaitReason
from reconciler.state.backend import Conflict, Locked, LockInfo, StateError, Version
from reconciler.state.format import Encoder, decode_state
from reconciler.state.tracked import refuse_tracked
from reconciler.workspace import make_directory, permissions, write_file

_POLL_SECONDS = 0.2


class LocalBackend:
    """Keeps the state in the file `path`, with mode 0600.

    The operating system keeps the lock, so a killed run leaves no lock behind. If `path` is a link, a store replaces the file
    that it leads to, not the link. The lock is beside that file, so that every path to it has the same lock.

    If the repository of the directory `stack` tracks the state, it is neither loaded nor locked.
    """

    def __init__(self, path: Path, stack: Path | None = None) -> None:
        self._written = path
        self._stack = stack
        self._path = Path(os.path.realpath(path))
        self._lock = self._path.with_name(f"{self._path.name}.lock")
        self._encoder = Encoder()
        self._info = self._path.with_name(f"{self._path.name}.lock.info")

    async def load(self) -> tuple[State | None, Version]:
        """See `Backend.load`."""
        await self._refuse_tracked()
        data = await anyio.to_thread.run_sync(self._read)
        return (None, "") if data is None else (decode_state(data, f"The state {self._path}"), _version(data))

    async def store(self, state: State, version: Version) -> Version:
        """See `Backend.store`."""
        return await anyio.to_thread.run_sync(self._write, state, version)

    @asynccontextmanager
    async def hold_lock(
        self, info: LockInfo, wait_seconds: float, waiting: Callable[[Waiting], None] = lambda _: None
    ) -> AsyncIterator[None]:
        """See `Backend.hold_lock`."""
        await self._refuse_tracked()
        lock = FileLock(self._lock, mode=0o600, thread_local=False)
        await self._acquire(lock, wait_seconds, waiting)
        try:
            await anyio.to_thread.run_sync(self._write_info, info)
            yield
        finally:
            with suppress(OSError):
                self._info.unlink(missing_ok=True)
            lock.release()

    async def _acquire(self, lock: FileLock, wait_seconds: float, waiting: Callable[[Waiting], None]) -> None:
        began = anyio.current_time()
        deadline = began + wait_seconds
        has_told = False
        while True:
            try:
                make_directory(self._path.parent, private=True)
                lock.acquire(timeout=0)
                return
            except Timeout:
                now = anyio.current_time()
                if now >= deadline:
                    raise self._lock_taken() from None
                if not has_told and now - began >= WORTH_TELLING_SECONDS:
                    waiting(self._waiting(deadline - now))
                    has_told = True
            except OSError as broken:
                raise self._failure("locked", broken) from None
            await anyio.sleep(_POLL_SECONDS)

    async def _refuse_tracked(self) -> None:
        """Ask once a run: the answer holds for all of it."""
        if self._stack is not None:
            await anyio.to_thread.run_sync(refuse_tracked, self._written, self._stack)
            self._stack = None

    def _waiting(self, seconds: float) -> Waiting:
        until = datetime.now(UTC) + timedelta(seconds=seconds)
        return Waiting(WaitReason.STATE_LOCK, seconds, until, cause=str(self._lock_taken()))

    def _lock_taken(self) -> Locked:
        try:
            holder = str(LockInfo(**json.loads(self._info.read_text())))
        except (OSError, ValueError, TypeError, RecursionError):
            holder = "another run"
        return Locked(
            f"The state {self._path} is locked: {holder}.",
            "wait for that run, or give --lock-timeout SECONDS to wait for it here",
        )

    def _read(self) -> bytes | None:
        try:
            if not self._path.is_dir() and permissions(self._path) is None:  # some devices have no end
                return None
            return self._path.read_bytes()
        except OSError as broken:
            raise self._failure("read", broken) from None

    def _write(self, state: State, version: Version) -> Version:
        data = self._encoder.encode(state)
        stored = self._read()
        if (_version(stored) if stored is not None else "") != version:
            raise Conflict(
                f"Somebody else changed the state {self._path} during this run.",
                "run again; if it happens again, find out what else writes this file",
            )
        try:
            write_file(self._path, data, mode=0o600)
        except OSError as broken:
            raise self._failure("written", broken) from None
        return _version(data)

    def _write_info(self, info: LockInfo) -> None:
        try:
            write_file(self._info, json.dumps(asdict(info)).encode(), below=self._info.parent)
        except OSError as broken:
            raise self._failure("locked", broken) from None

    def _failure(self, what: str, broken: OSError) -> StateError:
        return StateError(
            f"The state {self._path} cannot be {what}: {broken.strerror or broken}.",
            "check the permissions of the directory, and the free space on its disk",
        )


def _version(data: bytes) -> Version:
    return hashlib.sha256(data).hexdigest()
