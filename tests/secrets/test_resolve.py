"""References to values: each source asked once, what is missing kept apart from what is refused."""

from pathlib import Path

import pytest

from reconciler.model import Location, Reference, Secret
from reconciler.secrets import EnvironmentSource, FileSource, Refused, Resolution, SecretSource, Unavailable, resolve_references

pytestmark = pytest.mark.anyio


def env(name: str, line: int = 1) -> Reference:
    return Reference("fromEnv", name, Location("f.yaml", line, 1))


def file(path: str) -> Reference:
    return Reference("fromFile", path, Location("f.yaml", 1, 1))


class Counting:
    """A source that remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def read(self, target: str) -> Secret:
        self.asked.append(target)
        if target == "MISSING":
            raise Unavailable("it is not here", "set it")
        return Secret(target.lower())


async def of(*references: Reference, stack: Path, **environ: str) -> Resolution:
    sources: dict[str, SecretSource] = {
        "fromEnv": EnvironmentSource(environ, None, frozenset()),
        "fromFile": FileSource(stack, (stack,)),
    }
    return await resolve_references(references, sources)


async def test_each_reference_gets_its_value_from_the_source_of_its_kind(tmp_path: Path) -> None:
    (tmp_path / "KEY").write_text("of the file")

    found = await of(env("KEY"), file("KEY"), stack=tmp_path, KEY="of the variable")

    assert found.values == {env("KEY"): Secret("of the variable"), file("KEY"): Secret("of the file")}
    assert found.missing == {}


async def test_each_reference_is_read_once_wherever_it_is_written() -> None:
    source = Counting()

    found = await resolve_references(
        [env("KEY", 1), env("KEY", 2), env("MISSING", 3), env("OTHER", 4), env("MISSING", 5)], {"fromEnv": source}
    )

    assert source.asked == ["KEY", "MISSING", "OTHER"]
    assert found.values[env("KEY", 99)] == Secret("key")


async def test_one_missing_value_does_not_keep_the_others_from_being_read(tmp_path: Path) -> None:
    found = await of(env("UNSET"), env("GITHUB_TOKEN"), file("../x"), env("KEY"), stack=tmp_path, KEY="x", GITHUB_TOKEN="y")

    assert set(found.values) == {env("KEY")}
    assert {str(reference): isinstance(cause, Refused) for reference, cause in found.missing.items()} == {
        "fromEnv UNSET": False,
        "fromEnv GITHUB_TOKEN": True,
        "fromFile ../x": True,
    }


async def test_a_resolution_shows_no_value(tmp_path: Path) -> None:
    assert "s3cr3t" not in repr(await of(env("KEY"), stack=tmp_path, KEY="s3cr3t"))


async def test_no_reference_is_no_value() -> None:
    assert await resolve_references([], {}) == Resolution({}, {})
