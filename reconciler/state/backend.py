"""What every place that keeps a state must be able to do."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from reconciler.model import ReconcilerError, State, Waiting

Version = str
"""Identifies one stored document of a backend. It is "" before the first document."""


class StateError(ReconcilerError):
    """The state cannot be read, written or locked."""


class Conflict(StateError):
    """Somebody else stored a document after this run loaded its own."""


@dataclass(frozen=True, slots=True)
class LockInfo:
    """Who holds a lock. Other runs that want it show this.

    `operation` is the command, `who` the user and the machine, `since` a time (ISO 8601, UTC), and `run` the address of the CI
    run, "" if it is not known.
    """

    operation: str
    who: str
    since: str
    run: str = ""

    def __str__(self) -> str:
        return f"{self.operation} by {self.who} since {self.since}" + (f" ({self.run})" if self.run else "")


class Locked(StateError):
    """Somebody else holds the lock. The message says who, if that is known."""


class Backend(Protocol):
    """Keeps the state of one stack. Every method raises `StateError` if the place fails."""

    async def load(self) -> tuple[State | None, Version]:
        """Return the stored state and its version, or (None, "") if nothing was ever stored."""

    async def store(self, state: State, version: Version) -> Version:
        """Store `state`, whole or not at all, and return its version.

        `version` is the version that the caller loaded. Raises `Conflict` if another one is stored.
        """

    def hold_lock(
        self, info: LockInfo, wait_seconds: float, waiting: Callable[[Waiting], None]
    ) -> AbstractAsyncContextManager[None]:
        """Hold the lock while the block runs. Wait up to `wait_seconds` for it, then raise `Locked`.

        If another run still holds the lock after `WORTH_TELLING_SECONDS`, tell `waiting` once who that is.
        """
