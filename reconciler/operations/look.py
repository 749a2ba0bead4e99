"""Looks at Infisical for a plan, and stops when what it sees cannot be the place that the state was made at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from reconciler import planning
from reconciler.infisical import InfisicalError, ListBroken, Organisation, PermissionDenied, Reader, explain_failure
from reconciler.model import (
    ORGANISATION,
    Connection,
    Diagnostic,
    LiveConnection,
    ProjectRef,
    Scope,
    State,
    Stop,
    Stopped,
    error,
)
from reconciler.operations.together import together
from reconciler.planning import Drift
from reconciler.wire import WireError


@dataclass(frozen=True, slots=True)
class Seen:
    """What Infisical shows: whose it is, every connection of every app, and the scope of each project that manifests name.

    A recorded id that is not among `live` is gone for certain; `lost` are the projects that are gone and took some along.
    """

    organisation: Organisation
    live: tuple[LiveConnection, ...]
    scopes: Mapping[ProjectRef | None, Scope]
    lost: frozenset[Scope]

    def with_project(self, drift: Drift) -> Drift:
        """Return `drift`, and the project that was deleted with it."""
        scope = drift.before.scope
        return replace(drift, with_project=scope.project_slug or "") if drift.after is None and scope in self.lost else drift


@dataclass(frozen=True, slots=True)
class Listing:
    """Which organisation the log-in belongs to, and every connection of every app that Infisical shows it."""

    organisation: Organisation
    connections: tuple[LiveConnection, ...]


@dataclass(frozen=True, slots=True)
class ProjectScopes:
    """The scope of each project that manifests name, and an error for each project that Infisical does not show."""

    scopes: Mapping[ProjectRef | None, Scope]
    unknown: tuple[Diagnostic, ...]


async def look(url: str, connections: Sequence[Connection], state: State, reader: Reader, confirmed: int | None) -> Seen:
    """Return what is there. `confirmed` is how many recorded ids may be missing from the list, None for the usual few.

    Raises `Stopped`: FAILED when Infisical refuses, when too much is missing, or when a list lacks what is there; STALE for
    another organisation.
    """
    try:
        listing = await read_listing(reader)
        refuse_other_organisation(state, listing.organisation)
        missing = planning.missing_ids(state, listing.connections)
        lost = await _lost_projects(state, missing, reader)
        _refuse_too_many_missing(state, listing.connections, missing, lost, confirmed)
        await _confirm_gone(missing, reader)
        projects = await find_scopes(connections, listing.connections, reader)
    except ListBroken as broken:
        raise Stopped(Stop.FAILED, await _list_broken(broken, url, state, reader)) from None
    except (InfisicalError, WireError) as failure:
        raise Stopped(Stop.FAILED, explain_failure(failure, f"read the connections of {url}")) from None
    if projects.unknown:
        raise Stopped(Stop.FAILED, *projects.unknown)
    return Seen(listing.organisation, listing.connections, projects.scopes, lost)


async def read_listing(reader: Reader) -> Listing:
    """Return the organisation and all connections. Raises `InfisicalError` or `WireError`.

    Some builds and some tokens do not tell the organisation. Each connection tells whose it is, so the list answers for them;
    the organisation's id is "" if there is no connection either.
    """
    told, connections = await together(reader.organisation, reader.connections)
    listed_id = next((connection.organisation_id for connection in connections if connection.organisation_id), "")
    return Listing(told or Organisation(listed_id), connections)


def organisation_problem(state: State | None, organisation: Organisation) -> Diagnostic | None:
    """Return what is wrong if `state` was made in another organisation, or if nobody can tell; None if it fits."""
    if state is None or not state.organisation_id or state.organisation_id == organisation.id:
        return None
    recorded = f"{state.organisation_name or 'unnamed'} ({state.organisation_id})"
    if not organisation.id:
        return error(
            "It cannot be told which organisation this log-in belongs to.",
            detail=f"Recorded: {recorded}. Infisical does not say, and shows no connection.",
            hint="use a machine identity of the recorded organisation",
        )
    return error(
        "This is another organisation than the one this state belongs to.",
        detail=f"Recorded: {recorded}. The log-in is of: {organisation.name or 'unnamed'} ({organisation.id}).",
        hint="use an identity of the recorded organisation, or the state of this one",
    )


def refuse_other_organisation(state: State | None, organisation: Organisation) -> None:
    """Raise `Stopped` (STALE) if `state` was made in another organisation, or if nobody can tell."""
    if problem := organisation_problem(state, organisation):
        raise Stopped(Stop.STALE, problem)


async def _lost_projects(state: State, missing: Sequence[str], reader: Reader) -> frozenset[Scope]:
    """Return the projects none of whose recorded connections is listed, and that Infisical does not know either."""
    absent = frozenset(missing)
    by_project: dict[Scope, list[str]] = {}
    for record in state.records.values():
        if record.scope.project_slug:
            by_project.setdefault(record.scope, []).append(record.id)
    suspects = [scope for scope, ids in by_project.items() if absent.issuperset(ids)]
    projects = await together(*(partial(reader.project_by_slug, scope.project_slug or "") for scope in suspects))
    return frozenset(scope for scope, project in zip(suspects, projects, strict=True) if project is None)


def _refuse_too_many_missing(
    state: State,
    listed: Sequence[LiveConnection],
    missing: Sequence[str],
    lost: frozenset[Scope],
    confirmed: int | None,
) -> None:
    """Raises `Stopped` when so many recorded ids are missing that something else than deletions is the likely cause."""
    number = planning.too_many_missing(missing, state)
    if not number or number == confirmed:
        return
    likely = "This log-in may no longer read all of them, or this is another Infisical"
    if lost:
        projects = ", ".join(sorted(f"`{scope.project_slug}`" for scope in lost))
        likely = f"The project {projects} is gone, or this log-in may not see it any more"
    elif not any(connection.id not in missing for connection in listed):
        likely = "This log-in may not read app connections any more, or this is another Infisical: its list is empty"
    named = f"; --confirm-missing {confirmed} was for another number" if confirmed is not None else ""
    raise Stopped(
        Stop.FAILED,
        error(
            f"{likely}.",
            detail=f"{number} of {len(state.records)} recorded connections are not in Infisical's list{named}. "
            "That is more than a few deletions. Nothing was planned.",
            hint="check the identity, its permissions and its projects with `reconciler login --check`; "
            f"if they were really deleted, --confirm-missing {number} goes on, and asks for each by its id",
        ),
    )


async def _confirm_gone(missing: Sequence[str], reader: Reader) -> None:
    """Ask for every known id that the list does not show: lists are filtered by permission, only a 404 says gone.

    Raises `Stopped` for an id that may not be asked for, and for one that is there: what else would the list lack?
    """
    problems: list[Diagnostic] = []

    async def ask(connection_id: str) -> None:
        try:
            there = await reader.connection(connection_id)
        except PermissionDenied as denied:
            problems.append(explain_failure(denied, f"read the recorded connection {connection_id}"))
            return
        if there is not None:
            problems.append(
                error(
                    f"Infisical's list lacks `{there.name}`, and still has it by its id {connection_id}.",
                    detail="A list that is not whole is not planned with: what it lacks would look deleted, or free.",
                    hint="run again; if it stays, give the identity the permission to read all app connections",
                )
            )

    await together(*(partial(ask, connection_id) for connection_id in missing))
    if problems:
        raise Stopped(Stop.FAILED, *problems)


async def _list_broken(broken: ListBroken, url: str, state: State, reader: Reader) -> Diagnostic:
    """Name the projects that Infisical does not know any more: one of them is why it cannot list."""
    explained = explain_failure(broken, f"read the connections of {url}")
    scopes = {record.scope for record in state.records.values() if record.scope.project_slug}
    try:
        lost = await _lost_projects(state, [record.id for record in state.records.values()], reader) if scopes else ()
    except (InfisicalError, WireError):
        lost = ()
    if not lost:
        return explained
    named = ", ".join(sorted(f"`{scope.project_slug}`" for scope in lost))
    count = sum(record.scope in lost for record in state.records.values())
    return replace(
        explained,
        summary=f"The project {named} is gone, and Infisical cannot list connections since.",
        detail=f"{count} of the recorded connections were in it. {explained.detail}",
    )


async def find_scopes(connections: Sequence[Connection], live: Sequence[LiveConnection], reader: Reader) -> ProjectScopes:
    """Return the scope of each project that `connections` name. Raises `InfisicalError` or `WireError`.

    A project that holds one of the `live` connections is known from them; Infisical is asked for the others.
    """
    by_slug = {connection.scope.project_slug: connection.scope for connection in live if connection.scope.project_slug}
    by_id = {connection.scope.project_id: connection.scope for connection in live}
    first = {connection.project: connection for connection in reversed(connections)}
    scopes: dict[ProjectRef | None, Scope] = {None: ORGANISATION}
    asked: list[ProjectRef] = []
    for ref in first:
        if ref is None:
            continue
        if ref.by == "id":
            scopes[ref] = by_id.get(ref.value, Scope(ref.value))
        elif ref.value in by_slug:
            scopes[ref] = by_slug[ref.value]
        else:
            asked.append(ref)
    unknown: list[Diagnostic] = []
    projects = await together(*(partial(reader.project_by_slug, ref.value) for ref in asked))
    for ref, project in zip(asked, projects, strict=True):
        if project is None:
            others = sum(connection.project == ref for connection in connections) - 1
            unknown.append(
                error(
                    f"There is no project `{ref.value}` that this identity may see.",
                    detail=f"{others} more manifests name it." if others else "",
                    location=first[ref].project_location,
                    hint="correct spec.project, create the project, or make the identity a member of it",
                )
            )
        else:
            scopes[ref] = Scope(project.id, project.slug)
    return ProjectScopes(scopes, tuple(unknown))
