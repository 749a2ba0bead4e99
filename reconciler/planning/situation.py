"""Everything a decision is made from, in the one shape that all kinds share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.model import Reason, Superseded
from reconciler.planning.kind import Desired, Kind, Present, Recorded
from reconciler.planning.plan import Choices


@dataclass(frozen=True, slots=True)
class Settlement:
    """The result of an interrupted apply.

    `resend` are ids whose write-only fields it may have sent. `done` says what it has done, by address.
    """

    resend: frozenset[str] = frozenset()
    done: Mapping[str, Reason] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything a decision needs to know.

    `present` has the resources of every app that Infisical shows. A recorded id that is not among `present` is certainly gone.
    `superseded` are the connections that earlier replaces could not delete.
    """

    kind: Kind
    desired: Sequence[Desired]
    recorded: Mapping[str, Recorded]
    present: Sequence[Present]
    superseded: Sequence[Superseded] = ()
    choices: Choices = field(default_factory=Choices)
    settlement: Settlement = field(default_factory=Settlement)
