"""What a plan is: plain values that can be shown, saved and compared, and never hold a secret."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from reconciler.model import Connection, Diagnostic, Lifecycle, LiveConnection, Location, Record, Scope, has_errors


class Action(StrEnum):
    """What a plan does to one address."""

    CREATE = "create"
    RECREATE = "re-create"
    UPDATE = "update"
    CONDITIONAL = "conditional update"
    REPLACE = "replace"
    DELETE = "delete"
    ADOPT = "adopt"
    RECORD = "record"
    FORGET = "forget"
    NOTHING = "nothing"

    @property
    def symbol(self) -> str:
        """The mark of this action in a text plan."""
        return _SYMBOLS[self]

    @property
    def writes(self) -> bool:
        """Whether it always writes to Infisical (an adopt or conditional update may)."""
        return self in _WRITES


_SYMBOLS = {
    Action.CREATE: "+",
    Action.RECREATE: "+",
    Action.UPDATE: "~",
    Action.CONDITIONAL: "?",
    Action.REPLACE: "+/-",
    Action.DELETE: "-",
    Action.ADOPT: "=",
    Action.RECORD: "=",
    Action.FORGET: "=",
    Action.NOTHING: " ",
}
_WRITES = frozenset({Action.CREATE, Action.RECREATE, Action.UPDATE, Action.REPLACE, Action.DELETE})

NAME = "name"
DESCRIPTION = "description"
PROJECT = "project"
INSTANCE_URL = "credentials.instanceUrl"
VERSION = "credentials.version"
CONSUMER_KEY = "credentials.consumerKey"
CONSUMER_SECRET = "credentials.consumerSecret"  # noqa: S105  # the path of a field
CREDENTIALS = "credentials"
ACCEPTED = "credentials (theirs accepted)"
ADDRESS = "address"
LABELS = "labels"
LIFECYCLE = "lifecycle"
REFRESHED = "record"

VALUE_FIELDS = frozenset({CONSUMER_KEY, CONSUMER_SECRET, ACCEPTED})
"""Changes that only a value shows: they are in no digest."""
LOCAL_FIELDS = frozenset({ADDRESS, LABELS, LIFECYCLE, REFRESHED})
"""Changes of the record alone; `record` is what it has late of what is in Infisical already."""
SENT_WITH_CREDENTIALS = frozenset({INSTANCE_URL, VERSION, CONSUMER_KEY, CONSUMER_SECRET, CREDENTIALS})
"""Changes for which all three credentials fields are sent: the API does not merge."""


@dataclass(frozen=True, slots=True)
class Attributes:
    """A connection without its secrets. `consumer_key` and `consumer_secret` are references as text, "" where there is none."""

    name: str
    description: str
    scope: Scope
    instance_url: str
    version: str | None
    labels: Mapping[str, str]
    lifecycle: Lifecycle
    consumer_key: str = ""
    consumer_secret: str = ""

    @classmethod
    def wanted(cls, connection: Connection, scope: Scope) -> "Attributes":
        """Return what a manifest wants."""
        return cls(
            connection.name,
            connection.description,
            scope,
            connection.instance_url,
            connection.version,
            connection.labels,
            connection.lifecycle,
            str(connection.consumer_key),
            str(connection.consumer_secret),
        )

    @classmethod
    def present(cls, live: LiveConnection, record: Record | None) -> "Attributes":
        """Return what is there, with what is recorded of it."""
        return cls(
            live.name,
            live.description,
            live.scope,
            live.instance_url,
            record.version if record else None,
            record.labels if record else {},
            record.lifecycle if record else Lifecycle(),
        )

    @classmethod
    def recorded(cls, record: Record) -> "Attributes":
        """Return what was last applied."""
        return cls(
            record.name,
            record.description,
            record.scope,
            record.instance_url,
            record.version,
            record.labels,
            record.lifecycle,
        )


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to one address. `id` and `hash` are those of the live connection it concerns ("" and None: none);
    `compared` is False where values were not at hand; `waits_for` are the keys of changes that free the name it takes;
    `superseded` marks the deletion of what an earlier replace left behind."""

    address: str
    action: Action
    reason: str = ""
    id: str = ""
    hash: str | None = None
    before: Attributes | None = None
    after: Attributes | None = None
    fields: tuple[str, ...] = ()
    compared: bool = True
    location: Location | None = None
    file: str = ""
    waits_for: tuple[str, ...] = ()
    superseded: bool = False
    previous_address: str = ""

    @property
    def key(self) -> str:
        """What this change is known by in its plan: the address, and for a superseded connection its id too."""
        return f"{self.address} ({self.id})" if self.superseded else self.address

    @property
    def sends_credentials(self) -> bool:
        """Whether key and secret are needed to carry it out."""
        if self.action in {Action.CREATE, Action.RECREATE, Action.REPLACE}:
            return True
        return self.action in {Action.UPDATE, Action.ADOPT} and not SENT_WITH_CREDENTIALS.isdisjoint(self.fields)


class KeptWhy(StrEnum):
    """Why something was left as it is although the manifests say otherwise."""

    HELD = "held"
    PROTECTED = "protected"


@dataclass(frozen=True, slots=True)
class Kept:
    """Something that is reported and not touched. `hint` is how to go on."""

    address: str
    why: KeptWhy
    reason: str
    hint: str
    id: str = ""
    location: Location | None = None


class GuardedWhat(StrEnum):
    """What there is too much of; ALL: nothing managed would remain."""

    DELETES = "deletes"
    ALL = "all"
    UPDATES = "updates"


@dataclass(frozen=True, slots=True)
class Guarded:
    """A guard that stops a plan: `number` of `recorded` connections, where at most `limit` are let through; `allowed` is the
    number that was named, None when none was."""

    what: GuardedWhat
    number: int
    recorded: int
    limit: int
    allowed: int | None = None


@dataclass(frozen=True, slots=True)
class Drift:
    """What happened to a recorded connection outside. `after` is None when it was deleted; `with_project` is the slug of the
    project that is gone and took it along, "" where none is."""

    address: str
    id: str
    fields: tuple[str, ...]
    before: Attributes
    after: Attributes | None
    with_project: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything a run would do, and what it was decided from; sorted by address. `unchanged` stay as they are,
    `interrupted` says by address what an interrupted apply turned out to have done; `recorded` is how many records there were,
    `guarded` what stops the plan; `expires_at` is until when a saved plan may be applied, ISO 8601, "" for ever.

    `accept`, `reassert`, `adopt_all` and `destroy` are what was said beside the manifests. `only` are the addresses the plan
    was narrowed to, empty when it was not; `left_out` are the changes that were decided and are not made, because they are
    not among those or not in a saved plan. `base` is the git ref whose manifests were taken for what is there, "" when
    Infisical itself was asked."""

    stack: str
    url: str
    organisation_id: str
    organisation_name: str
    lineage: str
    serial: int
    changes: tuple[Change, ...] = ()
    unchanged: tuple[Change, ...] = ()
    kept: tuple[Kept, ...] = ()
    drift: tuple[Drift, ...] = ()
    unmanaged: int = 0
    diagnostics: tuple[Diagnostic, ...] = ()
    accept: tuple[str, ...] = ()
    reassert: tuple[str, ...] = ()
    created_at: str = ""
    tool_version: str = ""
    interrupted: Mapping[str, str] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    recorded: int = 0
    guarded: tuple[Guarded, ...] = ()
    expires_at: str = ""
    adopt_all: bool = False
    destroy: bool = False
    only: tuple[str, ...] = ()
    base: str = ""

    @property
    def errored(self) -> bool:
        """Whether something was found that must be mended first."""
        return has_errors(self.diagnostics)

    @property
    def applyable(self) -> bool:
        """Whether an apply has something to do and may do it."""
        return bool(self.changes) and not self.errored and not self.guarded and not self.base

    @property
    def complete(self) -> bool:
        """Whether it is all that there is to do, as far as Infisical and the manifests tell."""
        return not self.errored and not self.only and not self.base

    @property
    def changes_something(self) -> bool:
        """Whether there is more than conditional updates: those alone are not changes."""
        return any(change.action is not Action.CONDITIONAL for change in self.changes)
