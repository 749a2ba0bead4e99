"""A consumer key and its secret, in one shape from the references of a manifest to the body of a request.

Infisical accepts both or neither, so the two always stay together.
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
        """Yield the one for the key, then the one for the secret."""
        yield self.consumer_key
        yield self.consumer_secret

    def named(self) -> Iterator[tuple[str, T]]:
        """Yield both with their names in manifests and in Infisical's API."""
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
    """What reconciler remembers of a key and a secret that it sent: keyed hashes, never the values."""

    __slots__ = ()


class Credentials(Pair[Secret]):
    """A key and a secret, ready to be sent."""

    __slots__ = ()

    def fingerprints(self, key: bytes) -> Fingerprints:
        """Return both fingerprints under `key`, the 32 random bytes of the state."""
        return Fingerprints(*(secret.fingerprint(key, name) for name, secret in self.named()))
