"""The exit codes, the same for every command.

If several apply, the first of these counts: PARTIAL, a signal, FAILED, LEFT, CHANGES, DONE.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from reconciler.model import Stop

if TYPE_CHECKING:  # every command has an exit code; few need what an apply needs
    from reconciler.operations.apply import Applied
    from reconciler.planning import Plan

DONE = 0
FAILED = 1
CHANGES = 2
INVALID = 3
LEFT = 4
STALE = 5
LOCKED = 6
PARTIAL = 7
SIGNAL = 128
"""A signal gives this plus its number: 130 for SIGINT, 143 for SIGTERM."""

STOPS: Mapping[Stop, int] = MappingProxyType(
    {
        Stop.FAILED: FAILED,
        Stop.INVALID: INVALID,
        Stop.REFUSED: LEFT,
        Stop.STALE: STALE,
        Stop.LOCKED: LOCKED,
    }
)


def of_plan(plan: "Plan", *, detailed: bool) -> int:
    """Return the code of a plan: 4 if its apply would leave something undone, 2 for changes if `detailed`."""
    if plan.errored:
        return FAILED
    if plan.kept or plan.guarded:
        return LEFT
    return CHANGES if detailed and plan.changes_something else DONE


def of_apply(applied: "Applied") -> int:
    """Return the code of an apply that was not stopped before it began."""
    outcome = applied.outcome
    if outcome is not None and not outcome.complete and outcome.wrote:
        return PARTIAL
    if applied.interrupted and (outcome is None or not outcome.complete):
        return SIGNAL + applied.interrupted
    if applied.plan is None or applied.plan.errored or (outcome is not None and not outcome.complete):
        return FAILED
    if applied.refused or applied.plan.kept or applied.plan.guarded:
        return LEFT
    return DONE
