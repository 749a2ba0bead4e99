"""`login --check`: who one is, where, and what one may do, without changing anything."""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from typing import Any

from reconciler.config import Settings
from reconciler.infisical import InfisicalError, PermissionDenied, Prober, Project, Reader, explain, said
from reconciler.model import ORGANISATION, Connection, Diagnostic, Scope, Secret, State, Stop, Stopped, error, warning
from reconciler.operations.infisical import Session, infisical
from reconciler.operations.running import run
from reconciler.operations.stack import Where, backend, manifests, settings, stopped
from reconciler.operations.together import together
from reconciler.state import StateError
from reconciler.wire import WireError


class Purpose(StrEnum):
    """What the log-in is to be enough for."""

    PLAN = "plan"
    APPLY = "apply"


class May(StrEnum):
    """What is known of a permission: Infisical tells of some only when they are used."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "not known"


@dataclass(frozen=True, slots=True)
class Permission:
    """One thing one may do or not, and where: `place` is the organisation or a project."""

    what: str
    place: str
    may: May
    why: str = ""


@dataclass(frozen=True, slots=True)
class Identity:
    """What a log-in turned out to be. `expires` is ISO 8601 in UTC; texts are "" where Infisical does not say."""

    url: str
    method: str
    told: str
    identity_id: str
    expires: str
    organisation_id: str
    organisation_name: str
    projects: tuple[Project, ...]
    permissions: tuple[Permission, ...]
    diagnostics: tuple[Diagnostic, ...]

    @property
    def enough(self) -> bool:
        """Whether nothing that is needed is known to be missing."""
        return not self.diagnostics


def check(where: Where, purpose: Purpose) -> Identity:
    """Log in and ask. Raises `Stopped` when that is not possible."""
    return run(_check, where, purpose)


async def _check(where: Where, purpose: Purpose) -> Identity:
    found = settings(where)
    try:
        connections = manifests(found).connections
    except Stopped:  # one checks the log-in first; `validate` is for them
        connections = ()
        hint = "write the manifests, see `reconciler validate`, and check again"
        where.notice(warning("The manifests are not valid or not there yet: their projects are not looked at.", hint=hint))
    try:
        state, _ = await backend(found).load()
    except StateError as broken:
        raise stopped(broken) from None
    async with infisical(found, where) as session:
        try:
            return await _asked(found, session, connections, state, purpose)
        except (InfisicalError, WireError) as refused:
            raise Stopped(Stop.FAILED, explain(refused, f"ask {found.url} who this is")) from None


async def _asked(
    found: Settings, session: Session, connections: Sequence[Connection], state: State | None, purpose: Purpose
) -> Identity:
    reader, prober = Reader(session.client), Prober(session.client)
    organisation = await reader.organisation()
    problems = list(_other_organisation(state, organisation.id if organisation else ""))
    permissions = [await _reads(reader, ORGANISATION)]
    if not await reader.knows_salesforce():
        problems.append(
            error(f"{found.url} does not know Salesforce connections.", hint="update Infisical to a version that has them")
        )
    scopes = await _scopes(reader, connections, problems)
    permissions += await together(*(partial(_reads, reader, scope) for scope in scopes if scope.project_id))
    if purpose is Purpose.APPLY:
        permissions += await together(*(partial(_creates, prober, scope) for scope in scopes))
        untold = "Infisical says so only when one is changed"
        permissions += [Permission(what, str(scope), May.UNKNOWN, untold) for what in ("edit", "delete") for scope in scopes]
    problems += [_lacks(one) for one in permissions if one.may is May.NO]
    claims = _claims(session.token)
    return Identity(
        url=found.url,
        method=session.method,
        told=session.told,
        identity_id=str(claims.get("identityId", "")),
        expires=_expiry(claims.get("exp")),
        organisation_id=organisation.id if organisation else "",
        organisation_name=organisation.name if organisation else "",
        projects=await _projects(reader),
        permissions=tuple(permissions),
        diagnostics=tuple(problems),
    )


def _other_organisation(state: State | None, organisation_id: str) -> list[Diagnostic]:
    if state is None or not state.organisation_id or state.organisation_id == organisation_id:
        return []
    recorded = f"{state.organisation_name or 'unnamed'} ({state.organisation_id})"
    summary = "This is another organisation than the one that the state belongs to."
    return [error(summary, detail=f"Recorded: {recorded}.", hint="use an identity of the recorded organisation")]


async def _projects(reader: Reader) -> tuple[Project, ...]:
    """Return the projects one is a member of; none where Infisical does not tell."""
    try:
        return tuple(sorted(await reader.projects(), key=lambda one: one.slug))
    except InfisicalError:
        return ()


async def _scopes(reader: Reader, connections: Sequence[Connection], problems: list[Diagnostic]) -> list[Scope]:
    """Return the places that the manifests name, the organisation first where one is in it or where there is no manifest."""
    refs = {one.project: one for one in reversed(connections)}
    scopes = [ORGANISATION] if None in refs or not refs else []
    for ref, one in refs.items():
        if ref is None:
            continue
        project = Project(ref.value, "") if ref.by == "id" else await reader.project_by_slug(ref.value)
        if project is None:
            summary = f"There is no project `{ref.value}` that this identity may see."
            hint = "correct spec.project, create the project, or make the identity a member of it"
            problems.append(error(summary, location=one.project_location, hint=hint))
        else:
            scopes.append(Scope(project.id, project.slug or None))
    return scopes


async def _reads(reader: Reader, scope: Scope) -> Permission:
    try:
        await reader.salesforce_connections(scope.project_id)
    except PermissionDenied as denied:
        return Permission("read", str(scope), May.NO, said(denied))
    return Permission("read", str(scope), May.YES)


async def _creates(prober: Prober, scope: Scope) -> Permission:
    may = await prober.may_create(scope)
    if may is None:
        return Permission("create", str(scope), May.UNKNOWN, "Infisical did not say")
    return Permission("create", str(scope), May.YES if may else May.NO)


def _lacks(one: Permission) -> Diagnostic:
    return error(
        f"This identity may not {one.what} app connections: {one.place}.",
        detail=f"Infisical says: {one.why}" if one.why else "",
        hint=f"give it `{one.what}` on app connections there, in its role",
    )


def _claims(token: Secret) -> Mapping[str, Any]:
    """Return what an access token says of itself; nothing of one that is no JWT. Its signature is Infisical's business."""
    try:
        part = token.reveal().split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, IndexError):
        return {}
    return claims if isinstance(claims, dict) else {}


def _expiry(seconds: object) -> str:
    if not isinstance(seconds, int | float):
        return ""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
