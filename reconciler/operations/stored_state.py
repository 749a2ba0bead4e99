"""Opens the state of a stack: the log-in if its place needs one, then the lock if the caller wants it, then the state.

Only this module turns an error of the state into the `Stopped` that ends a run.
"""

import getpass
import os
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from reconciler.config import Settings
from reconciler.model import State, Stop, Stopped, error
from reconciler.operations.files import read_settings
from reconciler.operations.location import StackLocation, run_url
from reconciler.state import Backend, Conflict, LocalBackend, Locked, LockInfo, StateError, Version

if TYPE_CHECKING:  # commands that only read a local file load no HTTP client
    from reconciler.operations.login.session import Session


@dataclass(frozen=True, slots=True)
class Lock:
    """Says that no other run may change the state meanwhile.

    Everyone who finds the state locked sees `operation`. The run waits up to `wait_seconds` for the lock.
    """

    operation: str
    wait_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class StatePlace:
    """Where a stack keeps its state. `backend` gets the log-in to Infisical, None if the place needs no log-in."""

    needs_log_in: bool
    backend: "Callable[[Session | None], Backend]"


@dataclass(frozen=True, slots=True)
class StoredState:
    """The state as it was loaded, None before the first apply, its version, and the backend that stores the next one."""

    backend: Backend
    state: State | None
    version: Version


def state_place(settings: Settings) -> StatePlace:
    """Return the place that the settings name."""
    return StatePlace(needs_log_in=False, backend=lambda _: LocalBackend(settings.state, settings.stack))


@asynccontextmanager
async def open_state(location: StackLocation, lock: Lock | None = None) -> AsyncIterator[StoredState]:
    """Open only the state of a stack. Raises `Stopped`.

    The run logs in to Infisical only if the state's place needs that. A local state works without Infisical.
    """
    settings = read_settings(location)
    place = state_place(settings)
    async with AsyncExitStack() as opened:
        session = None
        if place.needs_log_in:
            from reconciler.operations.login.session import open_session

            session = await opened.enter_async_context(open_session(settings, location))
        yield await opened.enter_async_context(open_backend(place.backend(session), location, lock))


@asynccontextmanager
async def open_backend(backend: Backend, location: StackLocation, lock: Lock | None) -> AsyncIterator[StoredState]:
    """Load the state. If there is a lock, take it first and hold it until the block ends.

    Raises `Stopped` for every `StateError`, also for one that the block raises.
    """
    with stop_for_state_errors():
        async with AsyncExitStack() as held:
            if lock is not None:
                info = _lock_info(lock.operation, location.environ)
                await held.enter_async_context(backend.hold_lock(info, lock.wait_seconds, location.waiting))
            state, version = await backend.load()
            yield StoredState(backend, state, version)


@contextmanager
def stop_for_state_errors() -> Iterator[None]:
    """Turn a `StateError` of the block into the `Stopped` that ends the run."""
    try:
        yield
    except StateError as failure:
        stop = Stop.LOCKED if isinstance(failure, Locked) else Stop.STALE if isinstance(failure, Conflict) else Stop.FAILED
        raise Stopped(stop, error(str(failure), hint=failure.hint)) from None


def _lock_info(operation: str, environ: Mapping[str, str]) -> LockInfo:
    """Return what a lock says about its holder."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError):
        user = str(os.getuid())
    since = datetime.now(UTC).isoformat(timespec="seconds")
    return LockInfo(operation, f"{user}@{socket.gethostname()} (process {os.getpid()})", since, run_url(environ))
