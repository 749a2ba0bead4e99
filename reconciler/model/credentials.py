"""A consumer key and its secret: one shape, from the manifest's references to the body of a request.

Infisical takes both or neither, so the two never travel apart.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Generic, Literal, TypeVar

from reconciler.model.diagnostics import Location
from reconciler.model.secret import Secret

T = TypeVar("T")

KEY_FIELD = "consumerKey"
SECRET_FIELD = "consumerSecret"  # noqa: S105  # nosec B105  # the name of a field


@dataclass(frozen=True, slots=True)
class Pair(Generic[T]):
    """One thing for the consumer key and one for the consumer secret."""

    consumer_key: T
    consumer_secret: T

    def __iter__(self) -> Iterator[T]:
        """Give the key's, then the secret's."""
        yield self.consumer_key
        yield self.consumer_secret

    def named(self) -> Iterator[tuple[str, T]]:
        """Give both with the names that manifests and Infisical's API have for them."""
        yield KEY_FIELD, self.consumer_key
        yield SECRET_FIELD, self.consumer_secret


@dataclass(frozen=True, slots=True)
class Reference:
    """Where a value comes from. Two references are equal when they read the same source.

    `target` is a variable's name, a file's path, or `project/environment/path/key` of a secret in Infisical.
    """

    kind: Literal["fromEnv", "fromFile", "fromInfisical"]
    target: str
    location: Location = field(compare=False)

    def __str__(self) -> str:
        return f"{self.kind} {self.target}"


class References(Pair[Reference]):
    """Where a connection's key and secret come from."""

    __slots__ = ()


class Fingerprints(Pair[str]):
    """What is remembered of a key and a secret that were sent: keyed hashes, never the values."""

    __slots__ = ()


class Credentials(Pair[Secret]):
    """A key and a secret, ready to be sent."""

    __slots__ = ()

    def fingerprints(self, key: bytes) -> Fingerprints:
        """Return both fingerprints under `key`, the 32 random bytes of the state."""
        return Fingerprints(*(secret.fingerprint(key, name) for name, secret in self.named()))
