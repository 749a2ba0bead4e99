"""`drift`: what changed outside reconciler since the last apply. It only reads."""

from reconciler.model.action import CONSUMER_KEY, CONSUMER_SECRET
from reconciler.operations.location import StackLocation
from reconciler.operations.options import Options
from reconciler.operations.plan import plan
from reconciler.planning import Drifted


async def drift(location: StackLocation, confirm_missing: int | None = None) -> Drifted:
    """Return what drifted. `confirm_missing` is that of `Options`. Raises `Stopped`."""
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
