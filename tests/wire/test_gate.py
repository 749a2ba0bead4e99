"""How many requests are in flight, seen at a server that counts them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import anyio
import pytest

from reconciler.wire import Client, Endpoint, WireError, connect
from reconciler.wire.gate import Gate
from tests.wire.raw import Asked, refusal, replied, reply, serving

pytestmark = pytest.mark.anyio

FINE = replied(200, {})


@dataclass
class Counting:
    """Holds what arrives until it is told to go on, and counts."""

    answers: list[bytes | None] = field(default_factory=list)
    go: anyio.Event = field(default_factory=anyio.Event)
    now: int = 0
    most: int = 0

    async def __call__(self, _asked: Asked) -> bytes | None:
        go = self.go
        if not go.is_set():
            self.now += 1
            self.most = max(self.most, self.now)
            await go.wait()
        return self.answers.pop(0) if self.answers else FINE

    async def holds(self, count: int) -> None:
        """Return once `count` are in flight, and a good while after that there are no more."""
        while self.now < count:
            await anyio.lowlevel.checkpoint()
        for _ in range(50):
            await anyio.wait_all_tasks_blocked()
        assert self.now == count

    def let_go(self) -> None:
        """Answer all that is held, and hold what comes after."""
        self.go.set()
        self.go, self.now = anyio.Event(), 0


@asynccontextmanager
async def counting(*answers: bytes | None) -> AsyncIterator[tuple[Counting, Client]]:
    server = Counting(list(answers))
    with anyio.fail_after(30):  # a gate that lets nobody in would hang the test
        async with serving(server) as raw, connect(Endpoint(raw.url)) as client:
            yield server, client


async def ask(client: Client, method: str) -> None:
    with suppress(WireError):
        await client.request(method, "/api/x", body={} if method == "POST" else None)


async def asks(client: Client, method: str, count: int) -> None:
    async with anyio.create_task_group() as group:
        for _ in range(count):
            group.start_soon(ask, client, method)


async def test_at_most_eight_writes_are_in_flight_however_many_wait() -> None:
    async with counting() as (server, client), anyio.create_task_group() as group:
        group.start_soon(asks, client, "POST", 30)
        await server.holds(8)
        server.go.set()
    assert server.most == 8


async def test_reads_grow_to_sixteen_and_writes_never_beyond_eight() -> None:
    async with counting() as (server, client):
        server.go.set()
        await asks(client, "GET", 120)
        server.go = anyio.Event()
        async with anyio.create_task_group() as group:
            group.start_soon(asks, client, "POST", 30)
            await server.holds(8)
            group.start_soon(asks, client, "GET", 30)
            await server.holds(16)
            server.go.set()
    assert server.most == 16


@pytest.mark.parametrize(
    "distress",
    [refusal(429, "RateLimitExceeded", "Try again in 1 seconds"), reply(503, "<html>"), reply(504), None, replied(503, {})],
)
async def test_a_burst_of_distress_halves_once_what_may_be_in_flight(distress: bytes | None) -> None:
    async with counting(*[distress] * 8) as (server, client), anyio.create_task_group() as group:
        group.start_soon(asks, client, "POST", 24)
        await server.holds(8)
        server.let_go()
        await server.holds(4)
        server.go.set()


async def test_distress_that_goes_on_leaves_one_at_a_time() -> None:
    async with counting(*[None] * 15) as (server, client), anyio.create_task_group() as group:
        group.start_soon(asks, client, "POST", 40)
        for expected in (8, 4, 2, 1, 1):
            await server.holds(expected)
            server.let_go()
        server.go.set()


async def test_after_a_good_round_one_more_is_in_flight() -> None:
    async with counting(*[None] * 8) as (server, client), anyio.create_task_group() as group:
        group.start_soon(asks, client, "POST", 40)
        for expected in (8, 4, 5, 6):
            await server.holds(expected)
            server.let_go()
        server.go.set()


async def test_a_time_out_counts_as_distress() -> None:
    async with counting() as (server, client), anyio.create_task_group() as group:
        with pytest.raises(WireError, match="did not answer within"):
            await client.request("POST", "/api/x", body={}, answer_seconds=0.05)
        await server.holds(1)  # it knows nothing of our patience
        group.start_soon(asks, client, "POST", 10)
        await server.holds(1 + 4)
        server.go.set()


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 422, 500])
async def test_a_refusal_is_no_distress(status: int) -> None:
    async with counting(replied(status, {})) as (server, client), anyio.create_task_group() as group:
        group.start_soon(asks, client, "POST", 1)
        await server.holds(1)
        server.let_go()
        group.start_soon(asks, client, "POST", 20)
        await server.holds(8)
        server.go.set()


async def test_distress_of_a_write_counts_from_what_writes_may_have() -> None:
    gate = Gate(16, 16, 8)
    gate.note_trouble(True, await gate.enter(True))
    assert gate.limit == 4
    gate = Gate(16, 16, 8)
    gate.note_trouble(False, await gate.enter(False))
    assert gate.limit == 8


async def test_who_stops_waiting_takes_no_place() -> None:
    gate = Gate(1)
    await gate.enter(True)
    with anyio.move_on_after(0):
        await gate.enter(True)
    waiting = asyncio.create_task(gate.enter(True))
    await anyio.wait_all_tasks_blocked()
    gate.leave(True)  # lets the waiting one in, which is cancelled before it notices
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    with anyio.fail_after(5):
        await gate.enter(True)


async def test_first_come_first_served_and_a_waiting_write_keeps_no_read_waiting() -> None:
    gate, came = Gate(3, 3, 1), list[str]()

    async def enter(name: str, write: bool) -> None:
        await gate.enter(write)
        came.append(name)

    async with anyio.create_task_group() as group:
        for name, write in (("w1", True), ("w2", True), ("r1", False), ("w3", True), ("r2", False), ("r3", False)):
            group.start_soon(enter, name, write)
        await anyio.wait_all_tasks_blocked()
        assert came == ["w1", "r1", "r2"]
        for write in (True, True, True, False):
            gate.leave(write)
            await anyio.wait_all_tasks_blocked()
    assert came == ["w1", "r1", "r2", "w2", "w3", "r3"]
