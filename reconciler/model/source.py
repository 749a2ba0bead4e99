"""What of a file a message may quote: the line it is about, without anything that could be a secret in a wrong place."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Self

MASK = "***"

_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_STRUCTURE = re.compile(r"[\s\-?\[{]*")
_KEY = re.compile(r"""(?P<quote>["']?)(?P<key>[\w./-]+)(?P=quote)\s*:(?=\s|$)""")
_FLOW_VALUE = re.compile(r"""\s*(?:"[^"]*"|'[^']*'|[^"',\[\]{}#][^,\[\]{}#]*)?[\s,\]}]*""")
_ANOTHER_KEY = re.compile(r"[,{\[].*:")
_COMMENT = re.compile(r"(?:^|\s)#.*")
_TOKEN = re.compile(r""""[^"]*"|'[^']*'|(?:(?!:(?:\s|$))[^,\]}])+""")


class Shown(Enum):
    """What may be quoted of a key that is known."""

    VALUE = "the key and the plain value behind it"
    ANY_KEYS = "the key and a map of whatever keys behind it"
    KEYS = "the key and the keys in the map behind it, as far as they are known"
    NAME = "the key alone"


@dataclass(frozen=True, slots=True)
class Excerpt:
    """One line of a file; `start` and `end` are offsets into `code`, of what the message is about (at least one wide)."""

    code: str
    start: int
    end: int


class Source:
    """The text of a file, or the part of it that begins at line `first`, with the keys that are known in it.

    All but those keys, and their values where they may be shown, is masked: nobody knows of a value that stands in a wrong
    place, or in a file that cannot be parsed, that it is no secret. Of a `parsed` document the other keys are shown too.
    """

    __slots__ = ("_keys", "_lines", "_parsed", "_text", "first")

    def __init__(self, text: str, keys: Mapping[str, Shown], first: int = 1, *, parsed: bool = False) -> None:
        self._text, self._keys, self._parsed, self.first = text, keys, parsed, first
        self._lines: list[str] | None = None

    def __deepcopy__(self, _memo: object) -> Self:
        return self

    def mark_parsed(self) -> "Source":
        """Return the source of a document that could be parsed: what looks like a key in it is one."""
        return Source(self._text, self._keys, self.first, parsed=True)

    def excerpt(self, line: int, column: int) -> Excerpt:
        """Return what may be shown of `line`, with a mark at `column`; both count from 1."""
        if self._lines is None:
            self._lines = _BREAK.split(self._text)
        number = line - self.first
        code = self._masked(number) if 0 <= number < len(self._lines) else ""
        start = min(column - 1, len(code))
        if code.endswith(MASK):
            start = min(start, len(code) - len(MASK))
        token = _TOKEN.match(code, start)
        return Excerpt(code, start, start + max(len(token[0].rstrip()) if token else 0, 1))

    def _masked(self, number: int) -> str:
        """Return a line up to what must not be shown."""
        lines = self._lines or []
        line = lines[number]
        around = self._around(number)
        at = _end(_STRUCTURE, line, 0)
        while around is not Shown.NAME and (found := _KEY.match(line, at)):
            other = Shown.VALUE if around is Shown.ANY_KEYS else Shown.NAME if self._parsed else None
            shown = self._keys.get(found["key"], other)
            if shown is None:
                break
            at = found.end()
            if shown is not Shown.VALUE:
                at, around = (_end(_STRUCTURE, line, at) if shown is not Shown.NAME else at), shown
            elif _ANOTHER_KEY.search(line, at):
                value = at
                at = _end(_FLOW_VALUE, line, at)
                around = Shown.KEYS if "}" in line[value:at] else around
            else:
                return _COMMENT.sub("", line)
        plain_item = around is Shown.VALUE and not _KEY.match(line, at)
        if plain_item or not line[at:].strip(" \t]},") or _COMMENT.match(line, at):
            return _COMMENT.sub("", line)
        gap = "" if line[at - 1 : at].isspace() or at == 0 else " "
        return f"{line[:at]}{gap}{MASK}"

    def _around(self, number: int) -> Shown:
        """Return what may be shown inside the block that a line is in: the least of what the keys above it allow."""
        lines = self._lines or []
        item = lines[number].lstrip().startswith("- ")
        indent = _indent(lines[number]) + item  # the items of a list may stand right under its key
        nearest: Shown | None = None
        for above in reversed(lines[:number]):
            if not above.strip() or _indent(above) >= indent or (item and nearest is None and above.lstrip().startswith("- ")):
                continue
            indent = _indent(above)
            if found := _KEY.match(above, _end(_STRUCTURE, above, 0)):
                shown = self._keys.get(found["key"], Shown.NAME)
                if shown is Shown.NAME or (shown is Shown.VALUE and (nearest or not item)):
                    return Shown.NAME
                nearest = nearest or shown
        return nearest or Shown.KEYS


def _end(pattern: re.Pattern[str], line: str, at: int) -> int:
    found = pattern.match(line, at)
    return found.end() if found else at


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
