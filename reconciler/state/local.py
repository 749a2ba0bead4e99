"""State in a file: written beside it, flushed to disk, renamed over it, so that it is always whole; one writer at a time."""

import hashlib
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict
from pathlib import Path

import anyio
import anyio.to_thread
from filelock import FileLock, Timeout

from reconciler.model import State
from reconciler.state.backend import Conflict, Locked, LockInfo, StateError, Version
from reconciler.state.format import Encoder, decode

_POLL_SECONDS = 0.2


class LocalBackend:
    """Keeps the state in `path` (mode 0600). Its lock is the operating system's, so a killed holder leaves none behind.

    A link is followed: what it leads to is replaced, never the link, and whoever comes another way meets the same lock.
    """

    def __init__(self, path: Path) -> None:
        self._path = Path(os.path.realpath(path))
        self._lock = self._path.with_name(f"{self._path.name}.lock")
        self._encoder = Encoder()
        self._info = self._path.with_name(f"{self._path.name}.lock.info")

    async def load(self) -> tuple[State | None, Version]:
        """See `Backend.load`."""
        data = await anyio.to_thread.run_sync(self._read)
        return (None, "") if data is None else (decode(data, f"The state {self._path}"), _version(data))

    async def store(self, state: State, version: Version) -> Version:
        """See `Backend.store`."""
        return await anyio.to_thread.run_sync(self._write, state, version)

    @asynccontextmanager
    async def locked(self, info: LockInfo, wait_seconds: float) -> AsyncIterator[None]:
        """See `Backend.locked`."""
        lock = FileLock(self._lock, mode=0o600, thread_local=False)
        await self._acquire(lock, wait_seconds)
        try:
            try:
                self._info.write_text(json.dumps(asdict(info)))
            except OSError as broken:
                raise self._failed("locked", broken) from None
            yield
        finally:
            with suppress(OSError):
                self._info.unlink(missing_ok=True)
            lock.release()

    async def _acquire(self, lock: FileLock, wait_seconds: float) -> None:
        deadline = anyio.current_time() + wait_seconds
        while True:
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                lock.acquire(timeout=0)
                return
            except Timeout:
                if anyio.current_time() >= deadline:
                    raise self._held() from None
            except OSError as broken:
                raise self._failed("locked", broken) from None
            await anyio.sleep(_POLL_SECONDS)

    def _held(self) -> Locked:
        try:
            holder = str(LockInfo(**json.loads(self._info.read_text())))
        except (OSError, ValueError, TypeError):
            holder = "another run"
        return Locked(
            f"The state {self._path} is locked: {holder}.",
            "wait for that run, or give --lock-timeout SECONDS to wait for it here",
        )

    def _read(self) -> bytes | None:
        try:
            return self._path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as broken:
            raise self._failed("read", broken) from None

    def _write(self, state: State, version: Version) -> Version:
        data = self._encoder.encode(state)
        stored = self._read()
        if (_version(stored) if stored is not None else "") != version:
            raise Conflict(
                f"The state {self._path} was changed by somebody else during this run.",
                "run again; if it stays, see what else writes this file",
            )
        temporary = self._path.with_name(f".{self._path.name}.tmp")
        try:
            temporary.unlink(missing_ok=True)
            handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as opened:
                opened.write(data)
                opened.flush()
                os.fsync(opened.fileno())
            temporary.replace(self._path)
        except OSError as broken:
            with suppress(OSError):
                temporary.unlink()
            raise self._failed("written", broken) from None
        with suppress(OSError):  # it is stored; not every file system can flush a directory
            self._flush_folder()
        return _version(data)

    def _flush_folder(self) -> None:
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _failed(self, what: str, broken: OSError) -> StateError:
        return StateError(
            f"The state {self._path} cannot be {what}: {broken.strerror or broken}.",
            "check the directory's permissions and the space that is left on its disk",
        )


def _version(data: bytes) -> Version:
    return hashlib.sha256(data).hexdigest()
