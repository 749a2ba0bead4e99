"""The ways in which a text can be written inside another one: what to look for, and what to undo before looking."""

import base64
import html
import json
import re
from collections.abc import Iterator
from urllib.parse import quote, quote_plus, unquote, unquote_plus

_DEPTH = 3
"""How many ways of writing may be inside each other: JSON in JSON in a page."""
_DECODED = 64 * 1024
"""How many characters of a text are decoded. A message shows fewer than 2,000 of them, and begins with the first one."""
_ESCAPE = re.compile(r"""\\(?:u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2})|(["'\\/bfnrt]))""")
_LETTERS = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_BREAKS = re.compile(r"\s+|\\[nrt]")
_SHORTEST_PART = 8
"""Characters. A shorter part of a secret, or of its base64, may be in a text by chance."""


def unescaped(text: str) -> tuple[str, ...]:
    """Return `text`, and what it becomes when the escapes in it are undone: of JSON, HTML and addresses, also nested."""
    newest = {text[:_DECODED]}
    texts = set(newest)
    for _ in range(_DEPTH):
        newest = {decoded for each in newest for decoded in _decoded_once(each)} - texts
        texts |= newest
    joined = {_BREAKS.sub("", each) for each in texts}
    return (text, *(texts | joined) - {text})


def _decoded_once(text: str) -> Iterator[str]:
    if "\0" in text:  # UTF-16, read as UTF-8
        yield text.replace("\0", "")
    if "\\" in text:
        yield _joined_pairs(_ESCAPE.sub(_character, text))
    if "&" in text:
        yield html.unescape(text)
    if "%" in text:
        yield unquote(text)
        yield unquote_plus(text)
    elif "+" in text:
        yield text.replace("+", " ")


def _character(escape: re.Match[str]) -> str:
    four, two, letter = escape.groups()
    return chr(int(four or two, 16)) if four or two else _LETTERS.get(letter, letter)


def _joined_pairs(text: str) -> str:
    """Return `text` with each pair of surrogates as the character that it stands for."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def spellings(secret: str) -> frozenset[str]:
    """Return the texts that give `secret` away: itself, as JSON, HTML and addresses write it, hex, and base64 of all it is in.

    `unescaped` undoes more ways to escape than these, but only at the beginning of a text.
    """
    data = secret.encode("utf-8", "replace")
    digits, joined = data.hex(), _BREAKS.sub("", secret)
    forms = {secret, html.escape(secret), quote(data, safe=""), quote_plus(data), json.dumps(secret)[1:-1]}
    forms |= {digits, digits.upper(), *_base64_parts(data)}
    return frozenset(forms | {joined} if len(joined) >= _SHORTEST_PART else forms)


def _base64_parts(data: bytes) -> Iterator[str]:
    """Yield what `data` becomes in base64 behind 0, 1 or 2 other bytes, without the characters that it shares with others."""
    for before in range(3):
        skipped = -(-before * 8 // 6)
        whole = (before + len(data)) * 8 // 6
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            part = encode(bytes(before) + data).decode()[skipped:whole]
            if len(part) >= _SHORTEST_PART:
                yield part
