"""Values for states, and a fast answer to a taken lock."""

import pytest

from reconciler.state import local


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def short_polls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "_POLL_SECONDS", 0.01)
