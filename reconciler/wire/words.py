"""Makes the text of a server safe to show: without control characters, and never with a secret that it repeats."""

from collections.abc import Iterable

from reconciler.model import Secret
from reconciler.wire.spellings import spellings, unescaped

_SHOWN = 400
_SHORTEST_ANYWHERE = 8
"""Characters. A shorter secret may be a part of a word by chance, so it counts only as a word of its own."""
_SHORTEST_WORD = 4
"""Characters. A shorter text is in every sentence, and a message without it would say nothing."""


def printable(text: str, length: int = _SHOWN) -> str:
    """Return `text` as one line of at most `length` characters. A character that cannot be printed becomes U+FFFD."""
    line = " ".join(text[: 4 * length].split())[:length]
    return "".join(char if char.isprintable() else "\ufffd" for char in line)


def repeats(text: str, secrets: Iterable[Secret]) -> bool:
    """Tell whether `text` holds one of `secrets`, as it is or as pages, addresses, JSON, base64 and hex write it.

    A secret of fewer than 8 characters counts only where it is a whole word, and one of fewer than 4 never.
    """
    values = [value for secret in secrets if len(value := secret.reveal()) >= _SHORTEST_WORD]
    if not values:
        return False
    texts = unescaped(text)
    return any(_holds(texts, value) for value in values)


def _holds(texts: Iterable[str], value: str) -> bool:
    if len(value) < _SHORTEST_ANYWHERE:
        return any(_holds_word(text, value) for text in texts)
    forms = spellings(value)
    return any(form in text for text in texts for form in forms)


def _holds_word(text: str, word: str) -> bool:
    at = text.find(word)
    while at >= 0:
        before, after = text[at - 1 : at], text[at + len(word) : at + len(word) + 1]
        if not before.isalnum() and not after.isalnum():
            return True
        at = text.find(word, at + 1)
    return False
