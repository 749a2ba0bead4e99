"""One pause for all requests: if the server limits one of them, all wait. Otherwise they would keep the limit going."""

import random
import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import anyio

from reconciler.model import WORTH_TELLING_SECONDS, Waiting, WaitReason

LONGEST = 120.0
_SECONDS_IN_MESSAGE = re.compile(r"(\d+)\s*seconds?\b")
_NUMBER = re.compile(r"\d+(\.\d+)?", re.ASCII)
_LATEST_DELTA = 10 * 366 * 86400.0
_LATEST_EPOCH = 1e11
"""In seconds. A greater number counts milliseconds."""


class SharedPause:
    """A time before which nobody sends. All requests of one client share it.

    `tell` is called once for each pause that is long enough, however many requests wait for its end.
    """

    def __init__(self, tell: Callable[[Waiting], None] = lambda _: None) -> None:
        self._until = 0.0
        self._told_until = 0.0
        self._tell = tell

    async def wait(self) -> None:
        """Return once the pause is over, even if it grows meanwhile."""
        while (left := self._until - anyio.current_time()) > 0:  # noqa: ASYNC110  # a moment, not an event
            await anyio.sleep(left + random.uniform(0, 0.1))  # noqa: S311  # nosec B311  # spreads the workers, guards nothing

    def extend(self, seconds: float, status: int = 429) -> None:
        """Let nobody send for `seconds`, at most `LONGEST`, because an answer had this status."""
        seconds = min(seconds, LONGEST)
        self._until = max(self._until, anyio.current_time() + seconds)
        self.tell(WaitReason.RATE_LIMIT if status == 429 else WaitReason.FAILED_REQUEST, seconds, status)

    def tell(self, reason: WaitReason, seconds: float, status: int, cause: str = "") -> None:
        """Report a wait, unless it is short or ends at about the time that was reported before."""
        now = anyio.current_time()
        if now + seconds - max(now, self._told_until) <= WORTH_TELLING_SECONDS:
            return
        self._told_until = now + seconds
        self._tell(Waiting(reason, seconds, datetime.now(UTC) + timedelta(seconds=seconds), status, cause))


def asked_for(headers: Mapping[str, str], body: bytes, attempt: int) -> float:
    """Return how many seconds a 429 asks to wait.

    The first of these counts: retry-after (seconds or an HTTP date), x-ratelimit-reset (seconds or an epoch), the number in the
    message, a back-off that doubles with `attempt` (from 0). Dates and epochs are compared with the server's own clock if the
    answer has it. Zero and the past do not count: to send at once would keep the limit going. Source: facts §4.
    """
    after = headers.get("retry-after", "").strip()
    for seconds in (_delta(after), _until(after, headers), _reset(headers)):
        if seconds > 0:
            return seconds
    in_message = _SECONDS_IN_MESSAGE.search(body[:2000].decode("utf-8", "replace"))
    return float(in_message[1]) if in_message and float(in_message[1]) else backoff(attempt)


def backoff(attempt: int) -> float:
    """Return 0.5 s, doubled with every attempt, at most 20 s, of which up to a half is left out at random."""
    return min(0.5 * 2.0**attempt, 20.0) * random.uniform(0.5, 1.0)  # noqa: S311  # nosec B311  # jitter, not a key


def _delta(text: str) -> float:
    return float(text) if _NUMBER.fullmatch(text) else 0.0


def _until(text: str, headers: Mapping[str, str]) -> float:
    moment = _moment(text)
    return moment - _now(headers) if moment else 0.0


def _reset(headers: Mapping[str, str]) -> float:
    reset = _delta(headers.get("x-ratelimit-reset", "").strip())
    if reset <= _LATEST_DELTA:
        return reset
    return (reset if reset <= _LATEST_EPOCH else reset / 1000) - _now(headers)


def _now(headers: Mapping[str, str]) -> float:
    return _moment(headers.get("date", "")) or time.time()


def _moment(text: str) -> float:
    """Return the seconds since the epoch of an HTTP date, 0.0 if it is none."""
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return 0.0
