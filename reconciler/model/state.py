"""What reconciler remembers: what it applied, what it is about to write, and what it could not delete yet."""

import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from reconciler.model.connection import Record, Scope


class Verb(StrEnum):
    """A write, as Infisical's API knows it."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Intent:
    """A write that is about to be sent. It is stored before the first write, so that after a crash the next run can look.

    `record` is the record once the write is done (for a create without id and hash), None for a delete. `since` is the time on
    the server's clock before the write, ISO 8601.
    """

    verb: Verb
    address: str
    connection_id: str
    record: Record | None
    sends_credentials: bool
    since: str


@dataclass(frozen=True, slots=True)
class Superseded:
    """A connection that a replace could not delete. It is remembered until it is gone."""

    address: str
    id: str
    scope: Scope
    name: str


@dataclass(frozen=True, slots=True)
class State:
    """Everything that is stored. `key` is the key of the fingerprints. `organisation_id` is the organisation of `records`."""

    lineage: str
    serial: int
    key: bytes = field(repr=False)
    organisation_id: str = ""
    organisation_name: str = ""
    records: Mapping[str, Record] = field(default_factory=dict)
    superseded: tuple[Superseded, ...] = ()
    intents: tuple[Intent, ...] = ()

    @classmethod
    def born(cls) -> "State":
        """Return the state of a stack before its first apply, with a new lineage and a new key."""
        return cls(lineage=str(uuid.uuid4()), serial=0, key=secrets.token_bytes(32))
