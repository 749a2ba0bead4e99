"""One pause for all: when the server limits one request, every worker waits, so that the limit is not fed."""

import random
import re
from collections.abc import Mapping

import anyio

LONGEST = 120.0
_SECONDS = re.compile(r"(\d+)\s*seconds?\b")


class SharedPause:
    """A moment before which nobody sends. Shared by all requests of one client."""

    def __init__(self) -> None:
        self._until = 0.0

    async def wait(self) -> None:
        """Return once the pause is over; a pause that grows meanwhile is waited out too."""
        while (left := self._until - anyio.current_time()) > 0:  # noqa: ASYNC110  # a moment, not an event
            await anyio.sleep(left + random.uniform(0, 0.1))  # noqa: S311  # spreads the workers, guards nothing

    def extend(self, seconds: float) -> None:
        """Let nobody send for the next `seconds`, at most `LONGEST`."""
        self._until = max(self._until, anyio.current_time() + min(seconds, LONGEST))


def asked_for(headers: Mapping[str, str], body: bytes, attempt: int) -> float:
    """Return how many seconds a 429 asks for: retry-after, else x-ratelimit-reset, else the number in its message
    (all delta seconds), else a back-off that doubles with `attempt` (from 0). A zero says nothing: it would feed the limit."""
    for name in ("retry-after", "x-ratelimit-reset"):
        value = headers.get(name, "").strip()
        if value.isdecimal() and float(value):
            return float(value)
    said = _SECONDS.search(body[:2000].decode("utf-8", "replace"))
    return float(said[1]) if said and float(said[1]) else backoff(attempt)


def backoff(attempt: int) -> float:
    """Return 0.5 s doubled with every attempt, at most 20 s, with jitter of one half."""
    return min(0.5 * 2.0**attempt, 20.0) * random.uniform(0.5, 1.0)  # noqa: S311  # jitter, not a key
