"""How much one run may change before a person has to name the number."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Guards:
    """The limits of one run, in percent of the connections that are recorded."""

    max_delete_percent: int = 30
    max_update_percent: int = 30
