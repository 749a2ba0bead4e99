"""What a place that keeps state must do, whichever it is."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from reconciler.model import ReconcilerError, State, Waiting

Version = str
"""What a backend knows a stored document by; "" before there is one."""


class StateError(ReconcilerError):
    """The state cannot be read or written."""


class Conflict(StateError):
    """Somebody else stored a document since ours was loaded."""


@dataclass(frozen=True, slots=True)
class LockInfo:
    """Who holds a lock: shown to whoever finds it taken. `since` is ISO 8601, UTC."""

    operation: str
    who: str
    since: str
    run: str = ""

    def __str__(self) -> str:
        return f"{self.operation} by {self.who} since {self.since}" + (f" ({self.run})" if self.run else "")


class Locked(StateError):
    """The lock is held by somebody else; `str()` says by whom when that is known."""


class Backend(Protocol):
    """Keeps one stack's state. All methods raise `StateError` when the place fails."""

    async def load(self) -> tuple[State | None, Version]:
        """Return the stored state and its version, (None, "") when nothing was ever stored."""

    async def store(self, state: State, version: Version) -> Version:
        """Store `state` whole or not at all, and return its version. Raises `Conflict` unless `version` is the stored one."""

    def hold_lock(
        self, info: LockInfo, wait_seconds: float, waiting: Callable[[Waiting], None]
    ) -> AbstractAsyncContextManager[None]:
        """Hold the lock for the block; wait up to `wait_seconds` for it. Raises `Locked`.

        Tells `waiting` who holds the lock, once, if another run still holds it after `WORTH_TELLING_SECONDS`.
        """
