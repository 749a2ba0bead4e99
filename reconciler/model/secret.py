"""A value that must never be shown, and the keyed fingerprint that compares two such values."""

import hmac
from typing import Never, Self


class Secret:
    """Holds a secret text. Only `reveal` returns it. repr, str and format show `***`; JSON and pickle refuse it."""

    __slots__ = ("__text",)

    def __init__(self, text: str) -> None:
        self.__text = text

    def reveal(self) -> str:
        """Return the text itself, for the one place that sends it."""
        return self.__text

    def fingerprint(self, key: bytes, field: str) -> str:
        """Return the HMAC-SHA256 (64 hex digits) of this text with `key`. Equal values of different `field`s differ in it."""
        return hmac.digest(key, _bytes(f"{field}\0{self.__text}"), "sha256").hex()

    def __repr__(self) -> str:
        return "Secret(***)"

    def __str__(self) -> str:
        return "***"

    def __format__(self, spec: str) -> str:
        return format("***", spec)

    def __bool__(self) -> bool:
        return bool(self.__text)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(_bytes(self.__text), _bytes(other.reveal()))

    __hash__ = None  # type: ignore[assignment]  # a hash of a secret would be an unkeyed fingerprint

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __reduce_ex__(self, protocol: object) -> Never:
        raise TypeError("a Secret cannot be pickled")

    def __getstate__(self) -> Never:
        raise TypeError("a Secret cannot be pickled")

    def __setstate__(self, state: object) -> Never:
        raise TypeError("a Secret cannot be pickled")


def _bytes(text: str) -> bytes:
    """Return the text as bytes. It never fails, because an error of the codec would contain the text."""
    return text.encode("utf-8", "surrogatepass")
