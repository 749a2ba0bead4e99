"""`export`: writes manifests of what is in Infisical already, and names a variable for each value that nobody can read back."""

from pathlib import Path

from reconciler import manifest
from reconciler.config import Settings
from reconciler.infisical import InfisicalError, explain_failure
from reconciler.model import Diagnostic, ExportedManifests, LiveConnection, Location, Stop, Stopped, error, hosts, warning
from reconciler.model.connection import APP
from reconciler.operations.location import StackLocation
from reconciler.operations.look import read_listing, refuse_other_organisation
from reconciler.operations.stack import Need, OpenStack, open_stack
from reconciler.secrets import EnvironmentSource
from reconciler.wire import WireError
from reconciler.workspace import write_file

_PREFIX = "SALESFORCE_"


async def export(location: StackLocation, out: Path, project: str | None, *, unmanaged: bool) -> ExportedManifests:
    """Write a manifest into `out` for each Salesforce connection in Infisical, over no file that is there.

    `project` (a slug or an id) leaves out the connections of other projects, `unmanaged` those that this stack manages. Raises
    `Stopped`.
    """
    async with open_stack(location, manifests=Need.UNUSED) as stack:
        live = await _live(stack)
    settings, state = stack.settings, stack.state
    records = {record.id: (address, record.labels) for address, record in state.records.items()} if state else {}
    chosen = [connection for connection in live if connection.app == APP]
    if unmanaged:
        chosen = [connection for connection in chosen if connection.id not in records]
    if project is not None:
        chosen = [connection for connection in chosen if _is_in(connection, project)]
        if not any(_is_in(connection, project) for connection in live):
            hint = "correct --project, or check the permissions with `reconciler login --check`"
            raise Stopped(Stop.FAILED, error(f"No connection of a project `{project}` is shown to this log-in.", hint=hint))
    chosen.sort(key=lambda connection: (connection.scope.project_slug or "", connection.name))
    rule = EnvironmentSource({}, settings.environment.allow, settings.environment.lifted)
    prefixes = [_PREFIX, *(glob[:-1] for glob in settings.environment.allow or () if glob[:-1].isidentifier())]
    exported = manifest.export_manifests(chosen, records, rule.allows, prefixes)
    files = [out / f"{each.address}.yaml" for each in exported]
    _write(out, files, [each.text for each in exported])
    return ExportedManifests(
        folder=str(out),
        files=tuple(map(str, files)),
        variables=tuple(name for each in exported for name in each.variables),
        diagnostics=(*_invalid_hosts(files, chosen, settings), *_unmatched(files, settings)),
    )


async def _live(stack: OpenStack) -> tuple[LiveConnection, ...]:
    try:
        listing = await read_listing(stack.infisical.reader)
    except (InfisicalError, WireError) as failure:
        raise Stopped(Stop.FAILED, explain_failure(failure, f"read the connections of {stack.settings.url}")) from None
    refuse_other_organisation(stack.state, listing.organisation)
    return listing.connections


def _is_in(connection: LiveConnection, project: str) -> bool:
    return project in {connection.scope.project_slug, connection.scope.project_id}


def _write(out: Path, files: list[Path], texts: list[str]) -> None:
    """Write all of them or, as far as can be told before, none. No link below `out` is written through."""
    if there := [str(file) for file in files if file.is_symlink() or file.exists()]:
        shown = ", ".join(there[:5]) + (f" and {len(there) - 5} more" if len(there) > 5 else "")
        taken = error(f"These files are there already: {shown}.", detail="Nothing was written.", hint="choose another --out")
        raise Stopped(Stop.FAILED, taken)
    for file, text in zip(files, texts, strict=True):
        try:
            write_file(file, text.encode(errors="backslashreplace"), below=out, new=True)
        except OSError as broken:
            hint = "choose another --out; what was written before it is there"
            raise Stopped(Stop.FAILED, error(f"{file} cannot be written: {broken.strerror}.", hint=hint)) from None


def _invalid_hosts(files: list[Path], chosen: list[LiveConnection], settings: Settings) -> list[Diagnostic]:
    """Return a warning for each manifest whose host `validate` will refuse."""
    judged = [
        (file, hosts.judge_host(connection.instance_url, settings.allowed_hosts))
        for file, connection in zip(files, chosen, strict=True)
    ]
    return [
        warning(f"`spec.credentials.instanceUrl`: {verdict.problem}.", location=Location(str(file), 1, 1), hint=verdict.hint)
        for file, verdict in judged
        if verdict.problem
    ]


def _unmatched(files: list[Path], settings: Settings) -> list[Diagnostic]:
    """Return a warning if no glob in `manifests` of reconciler.yaml matches a file: nobody would read it."""
    matched = {path.resolve() for glob in settings.manifests for path in settings.stack.glob(glob.text)}
    unmatched = [file for file in files if file.resolve() not in matched]
    if not unmatched:
        return []
    named = " or ".join(f"`{glob.text}`" for glob in settings.manifests)
    hint = "move them there once they are filled in, or add their place to `manifests` in reconciler.yaml"
    return [warning(f"No glob of `manifests` ({named}) matches {unmatched[0]}: it is not read yet.", hint=hint)]
