"""What each CI takes for a command in the output of a step, as its own agent reads it."""

import re
from collections.abc import Callable, Iterator

_LINES = re.compile(r"\r\n|\r|\n")
_PAINT = re.compile(r"\x1b\[[0-9;]*m")


def _github(text: str) -> Iterator[str]:
    """The runner trims a line before it looks for `::`, and looks for `##[` anywhere in it."""
    for line in _LINES.split(text):
        if re.match(r"::.*?::", line.strip()):
            yield line
        yield from re.findall(r"##\[[^\]]*\]", line)


def _azure(text: str) -> Iterator[str]:
    yield from re.findall(r"(?i)##(?:vso)?\[[^\]]*\]", text)


def _gitlab(text: str) -> Iterator[str]:
    yield from re.findall(r"section_(?:start|end):\d+:[\w.-]+", text)


def _teamcity(text: str) -> Iterator[str]:
    yield from re.findall(r"##teamcity\[", text)


def _buildkite(text: str) -> Iterator[str]:
    yield from re.findall(r"(?m)^(?:---|\+\+\+|~~~|\^\^\^)(?: .*)?$", _PAINT.sub("", text))
    yield from re.findall(r"_bk;\w+=", text)


def _terminal(text: str) -> Iterator[str]:
    """Everything that a terminal obeys or cannot show, apart from colours and line breaks."""
    yield from (repr(char) for char in _PAINT.sub("", text) if char != "\n" and not char.isprintable())


GRAMMARS: dict[str, Callable[[str], Iterator[str]]] = {
    "GitHub Actions": _github,
    "Azure Pipelines": _azure,
    "GitLab": _gitlab,
    "TeamCity": _teamcity,
    "Buildkite": _buildkite,
    "a terminal": _terminal,
}


def commands(text: str, *, colour: bool = False) -> list[str]:
    """Return what in an output a CI or a terminal would obey; colours count too, unless `colour`."""
    painted = [] if colour else _PAINT.findall(text)
    return [f"{ci}: {found}" for ci, grammar in GRAMMARS.items() for found in grammar(text)] + painted
