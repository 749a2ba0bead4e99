"""A world for each test, and pauses that take no time."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from reconciler.applying import writes
from tests.applying.world import World, a_world


@pytest.fixture(autouse=True)
def quick(no_pauses: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writes, "_PAUSE_SECONDS", 0.0)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with a_world(tmp_path) as world:
        yield world
