"""Whoever opened a client is told when its requests wait: once a pause, with reason and time, and never of a short one."""

from collections.abc import Callable
from datetime import UTC, datetime

import anyio
import pytest

from reconciler.model import Waiting, WaitReason
from reconciler.wire import Endpoint, Throttled, connect, pause
from reconciler.wire import client as clients
from tests.wire.raw import Asked, Behaviour, always, in_turn, refusal, replied, reply, serving

pytestmark = pytest.mark.anyio

FINE = replied(200, {})


@pytest.fixture(autouse=True)
def clock(quick: None, monkeypatch: pytest.MonkeyPatch) -> Callable[[], float]:
    """A clock that only pauses move, so that a pause of a minute takes no time."""
    now = 1000.0

    async def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds
        await anyio.lowlevel.checkpoint()

    monkeypatch.setattr(pause, "LONGEST", 120.0)
    monkeypatch.setattr(pause.anyio, "sleep", sleep)  # type: ignore[attr-defined]
    monkeypatch.setattr(pause.anyio, "current_time", lambda: now)  # type: ignore[attr-defined]
    return lambda: now


def limited(seconds: int) -> bytes:
    return refusal(429, "RateLimitExceeded", "Too many requests", retry_after=str(seconds))


async def told(behaviour: Behaviour, *, method: str = "GET", requests: int = 1) -> list[Waiting]:
    """Return what is told while `requests` are sent side by side."""
    heard: list[Waiting] = []
    async with (
        serving(behaviour) as raw,
        connect(Endpoint(raw.url), waiting=heard.append) as client,
        anyio.create_task_group() as group,
    ):
        for number in range(requests):
            group.start_soon(client.request, method, f"/api/{number}")
    return heard


async def test_a_rate_limit_is_told_with_its_status_and_its_end() -> None:
    before = datetime.now(UTC)
    (event,) = await told(in_turn(limited(37), FINE))
    assert (event.reason, event.seconds, event.status, event.cause) == (WaitReason.RATE_LIMIT, 37.0, 429, "")
    assert 36 < (event.until - before).total_seconds() < 60


async def test_one_pause_is_told_once_however_many_requests_it_stops() -> None:
    async def behave(asked: Asked) -> bytes:
        arrived.append(asked.path)
        return limited(30) if len(arrived) <= 8 else FINE

    arrived: list[str] = []
    events = await told(behave, method="POST", requests=8)
    assert len(arrived) == 16
    assert [event.seconds for event in events] == [30.0]


async def test_every_further_pause_is_told() -> None:
    assert [event.seconds for event in await told(in_turn(limited(37), limited(5), FINE))] == [37.0, 5.0]


async def test_a_pause_that_grows_while_it_lasts_is_told_again() -> None:
    heard: list[Waiting] = []
    shared = pause.SharedPause(heard.append)
    for seconds in (10.0, 10.5, 3.0, 12.0, 13.0):
        shared.extend(seconds)
    assert [event.seconds for event in heard] == [10.0, 13.0]


@pytest.mark.parametrize("seconds", [1, 2])
async def test_a_short_pause_is_not_told(seconds: int) -> None:
    assert await told(in_turn(limited(seconds), FINE)) == []


async def test_no_more_than_the_longest_pause_is_told() -> None:
    assert [event.seconds for event in await told(in_turn(limited(100_000), FINE))] == [120.0]


async def test_a_server_that_wants_to_be_asked_later_is_told_with_its_status() -> None:
    (event,) = await told(in_turn(reply(503, "busy", retry_after="7"), FINE))
    assert (event.reason, event.seconds, event.status) == (WaitReason.FAILED_REQUEST, 7.0, 503)


async def test_a_long_wait_before_another_try_is_told_with_what_went_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "backoff", float)
    (event,) = await told(in_turn(None, None, None, FINE))
    assert (event.reason, event.seconds, event.status) == (WaitReason.FAILED_REQUEST, 3.0, 0)
    assert event.cause.startswith("The connection to http://127.0.0.1:")


async def test_the_last_try_is_followed_by_no_wait() -> None:
    heard: list[Waiting] = []
    async with serving(always(limited(10))) as raw, connect(Endpoint(raw.url), waiting=heard.append) as client:
        with pytest.raises(Throttled):
            await client.request("GET", "/api")
    assert len(heard) == clients.THROTTLED_ATTEMPTS - 1
