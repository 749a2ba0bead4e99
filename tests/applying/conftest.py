"""A world for each test, and pauses that take no time."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from reconciler.applying import writes
from reconciler.wire import client, pause
from tests.applying.world import World, a_world


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "backoff", lambda _attempt: 0.0)
    monkeypatch.setattr(pause, "LONGEST", 0.01)
    monkeypatch.setattr(writes, "_PAUSE_SECONDS", 0.0)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with a_world(tmp_path) as world:
        yield world
