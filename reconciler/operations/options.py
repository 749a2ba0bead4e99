"""What a run is told beside the manifests."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Options:
    """What a run is told about credentials: addresses whose are taken as they are, or sent again."""

    accept: frozenset[str] = frozenset()
    reassert: frozenset[str] = frozenset()
