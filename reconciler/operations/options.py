"""What a run is told beside the manifests."""

from dataclasses import dataclass, field

from reconciler.planning import Allowed, Selection


@dataclass(frozen=True, slots=True)
class Options:
    """What a run is told: addresses (which may hold `*` and `?`) whose credentials are taken as they are, or sent again;
    numbers that lift a guard, or a stop because so many ids are missing; whether whatever has a wanted name is adopted, or
    everything is to go; and which part of the stack it is about."""

    accept: frozenset[str] = frozenset()
    reassert: frozenset[str] = frozenset()
    allowed: Allowed = field(default_factory=Allowed)
    confirm_missing: int | None = None
    adopt_all: bool = False
    destroy: bool = False
    selection: Selection = field(default_factory=Selection)
