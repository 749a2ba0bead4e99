"""`plan` and `show`: what would change. Nothing is locked, nothing written but the file asked for."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from reconciler import planning
from reconciler.infisical import Reader
from reconciler.model import Stop, Stopped, error
from reconciler.operations.infisical import infisical
from reconciler.operations.options import Options
from reconciler.operations.running import run
from reconciler.operations.sources import sources
from reconciler.operations.stack import Where, backend, manifests, settings, stopped
from reconciler.operations.survey import survey
from reconciler.planning import Plan, PlanFileError
from reconciler.state import StateError
from reconciler.workspace import write_file


def plan(where: Where, options: Options) -> Plan:
    """Return what an apply would do. Raises `Stopped`."""
    return run(_plan, where, options)


def keep(found: Plan, out: Path, expires: timedelta | None = None) -> Plan:
    """Keep a plan in `out`, to be applied within `expires`, unless something must be mended first; return it as it was kept.

    Raises `Stopped`.
    """
    if expires is not None:
        found = replace(found, expires_at=(datetime.now(UTC) + expires).isoformat(timespec="seconds"))
    if not found.errored:
        try:
            if out.exists() and not (out.is_file() and planning.is_plan(out.read_bytes())):
                taken = error(f"{out} exists and is no plan; it is left as it is.", hint="choose another --out")
                raise Stopped(Stop.FAILED, taken)
            write_file(out, planning.encode(found))
        except OSError as broken:
            failed = error(f"The plan cannot be written to {out}: {broken.strerror}.", hint="choose another --out")
            raise Stopped(Stop.FAILED, failed) from None
    return found


async def _plan(where: Where, options: Options) -> Plan:
    found = settings(where)
    loaded = manifests(found)
    try:
        stored, _ = await backend(found).load()
    except StateError as broken:
        raise stopped(broken) from None
    async with infisical(found, where) as session:
        surveyed = await survey(
            found,
            loaded.connections,
            stored,
            reader := Reader(session.client),
            sources(found, where.environ, reader),
            options,
            missing_is_error=False,
            notes=(*found.warnings, *loaded.diagnostics),
        )
    return surveyed.plan


def read_plan(file: Path) -> Plan:
    """Return the plan that `file` keeps. Raises `Stopped` (FAILED) when it is none, or a damaged one."""
    try:
        return planning.decode(file.read_bytes())
    except OSError as broken:
        raise Stopped(
            Stop.FAILED,
            error(f"The plan {file} cannot be read: {broken.strerror}.", hint="make one with `reconciler plan --out FILE`"),
        ) from None
    except PlanFileError as broken:
        raise Stopped(Stop.FAILED, error(f"{file} cannot be used as a plan: {broken}.", hint=broken.hint)) from None
