"""Stacks and servers for tests of the whole."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serving import Server, serve
from tests.stacks import Stack, write_orgs


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    """A stack on the embedded Infisical."""
    return Stack.embedded(tmp_path / "stack")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """The embedded API in another process."""
    orgs = tmp_path / "orgs.yaml"
    write_orgs(orgs)
    with serve(tmp_path, orgs) as served:
        yield served
