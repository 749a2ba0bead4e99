"""One pause for all: a request that is limited makes every worker wait, for as long as the server asks."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import anyio
import pytest

from reconciler.wire import Endpoint, connect, pause
from reconciler.wire.pause import asked_for, backoff
from tests.wire.raw import Asked, refusal, replied, serving

pytestmark = pytest.mark.anyio

NOON, NOON_EPOCH = "Wed, 21 Oct 2026 12:00:00 GMT", 1792584000

_sleep = anyio.sleep


@pytest.mark.parametrize(
    ("headers", "body", "seconds"),
    [
        ({"retry-after": "7", "x-ratelimit-reset": "30"}, b"again in 50 seconds", 7.0),
        ({"x-ratelimit-reset": "30"}, b"again in 50 seconds", 30.0),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:09 GMT", "date": "Wed, 21 Oct 2026 07:28:00 GMT"}, b"", 9.0),
        ({"retry-after": "Wed, 21 Oct 2026 07:27:59 GMT", "date": NOON, "x-ratelimit-reset": "30"}, b"", 30.0),
        ({"retry-after": "Wednesday", "date": NOON, "x-ratelimit-reset": "30"}, b"", 30.0),
        ({"retry-after": "1.5"}, b"", 1.5),
        ({"x-ratelimit-reset": str(NOON_EPOCH + 20), "date": NOON}, b"", 20.0),
        ({"x-ratelimit-reset": str(NOON_EPOCH * 1000 + 20_000), "date": NOON}, b"", 20.0),
        ({"x-ratelimit-reset": str(NOON_EPOCH - 20), "date": NOON}, b"again in 50 seconds", 50.0),
        ({"retry-after": "-1"}, b'{"message": "Please try again in 50 seconds"}', 50.0),
        ({"retry-after": "0"}, b'{"message": "Please try again in 1 second"}', 1.0),
        ({"retry-after": " 4 "}, b"", 4.0),
    ],
)
async def test_how_long_is_said_by_retry_after_else_reset_else_the_message(
    headers: dict[str, str], body: bytes, seconds: float
) -> None:
    assert asked_for(headers, body, 1) == seconds


@pytest.mark.parametrize("headers", [{}, {"retry-after": "soon"}, {"retry-after": "0", "x-ratelimit-reset": "0"}])
@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff\xfe", b"try again in 0 seconds", b"in seconds"])
async def test_a_limit_that_says_nothing_is_waited_for_ever_longer(headers: dict[str, str], body: bytes) -> None:
    assert 0.25 <= asked_for(headers, body, 0) <= 0.5
    assert 8.0 <= asked_for(headers, body, 5) <= 20.0


@pytest.mark.parametrize("date", ["", "yesterday", "Wed, 99 Oct 2026 12:00:00 GMT"])
async def test_a_date_counts_from_our_clock_where_the_server_does_not_tell_its_own(date: str) -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    assert 3500 < asked_for({"retry-after": later, "date": date}, b"", 1) <= 3600


async def test_waiting_never_grows_beyond_reason() -> None:
    assert max(backoff(attempt) for attempt in range(100)) <= 20.0
    assert asked_for({"retry-after": "9" * 400}, b"", 1) == float("inf")
    shared = pause.SharedPause()
    shared.extend(float("inf"))
    with anyio.fail_after(5):
        await shared.wait()


async def test_a_longer_pause_is_not_cut_short_by_a_shorter_one(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        await _sleep(seconds / 100)

    monkeypatch.setattr(pause, "LONGEST", 100.0)
    monkeypatch.setattr(pause.anyio, "sleep", sleep)  # type: ignore[attr-defined]
    shared = pause.SharedPause()
    shared.extend(50.0)
    shared.extend(0.001)
    with anyio.move_on_after(0.05):
        await shared.wait()
    assert slept[0] > 40


async def test_one_limited_request_makes_all_workers_wait_and_then_all_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seen at the server: while the pause lasts nothing arrives, however many want to send. The limit halved how many may be in
    flight, so half of them wait for the pause and the others for those."""
    workers, in_flight = 8, 4
    over, asleep = anyio.Event(), 0

    async def sleep(seconds: float) -> None:
        nonlocal asleep
        asleep += 1
        await over.wait()
        await _sleep(seconds)

    monkeypatch.setattr(pause.anyio, "sleep", sleep)  # type: ignore[attr-defined]
    limited = True

    async def behave(_asked: Asked) -> bytes | None:
        nonlocal limited
        if limited:
            limited = False
            return refusal(429, "RateLimitExceeded", "Try again in 30 seconds", retry_after="30")
        return replied(200, {})

    async with serving(behave) as raw, connect(Endpoint(raw.url)) as client:

        async def ask(number: int) -> None:
            await client.request("GET", f"/api/{number}")

        with anyio.fail_after(30):  # a client that does not wait would never be seen waiting
            async with anyio.create_task_group() as group:
                group.start_soon(ask, 0)
                while not asleep:
                    await anyio.lowlevel.checkpoint()
                for number in range(1, workers):
                    group.start_soon(ask, number)
                while asleep < in_flight:
                    await anyio.lowlevel.checkpoint()
                assert [one.path for one in raw.asked] == ["/api/0"]
                over.set()
        assert sorted(one.path for one in raw.asked[1:]) == [f"/api/{number}" for number in range(workers)]
