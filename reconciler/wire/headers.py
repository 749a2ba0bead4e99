"""Headers beside those of the API: who asks, and what a gateway in front of Infisical requires."""

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
    """Return the headers in INFISICAL_CUSTOM_HEADERS by their lower-case names, as the Infisical CLI reads it.

    The variable holds `name=value` pairs with blanks between them. A value with blanks is in quotes; a backslash before a quote
    keeps the quote, and stays. The last value of a name counts. `User-Agent` and `Accept` are ignored.

    Raises `NotSent` for a part that is not a pair, for a header that reconciler sets itself, and for one that cannot be sent.
    The message quotes no value.
    """
    text = environ.get(CUSTOM_HEADERS, "").strip()
    headers: dict[str, Secret] = {}
    place = 0
    while place < len(text):
        pair = _PAIR.match(text, place)
        if pair is None:
            raise _unusable(f"part {len(headers) + 1} is not `name=value`")
        place = pair.end()
        name = pair["name"].lower()
        value = pair["double"] or pair["single"] or pair["bare"] or ""
        _check(name, value, len(headers) + 1)
        if name not in _IGNORED:
            headers[name] = Secret(value)
    return headers


def user_agent(run_url: str) -> str:
    """Return the user agent. Through `run_url`, Infisical's audit log names the CI run ("" for none). Characters that a comment
    in a header cannot contain are left out of it."""
    shown = "".join(char for char in run_url if "!" <= char <= "~" and char not in '()\\"')[:_LONGEST_RUN_URL]
    return f"infisical-reconciler/{__version__}" + (f" (+{shown})" if shown else "")


def is_header_value(text: str) -> bool:
    """Tell whether `text` can be the value of a header: one line of printable ASCII, without a blank at either end."""
    return text.isascii() and text.isprintable() and text == text.strip()


def _check(name: str, value: str, number: int) -> None:
    if not _NAME.fullmatch(name):
        raise _unusable(f"the name in part {number} is not the name of a header")
    if name in _OURS:
        raise _unusable(f"reconciler sets `{name}` itself")
    if not is_header_value(value):
        raise _unusable(f"the value of `{name}` is not one line of printable ASCII")


def _unusable(why: str) -> NotSent:
    return NotSent(
        f"{CUSTOM_HEADERS} cannot be used: {why}.",
        f"write {CUSTOM_HEADERS} as `name=value` pairs with blanks between them, and quote a value that contains a blank",
    )
