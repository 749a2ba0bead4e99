"""`plan` and `show`: what an apply would change. Nothing is locked; nothing is written except the file of a saved plan."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from reconciler import planning, schemas
from reconciler.documents import Schema
from reconciler.model import Stop, Stopped, error
from reconciler.operations.location import StackLocation
from reconciler.operations.options import Options
from reconciler.operations.stack import open_stack
from reconciler.operations.survey import survey
from reconciler.planning import Plan, PlanFileError
from reconciler.workspace import permissions, place_to_write, write_file

_HEAD_BYTES = 64 * 1024
"""How much of a file is read to see whether it is a plan."""


async def plan(location: StackLocation, options: Options) -> Plan:
    """Return what an apply would do. Raises `Stopped`."""
    async with open_stack(location) as stack:
        surveyed = await survey(stack, options, missing_is_error=False)
    return surveyed.plan


def check_place(out: Path) -> None:
    """Raise `Stopped` if no plan can be kept in `out`: it is something else than a plan, or reconciler does not write there.

    Nothing is written. Nothing but a file is read, because some devices have no end.
    """
    try:
        place = place_to_write(out)
        if place.exists() and not (place.is_file() and _begins_as_a_plan(place)):
            taken = error(f"{out} exists and is not a plan, so reconciler does not overwrite it.", hint="choose another --out")
            raise Stopped(Stop.FAILED, taken)
        permissions(place)
    except OSError as broken:
        raise _unwritable(out, broken) from None


def keep(plan: Plan, out: Path, expires: timedelta | None = None) -> Plan:
    """Write a plan to `out` and return it as it was written. A plan with errors is not written: nobody can apply it.

    With `expires`, the plan can be applied only for that long. Raises `Stopped`.
    """
    kept = plan
    if expires is not None:
        kept = replace(plan, expires_at=(datetime.now(UTC) + expires).isoformat(timespec="seconds"))
    if not kept.errored:
        check_place(out)
        try:
            write_file(out, planning.encode(kept))
        except OSError as broken:
            raise _unwritable(out, broken) from None
    return kept


def _begins_as_a_plan(file: Path) -> bool:
    with file.open("rb") as opened:
        return planning.is_plan(opened.read(_HEAD_BYTES))


def _unwritable(out: Path, broken: OSError) -> Stopped:
    summary = f"The plan cannot be written to {out}: {broken.strerror}."
    return Stopped(Stop.FAILED, error(summary, hint="choose another --out"))


def read_plan(file: Path) -> Plan:
    """Return the plan that is saved in `file`. Raises `Stopped` (FAILED) if there is no plan in it, or a damaged one."""
    try:
        return planning.decode(file.read_bytes(), Schema(schemas.load("plan-file")).violation)
    except OSError as broken:
        raise Stopped(
            Stop.FAILED,
            error(f"The plan {file} cannot be read: {broken.strerror}.", hint="make one with `reconciler plan --out FILE`"),
        ) from None
    except PlanFileError as broken:
        raise Stopped(Stop.FAILED, error(f"{file} cannot be used as a plan: {broken}.", hint=broken.hint)) from None
