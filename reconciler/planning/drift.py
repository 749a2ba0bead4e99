"""What happened to a whole stack since the last apply."""

from dataclasses import dataclass

from reconciler.model import Diagnostic, has_errors
from reconciler.planning.plan import Change, Drift


@dataclass(frozen=True, slots=True)
class Drifted:
    """What is no longer as the last apply left it.

    `outside` was changed in Infisical, `at_the_source` where the values come from, and `deleted` was deleted in Infisical.
    `unknown` are the addresses whose values are not available here, so that nobody can tell.
    """

    stack: str
    url: str
    outside: tuple[Drift, ...]
    at_the_source: tuple[Change, ...]
    deleted: tuple[Drift, ...]
    unknown: tuple[str, ...]
    diagnostics: tuple[Diagnostic, ...]

    @property
    def any(self) -> bool:
        """Whether there is drift of any kind."""
        return bool(self.outside or self.at_the_source or self.deleted)

    @property
    def errored(self) -> bool:
        """Whether there is an error that somebody must correct first."""
        return has_errors(self.diagnostics)
