"""How many requests are in flight at once: one more after a good round, half as many once the server shows distress."""

from collections import deque

import anyio

MOST_WRITES = 8
"""Ten creates in flight starve a self-hosted Infisical of its ten database connections (facts §11)."""
MOST = 16
"""Reads and writes together; reads hold no second database connection."""


class Gate:
    """Lets requests in, in the order they come. Shared by all requests of one client.

    Additive increase, multiplicative decrease: after as many successes as may be in flight one more may be. A failure halves
    that, down to one at a time, but a burst of failures halves it once: who came in before the last halving says nothing new.
    """

    def __init__(self, start: int = MOST_WRITES, most: int = MOST, most_writes: int = MOST_WRITES) -> None:
        self._limit = start
        self._most = most
        self._most_writes = most_writes
        self._in_flight = 0
        self._writes_in_flight = 0
        self._successes = 0
        self._halvings = 0
        self._waiting: deque[tuple[bool, anyio.Event]] = deque()

    @property
    def limit(self) -> int:
        """How many requests may be in flight now; of them at most `most_writes` are writes."""
        return self._limit

    async def enter(self, write: bool) -> int:
        """Wait for a place and take it. Returns what `struggled` wants to know; `leave` gives the place back."""
        if self._has_room(write):
            self._take(write)
            return self._halvings
        place = (write, anyio.Event())
        self._waiting.append(place)
        try:
            await place[1].wait()
        except BaseException:
            if place[1].is_set():
                self.leave(write)
            else:
                self._waiting.remove(place)
            raise
        return self._halvings

    def leave(self, write: bool) -> None:
        """Give a place back."""
        self._in_flight -= 1
        self._writes_in_flight -= write
        self._let_in()

    def note_success(self) -> None:
        """Note an answer that shows no distress."""
        self._successes += 1
        if self._successes >= self._limit and self._limit < self._most:
            self._limit += 1
            self._successes = 0
            self._let_in()

    def note_trouble(self, write: bool, entered: int) -> None:
        """Note a limit, a time-out or a lost answer of a request that came in at `entered`."""
        if entered == self._halvings:
            self._halvings += 1
            self._successes = 0
            self._limit = max(1, self._most_of(write) // 2)

    def _most_of(self, write: bool) -> int:
        return min(self._limit, self._most_writes) if write else self._limit

    def _has_room(self, write: bool) -> bool:
        return self._in_flight < self._limit and not (write and self._writes_in_flight >= self._most_writes)

    def _take(self, write: bool) -> None:
        self._in_flight += 1
        self._writes_in_flight += write

    def _let_in(self) -> None:
        """Let in whoever fits, first come first served; a write that waits for writes keeps no read waiting."""
        for place in tuple(self._waiting):
            if self._in_flight >= self._limit:
                return
            if self._has_room(place[0]):
                self._waiting.remove(place)
                self._take(place[0])
                place[1].set()
