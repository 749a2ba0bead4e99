"""What a request says about itself beside the API's own: who asks, and what a gateway before Infisical wants to see."""

import re
from collections.abc import Mapping

from reconciler import __version__
from reconciler.model import Secret
from reconciler.wire.errors import NotSent

CUSTOM_HEADERS = "INFISICAL_CUSTOM_HEADERS"
_OURS = frozenset(
    {"authorization", "connection", "content-encoding", "content-length", "content-type", "host", "transfer-encoding"}
)
_IGNORED = frozenset({"accept", "accept-encoding", "user-agent"})
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_PAIR = re.compile(
    r"""\s*(?P<name>[^\s=]*)=\s*
    (?: "(?P<double>(?:\\.|[^"\\])*)" | '(?P<single>(?:\\.|[^'\\])*)' | (?P<bare>[^\s"']\S* | ) )
    (?=\s|$)""",
    re.VERBOSE | re.DOTALL,
)
_LONGEST_RUN_URL = 300


def custom_headers(environ: Mapping[str, str]) -> dict[str, Secret]:
    """Return the headers of INFISICAL_CUSTOM_HEADERS by their lower-case names, as the Infisical CLI reads it: `name=value`
    pairs between blanks, a value with blanks in quotes (a backslash keeps a quote in it and stays), the last of a name counts,
    `User-Agent` and `Accept` are left out.

    Raises `NotSent` with a sentence that quotes no value: a pair that is none, a header that is ours or cannot be sent.
    """
    text = environ.get(CUSTOM_HEADERS, "").strip()
    found: dict[str, Secret] = {}
    place = 0
    while place < len(text):
        pair = _PAIR.match(text, place)
        if pair is None:
            raise _unusable(f"its part {len(found) + 1} is not `name=value`")
        place = pair.end()
        name = pair["name"].lower()
        value = pair["double"] or pair["single"] or pair["bare"] or ""
        _check(name, value, len(found) + 1)
        if name not in _IGNORED:
            found[name] = Secret(value)
    return found


def user_agent(run_url: str) -> str:
    """Return who asks; `run_url` leads from Infisical's audit log to the CI run, "" for none. What a comment of a header
    cannot hold is left out of it."""
    shown = "".join(char for char in run_url if "!" <= char <= "~" and char not in '()\\"')[:_LONGEST_RUN_URL]
    return f"infisical-reconciler/{__version__}" + (f" (+{shown})" if shown else "")


def is_header_value(text: str) -> bool:
    """Tell whether `text` can be sent as the value of a header: one line of printable ASCII, no blank at its ends."""
    return text.isascii() and text.isprintable() and text == text.strip()


def _check(name: str, value: str, number: int) -> None:
    if not _NAME.fullmatch(name):
        raise _unusable(f"its part {number} has no name that a header can have")
    if name in _OURS:
        raise _unusable(f"`{name}` is set by reconciler itself")
    if not is_header_value(value):
        raise _unusable(f"the value of `{name}` is not one line of printable ASCII")


def _unusable(why: str) -> NotSent:
    return NotSent(
        f"{CUSTOM_HEADERS} cannot be used: {why}.",
        f"write {CUSTOM_HEADERS} as `name=value` pairs between blanks, values with blanks in quotes",
    )
