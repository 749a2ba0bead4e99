"""The choices that a user makes for one run, beside the manifests."""

from dataclasses import dataclass, field

from reconciler.planning import Allowed, Selection


@dataclass(frozen=True, slots=True)
class Options:
    """The choices that a user makes for one run, beside the manifests. Addresses may contain `*` and `?`."""

    accept: frozenset[str] = frozenset()
    """Addresses whose credentials in Infisical the user accepts, although somebody else wrote them."""
    reassert: frozenset[str] = frozenset()
    """Addresses whose credentials the run sends again, over what somebody else wrote."""
    allowed: Allowed = field(default_factory=Allowed)
    """The numbers of deletions and updates for which the user lifts a guard in this run."""
    confirm_missing: int | None = None
    """How many recorded connections may be missing from Infisical's list. None: only the usual few."""
    adopt_all: bool = False
    """Take over every unmanaged connection that has the name of a manifest."""
    destroy: bool = False
    """Delete everything that is recorded."""
    selection: Selection = field(default_factory=Selection)
    """The part of the stack that the run is about."""
