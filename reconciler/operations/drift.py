"""`drift`: what happened outside since the last apply. Reads only."""

from dataclasses import dataclass

from reconciler.model import Diagnostic, has_errors
from reconciler.model.action import CONSUMER_KEY, CONSUMER_SECRET
from reconciler.operations.options import Options
from reconciler.operations.plan import plan
from reconciler.operations.stack import Where
from reconciler.planning import Change, Drift


@dataclass(frozen=True, slots=True)
class Drifted:
    """What is no longer as it was applied: changed in Infisical, changed where values come from, deleted in Infisical.

    `unknown` are addresses whose values are not at hand, so that nothing can be said of them.
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


def drift(where: Where, confirm_missing: int | None = None) -> Drifted:
    """Return what drifted; `confirm_missing` as for a plan. Raises `Stopped`."""
    found = plan(where, Options(confirm_missing=confirm_missing))
    at_the_source = {CONSUMER_KEY, CONSUMER_SECRET}
    return Drifted(
        stack=found.target.stack,
        url=found.target.url,
        outside=tuple(one for one in found.drift if one.after is not None),
        at_the_source=tuple(change for change in found.changes if not at_the_source.isdisjoint(change.fields)),
        deleted=tuple(one for one in found.drift if one.after is None),
        unknown=tuple(change.address for change in found.changes if not change.compared),
        diagnostics=found.diagnostics,
    )
