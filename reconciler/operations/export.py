"""`export`: manifests of what is in Infisical already, with a named place for each value that nobody can read back."""

from dataclasses import dataclass
from pathlib import Path

from reconciler import manifest
from reconciler.config import Settings
from reconciler.infisical import InfisicalError, Reader, explain
from reconciler.model import Diagnostic, LiveConnection, Location, State, Stop, Stopped, error, hosts, warning
from reconciler.model.connection import APP
from reconciler.operations.infisical import infisical
from reconciler.operations.looking import same_organisation
from reconciler.operations.running import run
from reconciler.operations.stack import Where, backend, settings, stopped
from reconciler.operations.together import together
from reconciler.secrets import EnvironmentSource
from reconciler.state import StateError
from reconciler.wire import WireError
from reconciler.workspace import write_file

_PREFIX = "SALESFORCE_"


@dataclass(frozen=True, slots=True)
class Written:
    """The manifests that were written, sorted, the variables to provide, and what is to be known of them."""

    files: tuple[Path, ...]
    variables: tuple[str, ...]
    diagnostics: tuple[Diagnostic, ...]


def export(where: Where, out: Path, project: str | None, *, unmanaged: bool) -> Written:
    """Write a manifest into `out` for each Salesforce connection: of one project (its slug or id), and of those alone that this
    stack does not manage, where that is said. No file is written over. Raises `Stopped`."""
    found = settings(where)
    state, live = run(_look, found, where)
    records = {record.id: (address, record.labels) for address, record in state.records.items()} if state else {}
    chosen = [one for one in live if one.app == APP and not (unmanaged and one.id in records)]
    if project is not None:
        chosen = [one for one in chosen if project in {one.scope.project_slug, one.scope.project_id}]
        if not any(project in {one.scope.project_slug, one.scope.project_id} for one in live):
            hint = "correct --project, or check the permissions with `reconciler login --check`"
            raise Stopped(Stop.FAILED, error(f"No connection of a project `{project}` is shown to this log-in.", hint=hint))
    chosen.sort(key=lambda one: (one.scope.project_slug or "", one.name))
    rule = EnvironmentSource({}, found.environment.allow, found.environment.lifted)
    prefixes = [_PREFIX, *(glob[:-1] for glob in found.environment.allow or () if glob[:-1].isidentifier())]
    made = manifest.export(chosen, records, rule.allows, prefixes)
    files = [out / f"{one.address}.yaml" for one in made]
    _write(out, files, [one.text for one in made])
    return Written(
        files=tuple(files),
        variables=tuple(name for one in made for name in one.variables),
        diagnostics=(*_doubtful(files, chosen, found), *_unread(files, found)),
    )


async def _look(found: Settings, where: Where) -> tuple[State | None, tuple[LiveConnection, ...]]:
    try:
        state, _ = await backend(found).load()
    except StateError as broken:
        raise stopped(broken) from None
    async with infisical(found, where) as session:
        reader = Reader(session.client)
        try:
            said, live = await together(reader.organisation, reader.connections)
        except (InfisicalError, WireError) as refused:
            raise Stopped(Stop.FAILED, explain(refused, f"read the connections of {found.url}")) from None
    if state is not None:
        same_organisation(state, said, live)
    return state, live


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


def _doubtful(files: list[Path], chosen: list[LiveConnection], found: Settings) -> list[Diagnostic]:
    """Say which of them would not be valid as they are."""
    judged = [(file, hosts.judge(one.instance_url, found.allowed_hosts)) for file, one in zip(files, chosen, strict=True)]
    return [
        warning(f"`spec.credentials.instanceUrl`: {verdict.problem}.", location=Location(str(file), 1, 1), hint=verdict.hint)
        for file, verdict in judged
        if verdict.problem
    ]


def _unread(files: list[Path], found: Settings) -> list[Diagnostic]:
    """Say so when `manifests` of reconciler.yaml does not match them: nothing would come of them."""
    read = {path.resolve() for glob in found.manifests for path in found.stack.glob(glob.text)}
    unread = [file for file in files if file.resolve() not in read]
    if not unread:
        return []
    named = " or ".join(f"`{glob.text}`" for glob in found.manifests)
    hint = "move them there once they are filled in, or add their place to `manifests` in reconciler.yaml"
    return [warning(f"No glob of `manifests` ({named}) matches {unread[0]}: it is not read yet.", hint=hint)]
