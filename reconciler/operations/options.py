"""What a run is told beside the manifests."""

from dataclasses import dataclass, field

from reconciler.planning import Allowed


@dataclass(frozen=True, slots=True)
class Options:
    """What a run is told: addresses whose credentials are taken as they are, or sent again; numbers that lift a guard."""

    accept: frozenset[str] = frozenset()
    reassert: frozenset[str] = frozenset()
    allowed: Allowed = field(default_factory=Allowed)
