"""The last step before a text is shown: nothing in it controls a terminal, turns text around, or is a command of a CI.

A CI reads the output of every step, and obeys what looks like one of its commands. Manifests, file names, plan files and the
answers of servers all end up in that output, and each of them is written by somebody else. So each character that begins such a
command is written as its escape, like the characters that control a terminal. The text stays readable.

| CI | what it obeys |
| --- | --- |
| GitHub Actions | `::name …::…` at the beginning of a line, behind blanks too; `##[name …]…` anywhere |
| Azure Pipelines | `##vso[name …]…` and `##[name]…` anywhere |
| GitLab | `section_start:TIME:NAME` and `section_end:…`, between control characters |
| TeamCity | `##teamcity[…]` anywhere |
| Buildkite | `---`, `+++`, `~~~` and `^^^` at the beginning of a line; `_bk;…` behind ESC |
"""

import json
import re

from reconciler.reports.characters import visible
from reconciler.reports.style import PAINT

_NOT_ASCII = re.compile(r"[^\n\x20-\x7e]+")
_NOT_ASCII_OR_PAINT = re.compile(rf"({PAINT.pattern})|[^\n\x20-\x7e]+?(?=\x1b|[\n\x20-\x7e]|\Z)")
_ANYWHERE = re.compile(r"##[A-Za-z]*\[|(?:section_start|section_end|_bk)[:;]")
_FIRST = re.compile(
    rf"""
    ^(?:\ |{PAINT.pattern})*:(?=:)
    | ^(?:{PAINT.pattern})*(?:-(?=--)|\+(?=\+\+)|~(?=~~)|\^(?=\^\^))
    """,
    re.VERBOSE | re.MULTILINE,
)
_MARKS = ("::", "---", "+++", "~~~", "^^^", "##", "section_", "_bk")
"""Each command has one of these in it. Few texts do, and to look for these is much quicker than the expressions above."""


def harmless(text: str, *, colour: bool = False) -> str:
    """Return `text` with what a terminal or a CI would obey written as escapes, such as `\\x1b`.

    Line breaks stay, and with `colour` the colours of a `Style`. A text that went through here comes out the same again.
    """
    if not _has_lines_only(text):
        controlled = _NOT_ASCII_OR_PAINT if colour else _NOT_ASCII
        text = controlled.sub(_run_in_text, text)
    return _ANYWHERE.sub(_command_in_text, _FIRST.sub(_command_in_text, text)) if _has_mark(text) else text


def harmless_json(document: str) -> str:
    """Return JSON with what a terminal or a CI would obey written as escapes of JSON, such as `\\u001b`.

    All of it stands in strings, so the document keeps its values. No line of JSON begins with the text of a string.
    """
    if not _has_lines_only(document):
        document = _NOT_ASCII.sub(_run_in_json, document)
    return _ANYWHERE.sub(_command_in_json, document) if _has_mark(document) else document


def _has_lines_only(text: str) -> bool:
    """Tell whether `text` has no character that controls anything, apart from line breaks."""
    return text.replace("\n", "").isprintable()


def _has_mark(text: str) -> bool:
    return any(mark in text for mark in _MARKS)


def _run_in_text(run: re.Match[str]) -> str:
    is_paint = run.re is _NOT_ASCII_OR_PAINT and run[1]
    return run.group() if is_paint else visible(run.group())


def _run_in_json(run: re.Match[str]) -> str:
    characters = run.group()
    if characters.isprintable():
        return characters
    return "".join(char if char.isprintable() else json.dumps(char)[1:-1] for char in characters)


def _command_in_text(command: re.Match[str]) -> str:
    before, escaped = _halves(command)
    return f"{before}\\x{ord(escaped):02x}"


def _command_in_json(command: re.Match[str]) -> str:
    before, escaped = _halves(command)
    return f"{before}\\u{ord(escaped):04x}"


def _halves(command: re.Match[str]) -> tuple[str, str]:
    """Return what of the beginning of a command stays as it is, and the character behind it, which is escaped."""
    whole = command.group()
    return whole[:-1], whole[-1]
