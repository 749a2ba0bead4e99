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
from reconciler.workspace import write_file


async def plan(location: StackLocation, options: Options) -> Plan:
    """Return what an apply would do. Raises `Stopped`."""
    async with open_stack(location) as stack:
        surveyed = await survey(stack, options, missing_is_error=False)
    return surveyed.plan


def keep(plan: Plan, out: Path, expires: timedelta | None = None) -> Plan:
    """Write a plan to `out` and return it as it is there. A plan with errors is not written, because nobody can apply it.

    With `expires` the plan can be applied for that long. Raises `Stopped`.
    """
    kept = plan
    if expires is not None:
        kept = replace(plan, expires_at=(datetime.now(UTC) + expires).isoformat(timespec="seconds"))
    if not kept.errored:
        try:
            if out.exists() and not (out.is_file() and planning.is_plan(out.read_bytes())):
                taken = error(f"{out} exists and is no plan; it is left as it is.", hint="choose another --out")
                raise Stopped(Stop.FAILED, taken)
            write_file(out, planning.encode(kept))
        except OSError as broken:
            failed = error(f"The plan cannot be written to {out}: {broken.strerror}.", hint="choose another --out")
            raise Stopped(Stop.FAILED, failed) from None
    return kept


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
