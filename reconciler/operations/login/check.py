"""`login --check`: who the identity is, where, and what it may do. Nothing is changed."""

import base64
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from reconciler.infisical import (
    InfisicalError,
    Organisation,
    PermissionDenied,
    Prober,
    Reader,
    explain_failure,
    failure_phrase,
)
from reconciler.model import (
    ORGANISATION,
    Connection,
    Diagnostic,
    Granted,
    LoginCheck,
    LoginPurpose,
    Permission,
    Project,
    Scope,
    Secret,
    Stop,
    Stopped,
    error,
)
from reconciler.operations.location import StackLocation
from reconciler.operations.look import Listing, ProjectScopes, find_scopes, organisation_problem, read_listing
from reconciler.operations.stack import Need, OpenStack, open_stack
from reconciler.operations.together import together
from reconciler.wire import WireError


async def check_login(location: StackLocation, purpose: LoginPurpose) -> LoginCheck:
    """Log in to Infisical and ask what the log-in is good for. Raises `Stopped` if that is not possible."""
    async with open_stack(location, manifests=Need.OPTIONAL) as stack:
        try:
            return await _check(stack, purpose)
        except (InfisicalError, WireError) as failure:
            raise Stopped(Stop.FAILED, explain_failure(failure, f"ask {stack.settings.url} who this is")) from None


async def _check(stack: OpenStack, purpose: LoginPurpose) -> LoginCheck:
    session, url, connections = stack.infisical, stack.settings.url, stack.manifests.connections
    reader = session.reader
    listing = await _listing(reader)
    problems = [problem] if (problem := organisation_problem(stack.state, listing.organisation)) else []
    if not await reader.knows_salesforce():
        problems.append(
            error(f"{url} does not know Salesforce connections.", hint="update Infisical to a version that has them")
        )
    projects = await find_scopes(connections, listing.connections, reader)
    permissions = await _permissions(reader, Prober(session.client), _places(connections, projects), purpose)
    missing = [_missing(permission) for permission in permissions if permission.granted is Granted.NO]
    claims = _claims(session.token)
    return LoginCheck(
        purpose=purpose,
        url=url,
        method=session.method,
        origin=session.origin,
        identity_id=str(claims.get("identityId", "")),
        expires=_expiry(claims.get("exp")),
        organisation_id=listing.organisation.id,
        organisation_name=listing.organisation.name,
        projects=await _projects(reader),
        permissions=tuple(permissions),
        diagnostics=(*problems, *projects.unknown, *missing),
    )


async def _listing(reader: Reader) -> Listing:
    """Return what a plan begins with. If the identity may not list connections, only Infisical itself can tell who it is."""
    try:
        return await read_listing(reader)
    except PermissionDenied:
        return Listing(await reader.organisation() or Organisation(""), ())


async def _projects(reader: Reader) -> tuple[Project, ...]:
    """Return the projects that the identity is a member of; none where Infisical does not tell."""
    try:
        return tuple(sorted(await reader.projects(), key=lambda project: project.slug))
    except InfisicalError:
        return ()


def _places(connections: Sequence[Connection], projects: ProjectScopes) -> list[Scope]:
    """Return the places that the manifests name, the organisation first if a manifest is in it or if there is no manifest."""
    refs = list(dict.fromkeys(connection.project for connection in reversed(connections)))
    named = [projects.scopes[ref] for ref in refs if ref is not None and ref in projects.scopes]
    return [ORGANISATION, *named] if None in refs or not refs else named


async def _permissions(reader: Reader, prober: Prober, places: Sequence[Scope], purpose: LoginPurpose) -> list[Permission]:
    """Ask what the identity may do in these places. Everyone must be able to read connections in the organisation."""
    readable = [ORGANISATION, *(place for place in places if place.project_id)]
    permissions = list(await together(*(partial(_may_read, reader, place) for place in readable)))
    if purpose is LoginPurpose.APPLY:
        permissions += await together(*(partial(_may_create, prober, place) for place in places))
        untold = "Infisical says so only when one is changed"
        permissions += [
            Permission(action, str(place), Granted.UNKNOWN, untold) for action in ("edit", "delete") for place in places
        ]
    return permissions


async def _may_read(reader: Reader, place: Scope) -> Permission:
    try:
        await reader.salesforce_connections(place.project_id)
    except PermissionDenied as denied:
        return Permission("read", str(place), Granted.NO, failure_phrase(denied))
    return Permission("read", str(place), Granted.YES)


async def _may_create(prober: Prober, place: Scope) -> Permission:
    answer = await prober.may_create(place)
    if answer is None:
        return Permission("create", str(place), Granted.UNKNOWN, "Infisical did not say")
    return Permission("create", str(place), Granted.YES if answer else Granted.NO)


def _missing(permission: Permission) -> Diagnostic:
    return error(
        f"This identity may not {permission.action} app connections: {permission.place}.",
        detail=f"Infisical says: {permission.why}" if permission.why else "",
        hint=f"give it `{permission.action}` on app connections there, in its role",
    )


def _claims(token: Secret) -> Mapping[str, Any]:
    """Return what an access token says about itself, nothing if it is no JWT. Infisical checks the signature, not we."""
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
