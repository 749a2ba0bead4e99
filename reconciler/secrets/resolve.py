"""Reads each reference once and says, of each that gave nothing, whether it is missing or must not be read."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

import anyio

from reconciler.model import Credentials, ReconcilerError, Reference, References, Secret

_READERS = 8


class Unavailable(ReconcilerError):
    """The source has no such value here."""


class Refused(Unavailable):
    """The source has rules, and they forbid this value wherever it is looked for."""


class SecretSource(Protocol):
    """Reads values of one kind of reference."""

    async def read(self, target: str) -> Secret:
        """Return the value `target` names, trimmed. Raises `Unavailable` or `Refused`."""


@dataclass(frozen=True, slots=True)
class Resolution:
    """What the references gave: a value each, or the reason why there is none."""

    values: Mapping[Reference, Secret]
    missing: Mapping[Reference, Unavailable]

    def credentials(self, references: References) -> Credentials | None:
        """Return the key and the secret that `references` name, None unless both are there."""
        key, secret = (self.values.get(reference) for reference in references)
        return Credentials(key, secret) if key is not None and secret is not None else None


async def resolve_references(references: Iterable[Reference], sources: Mapping[str, SecretSource]) -> Resolution:
    """Read every reference once from the source of its kind, several at a time: some are far away."""
    values: dict[Reference, Secret] = {}
    missing: dict[Reference, Unavailable] = {}
    left = iter(dict.fromkeys(references))

    async def reader() -> None:
        for reference in left:
            try:
                values[reference] = await sources[reference.kind].read(reference.target)
            except Unavailable as cause:
                missing[reference] = cause

    async with anyio.create_task_group() as group:
        for _ in range(_READERS):
            group.start_soon(reader)
    return Resolution(values, missing)


def trimmed_secret(text: str, what: str, hint: str) -> Secret:
    """Return `text` as the server will trim it; raise `Unavailable` when nothing is left of `what`."""
    value = text.strip()
    if not value:
        raise Unavailable(f"{what} is empty", hint)
    if not value.isascii() and any("\ud800" <= char <= "\udfff" for char in value):
        raise Unavailable(f"{what} is not UTF-8 text", "encode it as UTF-8")  # Python's marks for bytes that are none
    return Secret(value)
