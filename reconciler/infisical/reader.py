"""Everything that is only read. A plan holds a `Reader`, so it cannot change anything."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import anyio

from reconciler.infisical import errors
from reconciler.infisical.calls import call, objects_at, text_at, value_at
from reconciler.model import ORGANISATION, LiveConnection, Project, ProjectRef, Scope, Secret
from reconciler.model.connection import APP
from reconciler.wire import Client


@dataclass(frozen=True, slots=True)
class Organisation:
    """The organisation a token belongs to; `name` is "" when Infisical does not say."""

    id: str
    name: str = ""


class Reader:
    """Reads connections, projects and who we are. Every method raises `InfisicalError` or `WireError`."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._ids: dict[str, str | None] = {}
        self._looking_up = anyio.Lock()

    @property
    def url(self) -> str:
        """Where this Infisical is, for messages."""
        return self._client.url

    async def organisation(self) -> Organisation | None:
        """Return the machine identity's organisation; None when the server or the kind of token has no such answer."""
        try:
            answer = await self._get("/v1/identities/details")
        except (errors.NotFound, errors.NoRoute, errors.PermissionDenied):
            return None
        found = Organisation(text_at(answer, "identityDetails", "organization", "id"))
        return replace(found, name=_optional(value_at(answer, "identityDetails", "organization"), "name") or "")

    async def connections(self) -> tuple[LiveConnection, ...]:
        """Return every connection of every app that the identity may see, in the organisation and its projects.

        A 404 here never means "nothing there": Infisical answers it for everyone once a project that held a
        connection was deleted. Raises `ListBroken` then.
        """
        return await self._list("/v1/app-connections")

    async def salesforce_connections(self, project_id: str | None = None) -> tuple[LiveConnection, ...]:
        """Return the Salesforce connections: of one project, or of the organisation and all its projects.

        Raises `NotFound` for an unknown project, else as `connections`.
        """
        if project_id is None:
            return await self._list("/v1/app-connections/salesforce")
        answer = await self._get("/v1/app-connections/salesforce", {"projectId": project_id})
        return tuple(decode_connection(item) for item in objects_at(answer, "appConnections"))

    async def connection(self, connection_id: str) -> LiveConnection | None:
        """Return one connection, None when Infisical says that it is gone (404)."""
        try:
            answer = await self._get(f"/v1/app-connections/salesforce/{quote(connection_id, safe='')}")
        except errors.NotFound:
            return None
        return decode_connection(value_at(answer, "appConnection"))

    async def connection_named(self, name: str, scope: Scope) -> LiveConnection | None:
        """Return the Salesforce connection of that name in `scope`, None when the name is free.

        Raises `WrongApp` when another app's connection has it.
        """
        query = {"projectId": scope.project_id} if scope.project_id else None
        try:
            answer = await self._get(f"/v1/app-connections/salesforce/connection-name/{quote(name, safe='')}", query)
        except errors.NotFound:
            return None
        return decode_connection(value_at(answer, "appConnection"))

    async def knows_salesforce(self) -> bool:
        """Tell whether this server has Salesforce connections at all."""
        answer = await self._get("/v1/app-connections/options")
        return any(option.get("app") == APP for option in objects_at(answer, "appConnectionOptions"))

    async def project_by_slug(self, slug: str) -> Project | None:
        """Return the project with that slug, None when there is none that the identity may see."""
        try:
            answer = await self._get(f"/v1/projects/slug/{quote(slug, safe='')}")
        except (errors.NotFound, errors.PermissionDenied):
            return None
        return Project(text_at(answer, "id"), text_at(answer, "slug"))

    async def projects(self) -> tuple[Project, ...]:
        """Return the projects that the identity is a member of."""
        answer = await self._get("/v1/projects")
        return tuple(Project(text_at(item, "id"), text_at(item, "slug")) for item in objects_at(answer, "projects"))

    async def secret(self, project: ProjectRef, environment: str, path: str, key: str) -> Secret | None:
        """Return the value of a secret, None when there is none that the identity may see.

        Builds that do not have the newest route are asked by the one before it. Raises `ValueHidden` when the identity may
        describe the secret but not read it: what comes then is a placeholder.
        """
        found = await self._project_id(project)
        if found is None:
            return None
        query = {"environment": environment, "secretPath": path, "type": "shared"}
        query |= {"viewSecretValue": "true", "expandSecretReferences": "true", "include_imports": "true"}
        try:
            try:
                answer = await self._get(f"/v4/secrets/{quote(key, safe='')}", {"projectId": found, **query})
            except errors.NoRoute:
                answer = await self._get(f"/v3/secrets/raw/{quote(key, safe='')}", {"workspaceId": found, **query})
        except errors.NotFound:
            return None
        if value_at(answer, "secret").get("secretValueHidden"):
            raise errors.ValueHidden(200, f"The value of {key} is hidden.")
        return Secret(text_at(answer, "secret", "secretValue"))

    async def _project_id(self, project: ProjectRef) -> str | None:
        """Look a slug up once, however many secrets are of that project."""
        if project.by == "id":
            return project.value
        async with self._looking_up:
            if project.value not in self._ids:
                named = await self.project_by_slug(project.value)
                self._ids[project.value] = named.id if named else None
        return self._ids[project.value]

    async def clock(self) -> datetime:
        """Return what time it is at the server, our own where it does not say."""
        try:
            return datetime.fromisoformat(text_at(await self._get("/status"), "date"))
        except (errors.InfisicalError, ValueError):
            return datetime.now(UTC)

    async def _list(self, path: str) -> tuple[LiveConnection, ...]:
        try:
            answer = await self._get(path)
        except errors.NotFound as broken:
            raise errors.ListBroken(broken.status, broken.message, broken.request_id) from None
        return tuple(decode_connection(item) for item in objects_at(answer, "appConnections"))

    async def _get(self, path: str, query: dict[str, str] | None = None) -> dict[str, Any]:
        return await call(self._client, "GET", path, query=query)


def decode_connection(item: Any) -> LiveConnection:
    """Return one connection of an answer. Keys not named here may come and go between versions of Infisical."""
    if not isinstance(item, dict):
        raise errors.unexpected_answer(200, "appConnection")
    app = text_at(item, "app")
    project_id = _optional(item, "projectId")
    project = _object(item, "project")
    return LiveConnection(
        id=text_at(item, "id"),
        app=app,
        name=text_at(item, "name"),
        description=_optional(item, "description") or "",
        scope=Scope(project_id, _optional(project, "slug")) if project_id else ORGANISATION,
        organisation_id=_optional(item, "orgId") or "",
        instance_url=(_optional(_object(item, "credentials"), "instanceUrl") or "") if app == APP else "",
        credentials_hash=_optional(item, "credentialsHash"),
        created_at=_optional(item, "createdAt") or "",
        updated_at=_optional(item, "updatedAt") or "",
    )


def _optional(item: dict[str, Any], key: str) -> str | None:
    found = item.get(key)
    if found is not None and not isinstance(found, str):
        raise errors.unexpected_answer(200, key)
    return found


def _object(item: dict[str, Any], key: str) -> dict[str, Any]:
    found = item.get(key)
    if found is not None and not isinstance(found, dict):
        raise errors.unexpected_answer(200, key)
    return found or {}
