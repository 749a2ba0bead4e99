"""What a plan is: plain values that can be shown, saved and compared. None of them ever holds a secret."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from reconciler.model import Action, Diagnostic, Location, Reason, has_errors
from reconciler.model.action import SENT_WITH_CREDENTIALS
from reconciler.planning.kind import Attributes


@dataclass(frozen=True, slots=True)
class Subject:
    """The connection in Infisical that a change is about. `hash` is that of its credentials, None where there is none."""

    id: str
    hash: str | None = None


@dataclass(frozen=True, slots=True)
class Declared:
    """Where the manifest of an address is, or was when it was last applied.

    `location` is None once the manifest is gone; `file` is then its path in the stack as it was recorded.
    """

    location: Location | None = None
    file: str = ""

    def __str__(self) -> str:
        return str(self.location) if self.location else self.file


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to one address."""

    address: str
    """The address, which is the key of the change in most places; see `key`."""
    action: Action
    """What happens."""
    reason: Reason | None = None
    """Why, if the changed fields do not say everything."""
    subject: Subject | None = None
    """The connection that it is about, None if there is none yet."""
    before: Attributes | None = None
    """What is there now, None if nothing is."""
    after: Attributes | None = None
    """What will be there, None if nothing will."""
    fields: tuple[str, ...] = ()
    """The paths of the fields that change."""
    compared: bool = True
    """Whether key and secret could be compared. False when one of them is not available here."""
    first_sent: bool = False
    """Whether the only change is that key and secret are sent, and we never sent them before."""
    declared: Declared = field(default_factory=Declared)
    """Where its manifest is, or was."""
    waits_for: tuple[str, ...] = ()
    """The keys of the changes that must be done first: each frees the name that this one takes."""
    superseded: bool = False
    """Whether this deletes what an earlier replace left behind."""
    previous_address: str = ""
    """The address it had before, if the address itself changes."""

    @property
    def key(self) -> str:
        """The unique name of this change in its plan: the address, and for a superseded connection its id too."""
        return f"{self.address} ({self.id})" if self.superseded else self.address

    @property
    def id(self) -> str:
        """The id of the connection that it is about, "" if there is none yet."""
        return self.subject.id if self.subject else ""

    @property
    def hash(self) -> str | None:
        """The hash of that connection's credentials, None where there is none."""
        return self.subject.hash if self.subject else None

    @property
    def location(self) -> Location | None:
        """Where its manifest is, None when it has none."""
        return self.declared.location

    @property
    def sends_credentials(self) -> bool:
        """Whether key and secret are needed to carry it out."""
        in_place = self.action in {Action.UPDATE, Action.ADOPT}
        return self.action.creates or (in_place and not SENT_WITH_CREDENTIALS.isdisjoint(self.fields))


class KeptWhy(StrEnum):
    """Why a connection stays as it is although the manifests say something different."""

    HELD = "held"
    PROTECTED = "protected"


@dataclass(frozen=True, slots=True)
class Kept:
    """A connection that the plan reports and does not touch."""

    address: str
    why: KeptWhy
    reason: Reason
    id: str = ""
    location: Location | None = None


class GuardedWhat(StrEnum):
    """What a plan has too many of. ALL: nothing would remain that is managed."""

    DELETES = "deletes"
    ALL = "all"
    UPDATES = "updates"


@dataclass(frozen=True, slots=True)
class Guarded:
    """A guard that stops a plan: `number` of `recorded` connections change, and at most `limit` may.

    `allowed` is the number that the user named, None if the user named none.
    """

    what: GuardedWhat
    number: int
    recorded: int
    limit: int
    allowed: int | None = None


@dataclass(frozen=True, slots=True)
class Drift:
    """What happened to a recorded connection outside.

    `after` is None if it was deleted. `with_project` is the slug of the deleted project that it was in, "" for none.
    """

    address: str
    id: str
    fields: tuple[str, ...]
    before: Attributes
    after: Attributes | None
    with_project: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """Which stack a plan is of, and on which Infisical. Ids and names are "" where Infisical does not tell."""

    stack: str
    url: str
    organisation_id: str = ""
    organisation_name: str = ""


@dataclass(frozen=True, slots=True)
class Basis:
    """What a plan was decided from, and when."""

    lineage: str = ""
    """The state's lineage, "" before the first apply."""
    serial: int = 0
    """The state's serial."""
    recorded: int = 0
    """How many connections the state records."""
    base: str = ""
    """The git ref whose manifests the plan compares with, "" if it compares with Infisical itself."""
    created_at: str = ""
    """When the plan was made, ISO 8601."""
    tool_version: str = ""
    """The version of reconciler that made it."""


@dataclass(frozen=True, slots=True)
class Choices:
    """The choices that the user made for one run, beside the manifests."""

    accept: frozenset[str] = frozenset()
    """Addresses whose credentials in Infisical the user accepts."""
    reassert: frozenset[str] = frozenset()
    """Addresses whose credentials the run sends again, over those that somebody else wrote."""
    adopt_all: bool = False
    """Take over every unmanaged connection that has the name of a manifest."""
    destroy: bool = False
    """Delete everything that is recorded."""


@dataclass(frozen=True, slots=True)
class Part:
    """Which part of a stack a plan is about."""

    only: tuple[str, ...] = ()
    """The selected addresses, empty if the plan is about the whole stack."""
    left_out: tuple[str, ...] = ()
    """The keys of changes that are decided but not made: they are not selected, or not in the saved plan."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything a run would do, sorted by address."""

    target: Target
    """Which stack, on which Infisical."""
    basis: Basis = field(default_factory=Basis)
    """What it was decided from."""
    choices: Choices = field(default_factory=Choices)
    """The choices that the user made for this run."""
    part: Part = field(default_factory=Part)
    """Which part of the stack it is about."""
    changes: tuple[Change, ...] = ()
    """What an apply does."""
    unchanged: tuple[Change, ...] = ()
    """What stays as it is."""
    kept: tuple[Kept, ...] = ()
    """What stays as it is although the manifests say something different."""
    drift: tuple[Drift, ...] = ()
    """What happened outside since the last apply."""
    unmanaged: int = 0
    """How many Salesforce connections Infisical shows that this stack does not manage."""
    guarded: tuple[Guarded, ...] = ()
    """The guards that stop the plan."""
    diagnostics: tuple[Diagnostic, ...] = ()
    """Errors, each of which stops the plan, and warnings."""
    interrupted: Mapping[str, Reason] = field(default_factory=dict)
    """What an interrupted apply turned out to have done, by address."""
    expires_at: str = ""
    """Until when a saved plan may be applied, ISO 8601, "" for ever."""

    @property
    def errored(self) -> bool:
        """Whether something must be corrected first."""
        return has_errors(self.diagnostics)

    @property
    def applyable(self) -> bool:
        """Whether an apply has something to do and may do it."""
        return bool(self.changes) and not self.errored and not self.guarded and not self.basis.base

    @property
    def complete(self) -> bool:
        """Whether it covers everything that there is to do."""
        return not self.errored and not self.part.only and not self.basis.base

    @property
    def changes_something(self) -> bool:
        """Whether it contains more than conditional updates, which do not count as changes."""
        return any(change.action is not Action.CONDITIONAL for change in self.changes)
