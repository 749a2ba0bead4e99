"""`plan --offline`: what the manifests themselves change, for a run without any log-in, such as a pull request from a fork.

The manifests of another commit take the place of what is recorded and live. The same tables decide.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from glob import escape
from pathlib import Path
from tempfile import TemporaryDirectory

from reconciler import __version__, config, manifest, planning
from reconciler.config import Settings
from reconciler.model import (
    ORGANISATION,
    Action,
    Connection,
    Diagnostic,
    Fingerprints,
    Guards,
    LiveConnection,
    Location,
    ProjectRef,
    Reason,
    Record,
    Scope,
    Severity,
    State,
    Stop,
    Stopped,
    Why,
    error,
    warning,
)
from reconciler.model.action import CONSUMER_KEY, CONSUMER_SECRET
from reconciler.model.connection import APP
from reconciler.operations.files import read_files
from reconciler.operations.location import StackLocation
from reconciler.operations.options import Options
from reconciler.planning import Basis, Change, Plan, Target
from reconciler.workspace import GitUnusable, Repository, Snapshot, There

_HASH = "the same"


@dataclass(frozen=True, slots=True)
class _Base:
    """The manifests of the other commit by address, its guards, and warnings about it."""

    connections: Mapping[str, Connection]
    guards: Guards
    notes: tuple[Diagnostic, ...]


def plan_offline(location: StackLocation, ref: str, options: Options) -> Plan:
    """Return how the manifests differ from those at the git commit `ref`, as a plan that nobody can apply.

    It uses no log-in, no state, no value and no trusted configuration. Raises `Stopped`: INVALID for manifests that are wrong
    here. A problem with the manifests at `ref` is a warning.
    """
    alone = replace(location, environ={})
    files = read_files(alone)
    settings = files.settings
    base = _base(alone, settings, ref)
    wanted = [replace(each, lifecycle=replace(each.lifecycle, adopt=False)) for each in files.manifests.connections]
    state = replace(State.born(), records={address: _record(each) for address, each in base.connections.items()})
    decisions = planning.decide(
        planning.situation_of(
            desired=wanted,
            scopes={each.project: _scope(each.project) for each in (*wanted, *base.connections.values())},
            state=state,
            live=[_live(record) for record in state.records.values()],
            fingerprints={each.address: _prints(each) for each in wanted},
        )
    )
    here = {connection.address: connection for connection in files.manifests.connections}
    plan = Plan(
        target=Target(settings.name, settings.url),
        basis=Basis(
            recorded=len(base.connections),
            base=ref,
            created_at=datetime.now(UTC).isoformat(timespec="seconds"),
            tool_version=__version__,
        ),
        changes=tuple(_seen_offline(change, base.connections, here) for change in decisions.changes),
        unchanged=tuple(replace(change, subject=None) for change in decisions.unchanged),
        kept=tuple(replace(kept, id="") for kept in decisions.kept),
        diagnostics=(*files.warnings, *base.notes, *decisions.diagnostics),
    )
    if options.selection:
        addresses, problems = planning.select_addresses(options.selection, here, state)
        plan = planning.narrow(plan, addresses)
        plan = replace(plan, diagnostics=(*problems, *plan.diagnostics))
    return planning.apply_guards(plan, base.guards, options.allowed)


def _base(location: StackLocation, settings: Settings, ref: str) -> _Base:
    name = location.config.name if location.config else config.FILE_NAME
    repository = Repository.containing(settings.stack)
    if repository is None:
        raise _incomparable(ref, f"{settings.stack} is not in a git repository.", "run the command in a clone")
    try:
        commit = repository.commit(ref)
        if not isinstance(commit, There):
            hint = "fetch it first (in GitHub Actions: `fetch-depth: 0`); a shallow clone has only one commit"
            raise _incomparable(ref, f"this clone has no commit {ref}.", hint)
        snapshot = Snapshot.of(repository, commit.value, settings.stack, ref)
        if not isinstance(snapshot, There) or name not in snapshot.value.entries:
            new = warning(f"There is no {name} at {ref}, so the whole stack is new.", detail=f"Stack: {settings.name}.")
            return _Base({}, settings.guards, (new,))
        with TemporaryDirectory() as temporary:
            return _read(snapshot.value, Path(temporary).resolve(), name, settings.guards)
    except GitUnusable as unusable:
        raise _incomparable(ref, str(unusable), unusable.hint) from None


def _incomparable(ref: str, why: str, hint: str) -> Stopped:
    return Stopped(Stop.FAILED, error(f"reconciler cannot compare with --base {ref}: {why}", hint=hint))


def _read(snapshot: Snapshot, temporary: Path, name: str, usual: Guards) -> _Base:
    """Read the files of the snapshot. They are merged already, so this change is not to blame for what is wrong with them."""
    ref, configured, copy = snapshot.name, temporary / "configuration", temporary / "manifests"
    snapshot.copy([escape(name)], configured)
    if not (configured / name).resolve().is_relative_to(configured):
        raise _incomparable(ref, f"{name} is a link there that leads out of the stack.", "put the file itself there")
    try:
        there = config.load_settings(configured, configured / name, {})
    except Stopped as wrong:
        return _Base({}, usual, tuple(_relabel(problem, configured, ref) for problem in wrong.diagnostics))
    snapshot.copy([glob.text for glob in there.manifests], copy)
    manifests = manifest.load_manifests(copy, there.manifests, there.allowed_hosts)
    errors = [problem for problem in manifests.diagnostics if problem.severity is Severity.ERROR]
    notes = tuple(_relabel(problem, copy, ref) for problem in errors)
    return _Base({connection.address: connection for connection in manifests.connections}, there.guards, notes)


def _relabel(diagnostic: Diagnostic, copy: Path, ref: str) -> Diagnostic:
    """Return a problem of the copy as a warning about the commit, whose files are named REF:path."""

    def named(text: str) -> str:
        return text.replace(f"{copy}/", f"{ref}:").replace(str(copy), ref)

    at = diagnostic.location
    return replace(
        diagnostic,
        severity=Severity.WARNING,
        summary=named(diagnostic.summary),
        detail=named(diagnostic.detail),
        hint="this change did not cause it; correct it there",
        location=Location(named(at.file), at.line, at.column, at.source) if at else None,
    )


def _scope(project: ProjectRef | None) -> Scope:
    """Return a project as it is written. Without Infisical nobody can tell that a slug and an id name the same project."""
    return Scope(f"{project.by} {project.value}", project.value) if project else ORGANISATION


def _prints(connection: Connection) -> Fingerprints:
    """Return the references instead of fingerprints of values: another reference counts as a change."""
    return Fingerprints(*map(str, connection.references))


def _record(connection: Connection) -> Record:
    return Record(
        address=connection.address,
        id=connection.address,
        scope=_scope(connection.project),
        name=connection.name,
        description=connection.description,
        instance_url=connection.instance_url,
        credentials_hash=_HASH,
        fingerprints=_prints(connection),
        version=connection.version,
        lifecycle=connection.lifecycle,
        labels=connection.labels,
        file=connection.file,
    )


def _live(record: Record) -> LiveConnection:
    return LiveConnection(
        id=record.id,
        app=APP,
        name=record.name,
        description=record.description,
        scope=record.scope,
        organisation_id="",
        instance_url=record.instance_url,
        credentials_hash=_HASH,
        created_at="",
        updated_at="",
    )


def _seen_offline(change: Change, before: Mapping[str, Connection], here: Mapping[str, Connection]) -> Change:
    """Return a change as a comparison of manifests alone shows it."""
    old = before.get(change.previous_address or change.address) if change.before else None
    new = here.get(change.address) if change.after else None
    reason = change.reason
    if change.action is Action.CREATE and new is not None:
        adopt = new.lifecycle.adopt
        reason = Reason(Why.NEW_MANIFEST, adopts=adopt if isinstance(adopt, str) else "*" if adopt else "")
    elif not {CONSUMER_KEY, CONSUMER_SECRET}.isdisjoint(change.fields):
        reason = Reason(Why.REFERENCES_CHANGED)
    return replace(
        change,
        subject=None,
        reason=reason,
        before=planning.wanted(old, _scope(old.project)) if old else change.before,
        after=planning.wanted(new, _scope(new.project)) if new else change.after,
    )
