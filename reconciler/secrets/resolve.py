"""Reads every reference once. For each one without a value it keeps the reason: the value is missing, or must not be read."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

import anyio

from reconciler.model import Credentials, ReconcilerError, Reference, References, Secret

_READERS = 8


class Unavailable(ReconcilerError):
    """The source has no such value on this machine, or cannot read it now."""


class Refused(Unavailable):
    """The rules of the source forbid to read this value, on every machine."""


class SecretSource(Protocol):
    """Reads the values of one kind of reference."""

    async def read(self, target: str) -> Secret:
        """Return the value that `target` names, trimmed. Raises `Unavailable` or `Refused`."""


@dataclass(frozen=True, slots=True)
class Resolution:
    """What came of a set of references. Each of them has a value, or the reason why it has none."""

    values: Mapping[Reference, Secret]
    missing: Mapping[Reference, Unavailable]

    def credentials(self, references: References) -> Credentials | None:
        """Return the key and the secret that `references` name, None unless both have a value."""
        key, secret = (self.values.get(reference) for reference in references)
        return Credentials(key, secret) if key is not None and secret is not None else None


async def resolve_references(references: Iterable[Reference], sources: Mapping[str, SecretSource]) -> Resolution:
    """Read every reference once, from the source of its kind. It reads several at a time, because some sources are slow."""
    values: dict[Reference, Secret] = {}
    missing: dict[Reference, Unavailable] = {}
    unread = iter(dict.fromkeys(references))

    async def reader() -> None:
        for reference in unread:
            try:
                values[reference] = await sources[reference.kind].read(reference.target)
            except Unavailable as cause:
                missing[reference] = cause

    async with anyio.create_task_group() as group:
        for _ in range(_READERS):
            group.start_soon(reader)
    return Resolution(values, missing)


def trimmed_secret(text: str, what: str, hint: str) -> Secret:
    """Return `text`, trimmed as Infisical trims it.

    `what` names the place of the text in messages. Raises `Unavailable` if nothing is left, or if the text is not UTF-8.
    """
    value = text.strip()
    if not value:
        raise Unavailable(f"{what} is empty", hint)
    if not value.isascii() and any("\ud800" <= char <= "\udfff" for char in value):
        raise Unavailable(f"{what} is not UTF-8 text", "encode it as UTF-8")  # how Python keeps other bytes
    return Secret(value)
