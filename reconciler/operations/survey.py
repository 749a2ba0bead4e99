"""Looks at everything once, without changing anything, and has it decided: what a plan and an apply begin with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from reconciler import __version__, planning, secrets
from reconciler.applying import Values
from reconciler.config import Settings
from reconciler.infisical import InfisicalError, Organisation, PermissionDenied, Reader, explain
from reconciler.model import (
    ORGANISATION,
    Connection,
    Diagnostic,
    Fingerprints,
    LiveConnection,
    ProjectRef,
    Scope,
    State,
    Stop,
    Stopped,
    error,
    warning,
)
from reconciler.operations.options import Options
from reconciler.operations.together import together
from reconciler.planning import Plan, Settled, Situation
from reconciler.secrets import Refused, Resolution, Source
from reconciler.wire import WireError


@dataclass(frozen=True, slots=True)
class Survey:
    """A plan with what it takes to carry it out. `settled.state` is the state to go on from; `interrupted` says that the
    stored one holds intents of an apply that did not end."""

    plan: Plan
    settled: Settled
    interrupted: bool
    desired: Mapping[str, Connection]
    values: Mapping[str, Values]


async def survey(
    settings: Settings,
    connections: Sequence[Connection],
    stored: State | None,
    reader: Reader,
    sources: Mapping[str, Source],
    options: Options,
    *,
    missing_is_error: bool,
    notes: Sequence[Diagnostic] = (),
) -> Survey:
    """Read Infisical and the sources, settle what was interrupted, decide, and return it all.

    Raises `Stopped`: FAILED when Infisical refuses or too much is missing, STALE for another organisation.
    """
    state = stored or State.born()
    try:
        said, live = await together(reader.organisation, reader.connections)
        organisation = _organisation(said, live)
        _same_organisation(state, organisation)
        live += await _unlisted(state, live, reader)
        scopes = await _scopes(connections, live, reader)
    except (InfisicalError, WireError) as refused:
        raise Stopped(Stop.FAILED, explain(refused, f"read the connections of {settings.url}")) from None
    settled = planning.settle(state, live, datetime.now(UTC))
    needed = [item for item in connections if _needs_values(item, settled.state, scopes, live, options)]
    resolution = await secrets.resolve((one for item in needed for one in item.references), sources)
    values = _values(connections, resolution, state.key)
    desired = {one.address: one for one in connections}
    unknown = sorted((options.accept | options.reassert) - desired.keys())
    decisions = planning.decide(
        Situation(
            desired=connections,
            scopes=scopes,
            state=settled.state,
            live=live,
            values={address: found.fingerprints if (found := values.get(address)) else None for address in desired},
            accept=options.accept,
            reassert=options.reassert,
            resend=settled.resend,
            settled=settled.done,
        )
    )
    creating = {change.address for change in decisions.changes if change.sends_credentials}
    diagnostics = [
        *notes,
        *(error(f"There is no manifest of `{name}`.", hint="correct --accept-/--reassert-credentials") for name in unknown),
        *settled.diagnostics,
        *decisions.diagnostics,
        *_missing(connections, resolution, creating, missing_is_error=missing_is_error),
    ]
    plan = Plan(
        stack=settings.name,
        url=settings.url,
        organisation_id=organisation.id,
        organisation_name=organisation.name,
        lineage=stored.lineage if stored else "",
        serial=stored.serial if stored else 0,
        changes=tuple(decisions.changes),
        unchanged=tuple(decisions.unchanged),
        kept=tuple(decisions.kept),
        drift=tuple(decisions.drift),
        unmanaged=decisions.unmanaged,
        diagnostics=tuple(diagnostics),
        accept=tuple(sorted(options.accept)),
        reassert=tuple(sorted(options.reassert)),
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        tool_version=__version__,
        interrupted=settled.done,
        recorded=len(settled.state.records),
    )
    plan = planning.guarded(plan, settings.guards, options.allowed)
    return Survey(plan, settled, bool(state.intents), desired, values)


def _organisation(said: Organisation | None, live: Sequence[LiveConnection]) -> Organisation:
    """Who we are; a token that cannot ask still sees whose the connections are."""
    if said is not None:
        return said
    return Organisation(next((one.organisation_id for one in live if one.organisation_id), ""))


def _same_organisation(state: State, organisation: Organisation) -> None:
    if not state.organisation_id or state.organisation_id == organisation.id:
        return
    recorded = f"{state.organisation_name or 'unnamed'} ({state.organisation_id})"
    if not organisation.id:
        raise Stopped(
            Stop.STALE,
            error(
                "It cannot be told which organisation this log-in belongs to.",
                detail=f"Recorded: {recorded}. Infisical does not say, and shows no connection.",
                hint="use a machine identity of the recorded organisation",
            ),
        )
    raise Stopped(
        Stop.STALE,
        error(
            "This is another organisation than the one this state belongs to.",
            detail=f"Recorded: {recorded}. The log-in is of: {organisation.name or 'unnamed'} ({organisation.id}).",
            hint="use an identity of the recorded organisation, or the state of this one",
        ),
    )


async def _unlisted(state: State, live: Sequence[LiveConnection], reader: Reader) -> tuple[LiveConnection, ...]:
    """Ask for every known id that the list does not show: lists are filtered by permission, only a 404 says gone."""
    ids = planning.unlisted(state, live)
    if planning.too_many_missing(ids, state):
        raise Stopped(
            Stop.FAILED,
            error(
                f"{len(ids)} of {len(state.records)} recorded connections are not in Infisical's list.",
                detail="That is more than a few deletions: the identity likely lost a permission, or this is the wrong place.",
                hint="check which organisation and projects this identity may read; nothing was changed",
            ),
        )
    refused: list[Diagnostic] = []

    async def ask(connection_id: str) -> LiveConnection | None:
        try:
            return await reader.connection(connection_id)
        except PermissionDenied as denied:
            refused.append(explain(denied, f"read the recorded connection {connection_id}"))
            return None

    found = await together(*(partial(ask, connection_id) for connection_id in ids))
    if refused:
        raise Stopped(Stop.FAILED, *refused)
    return tuple(connection for connection in found if connection is not None)


async def _scopes(
    connections: Sequence[Connection], live: Sequence[LiveConnection], reader: Reader
) -> dict[ProjectRef | None, Scope]:
    """Give each project of the manifests its scope; the list names the projects that hold connections, others are asked for."""
    seen = {one.scope.project_slug: one.scope for one in live if one.scope.project_slug}
    by_id = {one.scope.project_id: one.scope for one in live}
    wanted = {one.project: one for one in reversed(connections)}
    scopes: dict[ProjectRef | None, Scope] = {None: ORGANISATION}
    asked: list[ProjectRef] = []
    for ref in wanted:
        if ref is None:
            continue
        if ref.by == "id":
            scopes[ref] = by_id.get(ref.value, Scope(ref.value))
        elif ref.value in seen:
            scopes[ref] = seen[ref.value]
        else:
            asked.append(ref)
    unknown: list[Diagnostic] = []
    projects = await together(*(partial(reader.project_by_slug, ref.value) for ref in asked))
    for ref, project in zip(asked, projects, strict=True):
        if project is None:
            unknown.append(
                error(
                    f"There is no project `{ref.value}` that this identity may see.",
                    location=wanted[ref].project_location,
                    hint="correct spec.project, create the project, or make the identity a member of it",
                )
            )
        else:
            scopes[ref] = Scope(project.id, project.slug)
    if unknown:
        raise Stopped(Stop.FAILED, *unknown)
    return scopes


def _needs_values(
    one: Connection,
    state: State,
    scopes: Mapping[ProjectRef | None, Scope],
    live: Sequence[LiveConnection],
    options: Options,
) -> bool:
    """Whether values could be compared or sent: not where they are ignored and the connection stays where it is."""
    if "credentials" not in one.lifecycle.ignore_changes or one.address in options.reassert:
        return True
    record = state.records.get(one.address)
    stays = record is not None and record.scope == scopes.get(one.project) and any(item.id == record.id for item in live)
    return not stays


def _values(connections: Sequence[Connection], resolution: Resolution, key: bytes) -> dict[str, Values]:
    found: dict[str, Values] = {}
    for one in connections:
        consumer_key = resolution.values.get(one.consumer_key)
        consumer_secret = resolution.values.get(one.consumer_secret)
        if consumer_key is not None and consumer_secret is not None:
            prints = Fingerprints.of(key, consumer_key, consumer_secret)
            found[one.address] = Values(consumer_key, consumer_secret, prints)
    return found


def _missing(
    connections: Sequence[Connection], resolution: Resolution, creating: set[str], *, missing_is_error: bool
) -> list[Diagnostic]:
    """Say of each reference that gave nothing why, at its line; not where credentials are ignored and none are sent."""
    found = []
    for one in connections:
        if "credentials" in one.lifecycle.ignore_changes and one.address not in creating:
            continue
        for field, reference in (("consumerKey", one.consumer_key), ("consumerSecret", one.consumer_secret)):
            cause = resolution.missing.get(reference)
            if cause is None:
                continue
            say = error if missing_is_error or isinstance(cause, Refused) else warning
            found.append(
                say(
                    f"`{one.address}` has no {field}: {cause}.",
                    location=reference.location,
                    hint=cause.hint,
                    address=one.address,
                )
            )
    return found
