"""What a run remembers: what was applied, what it is about to write, and what it could not delete yet."""

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
    """A write that is about to be sent, stored before the first one is: after a crash the next run looks what became of it.

    `record` is what will be recorded once it is done (of a create: without id and hash), None for a delete;
    `since` is the server's clock before the write, ISO 8601.
    """

    verb: Verb
    address: str
    connection_id: str
    record: Record | None
    sends_credentials: bool
    since: str


@dataclass(frozen=True, slots=True)
class Superseded:
    """A connection that a replace left behind because deleting it was refused; remembered until it is gone."""

    address: str
    id: str
    scope: Scope
    name: str


@dataclass(frozen=True, slots=True)
class State:
    """Everything that is stored. `key` is the key of the fingerprints; `organisation_id` is where `records` live."""

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
        """Return the state of a stack that was never applied, with a lineage and a key of its own."""
        return cls(lineage=str(uuid.uuid4()), serial=0, key=secrets.token_bytes(32))
