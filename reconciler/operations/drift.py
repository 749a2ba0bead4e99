"""`drift`: what happened outside since the last apply. Reads only."""

from dataclasses import dataclass

from reconciler.model import Diagnostic, has_errors
from reconciler.model.action import CONSUMER_KEY, CONSUMER_SECRET
from reconciler.operations.location import StackLocation
from reconciler.operations.options import Options
from reconciler.operations.plan import plan
from reconciler.planning import Change, Drift


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
        """Whether something was found that must be mended first."""
        return has_errors(self.diagnostics)


async def drift(location: StackLocation, confirm_missing: int | None = None) -> Drifted:
    """Return what drifted; `confirm_missing` is that of `Options`. Raises `Stopped`."""
    planned = await plan(location, Options(confirm_missing=confirm_missing))
    at_the_source = {CONSUMER_KEY, CONSUMER_SECRET}
    return Drifted(
        stack=planned.target.stack,
        url=planned.target.url,
        outside=tuple(drift for drift in planned.drift if drift.after is not None),
        at_the_source=tuple(change for change in planned.changes if not at_the_source.isdisjoint(change.fields)),
        deleted=tuple(drift for drift in planned.drift if drift.after is None),
        unknown=tuple(change.address for change in planned.changes if not change.compared),
        diagnostics=planned.diagnostics,
    )
