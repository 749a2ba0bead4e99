"""What holds for every test: property tests count examples, not seconds, so a busy machine fails none of them."""

import pytest
from hypothesis import HealthCheck, settings

from reconciler.wire import client, pause

settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Async tests run on asyncio, as the product does."""
    return "asyncio"


@pytest.fixture
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the wire waits between two tries takes no time."""
    monkeypatch.setattr(client, "backoff", lambda _attempt: 0.0)
    monkeypatch.setattr(pause, "LONGEST", 0.01)
