"""Reads a Markdown page as the steps that its reader takes, in order.

- A fence `console` contains lines with `$ command`. The output follows each command. A line with only `...` stands for any
  number of lines. If a command fails, `$ echo $?` follows. If the output contains the question of `apply`, the test types the
  answer.
- A fence `sh` contains a script. It must succeed. The test does not compare its output. Readers do not see a script between
  `<!-- run` and `-->`.
- If the line above a fence `yaml` ends in "`path`:", the test writes the fence to that file. If the line says "Add to `path`:",
  the test adds the fence to the end of the file.
- The test skips a fence if `<!-- not run: reason -->` is directly above it. It skips a page with `<!-- needs: program -->` if
  the machine does not have that program.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
RUN = frozenset({"console", "sh"})
SHOWN = frozenset({"text", "yaml", "json", "python"})

_FENCE = re.compile(r"^(?P<indent> *)(?P<marks>`{3,})(?P<language>[\w+-]*)\s*$")
_NAMED = re.compile(r"`(?P<path>[\w./-]+\.ya?ml)`[^`]*:$")
_NEEDS = re.compile(r"^<!-- needs: (\S+) -->$", re.MULTILINE)
_NOT_RUN = re.compile(r"^<!-- not run:(?P<reason>.*)-->$")


@dataclass(frozen=True)
class Command:
    """One `$ command` and the output that the page shows for it, in the lines `first` to `last` (excluded) of the page."""

    text: str
    output: str
    line: int
    first: int
    last: int


@dataclass(frozen=True)
class Step:
    """One fence or hidden script. `line` is its first line in the page, counted from 1; `skipped` is why it is not run."""

    kind: str
    text: str
    line: int
    indent: int = 0
    file: str = ""
    append: bool = False
    skipped: str | None = None
    commands: tuple[Command, ...] = field(default=())


def pages() -> list[Path]:
    """Return every page whose commands the tests run."""
    found = [ROOT / "README.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/README.md")]
    return sorted(page for page in found if "_build" not in page.parts)


def markdown_files() -> list[Path]:
    """Return every Markdown file that people read, also those whose commands no test runs."""
    found = {*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.md")}
    return sorted(file for file in found if "_build" not in file.parts)


def name(page: Path) -> str:
    """Return a page's path from the repository's root."""
    return page.relative_to(ROOT).as_posix()


def needs(text: str) -> list[str]:
    """Return the programs a page's commands use that not every machine has."""
    return _NEEDS.findall(text)


def steps(text: str) -> list[Step]:
    """Return the steps of a page."""
    return list(_steps(text.splitlines()))


def fences(text: str) -> list[str]:
    """Return the language of every fence of a page."""
    return [step.kind for step in steps(text) if step.kind != "hidden"]


def prose(text: str) -> str:
    """Return a page without its fences and comments, every other line in its place."""
    lines = text.splitlines()
    for step in _steps(lines, everything=True):
        for number in range(step.line - 1, step.line + 1 + len(step.text.splitlines())):
            if number < len(lines):
                lines[number] = ""
    return "\n".join(lines)


def _steps(lines: list[str], *, everything: bool = False) -> Iterator[Step]:
    number, above = 0, ""
    while number < len(lines):
        line = lines[number]
        if line.strip() == "<!-- run":
            end = _find(lines, number + 1, "-->")
            yield Step("hidden", "\n".join(lines[number + 1 : end]), number + 1)
            number, above = end + 1, ""
            continue
        if opened := _FENCE.match(line):
            end = _find(lines, number + 1, opened["indent"] + opened["marks"])
            yield _fence(lines, number, end, opened, above)
            number, above = end + 1, ""
            continue
        above = line.strip() or above
        number += 1


def _find(lines: list[str], start: int, end: str) -> int:
    return next((number for number in range(start, len(lines)) if lines[number].rstrip() == end), len(lines))


def _fence(lines: list[str], start: int, end: int, opened: re.Match[str], above: str) -> Step:
    indent = len(opened["indent"])
    content = [line[indent:] for line in lines[start + 1 : end]]
    marked, named = _NOT_RUN.match(above), _NAMED.search(above)
    return Step(
        kind=opened["language"],
        text="\n".join(content),
        line=start + 1,
        indent=indent,
        file=named["path"] if named else "",
        append=named is not None and "Add to `" in above,
        skipped=marked["reason"].strip() if marked else None,
        commands=tuple(_commands(content, start + 1)) if opened["language"] == "console" else (),
    )


def _commands(content: list[str], offset: int) -> Iterator[Command]:
    """The commands of a `console` fence whose content begins behind line `offset` of the page."""
    number = 0
    while number < len(content):
        assert content[number].startswith("$ "), f"line {offset + number + 1}: a console block begins with `$ command`"
        begin, text = number, content[number][2:]
        while text.endswith("\\"):
            number += 1
            text += "\n" + content[number]
        first = number = number + 1
        while number < len(content) and not content[number].startswith("$ "):
            number += 1
        output = "\n".join(content[first:number])
        yield Command(text, output, offset + begin + 1, offset + first, offset + number)
