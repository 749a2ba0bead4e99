"""What holds for every test: property tests count examples, not seconds, so a busy machine fails none of them."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from reconciler.wire import client, pause
from tests import forking

settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")

MEMORY = Path("/dev/shm")
ENOUGH_BYTES = 4 * 2**30


def pytest_configure() -> None:
    """Keep the files of tests in memory, if there is enough of it: states and databases are synced to disk many times."""
    if "TMPDIR" not in os.environ and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ENOUGH_BYTES:
        os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Async tests run on asyncio, as the product does."""
    return "asyncio"


@pytest.fixture
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the wire waits between two tries takes no time."""
    monkeypatch.setattr(client, "backoff", lambda _attempt: 0.0)
    monkeypatch.setattr(pause, "LONGEST", 0.01)


@pytest.fixture(scope="session", autouse=True)
def forking_process() -> Iterator[None]:
    """What forks for commands ends with the tests; it began with the first command."""
    yield
    forking.close()
