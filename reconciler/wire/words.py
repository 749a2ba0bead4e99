"""Makes the text of a server safe to show: without control characters, and never with a secret that it repeats."""

import html
import json
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

from reconciler.model import Secret

_SHOWN = 400


def printable(text: str, length: int = _SHOWN) -> str:
    """Return `text` as one line of at most `length` characters. A character that cannot be printed becomes U+FFFD."""
    line = " ".join(text[: 4 * length].split())[:length]
    return "".join(char if char.isprintable() else "\ufffd" for char in line)


def repeats(text: str, secrets: Iterable[Secret]) -> bool:
    """Tell whether `text` contains one of `secrets`, as it is or as pages, addresses and JSON write it."""
    return any(form in text for secret in secrets if secret for form in _forms(secret.reveal()))


def _forms(secret: str) -> set[str]:
    bare = secret.encode("utf-8", "replace")
    return {secret, html.escape(secret), quote(bare, safe=""), quote_plus(bare), json.dumps(secret)[1:-1]}
