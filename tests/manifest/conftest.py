"""An empty stack in a folder of its own."""

from pathlib import Path

import pytest

from .stack import Stack


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stack:
    """The working directory is the stack, so that messages have short names."""
    folder = tmp_path / "stack"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return Stack(folder)
