"""Pauses that take no time; what is waited for is observed, not measured."""

import pytest


@pytest.fixture(autouse=True)
def quick(no_pauses: None, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
