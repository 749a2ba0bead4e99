"""Reads from Infisical. A plan has only a `Reader`, so it cannot change anything."""

from dataclasses import dataclass
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
    """The organisation that a token belongs to. `name` is "" if Infisical does not say it."""

    id: str
    name: str = ""


class Reader:
    """Reads connections, projects, secrets and the identity's own organisation.

    Every method raises `InfisicalError` or `WireError`.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._project_ids: dict[str, str | None] = {}
        self._looking_up = anyio.Lock()

    @property
    def url(self) -> str:
        """The address of Infisical, for messages."""
        return self._client.url

    async def organisation(self) -> Organisation | None:
        """Return the organisation of the machine identity, None if the server does not tell it.

        Some kinds of token have no answer, and older servers do not have this part of the API.
        """
        try:
            answer = await self._get("/v1/identities/details")
        except (errors.NotFound, errors.NoRoute, errors.PermissionDenied):
            return None
        organisation_id = text_at(answer, "identityDetails", "organization", "id")
        name = _optional_text(value_at(answer, "identityDetails", "organization"), "name")
        return Organisation(organisation_id, name or "")

    async def connections(self) -> tuple[LiveConnection, ...]:
        """Return every connection of every app that the identity may see, in the organisation and its projects.

        A 404 does not mean that there is nothing: after a project that still held a connection was deleted, Infisical answers
        404 to everyone. Raises `ListBroken` then.
        """
        return await self._list("/v1/app-connections")

    async def salesforce_connections(self, project_id: str | None = None) -> tuple[LiveConnection, ...]:
        """Return the Salesforce connections of one project, or those of the organisation and all its projects.

        Raises `NotFound` for an unknown project. Without a project it raises what `connections` raises.
        """
        if project_id is None:
            return await self._list("/v1/app-connections/salesforce")
        answer = await self._get("/v1/app-connections/salesforce", {"projectId": project_id})
        return tuple(decode_connection(item) for item in objects_at(answer, "appConnections"))

    async def connection(self, connection_id: str) -> LiveConnection | None:
        """Return one connection, None if Infisical says that it does not exist (404)."""
        try:
            answer = await self._get(f"/v1/app-connections/salesforce/{quote(connection_id, safe='')}")
        except errors.NotFound:
            return None
        return decode_connection(value_at(answer, "appConnection"))

    async def connection_named(self, name: str, scope: Scope) -> LiveConnection | None:
        """Return the Salesforce connection that has the name `name` in `scope`, None if the name is free.

        Raises `WrongApp` if a connection of another app has the name.
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
        """Return the project with that slug, None if there is none that the identity may see."""
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
        """Return the value of a secret, None if there is none that the identity may see.

        Older builds of Infisical lack the newest route; then it uses the route before it. Raises `ValueHidden` if the identity
        may describe the secret but not read its value: Infisical then answers with a placeholder.
        """
        project_id = await self._project_id(project)
        if project_id is None:
            return None
        query = {"environment": environment, "secretPath": path, "type": "shared"}
        query |= {"viewSecretValue": "true", "expandSecretReferences": "true", "include_imports": "true"}
        try:
            try:
                answer = await self._get(f"/v4/secrets/{quote(key, safe='')}", {"projectId": project_id, **query})
            except errors.NoRoute:
                answer = await self._get(f"/v3/secrets/raw/{quote(key, safe='')}", {"workspaceId": project_id, **query})
        except errors.NotFound:
            return None
        if value_at(answer, "secret").get("secretValueHidden"):
            raise errors.ValueHidden(200, f"The value of {key} is hidden.")
        return Secret(text_at(answer, "secret", "secretValue"))

    async def _project_id(self, project: ProjectRef) -> str | None:
        """Return the id of a project. It looks up each slug once, however many secrets are in the project."""
        if project.by == "id":
            return project.value
        async with self._looking_up:
            if project.value not in self._project_ids:
                match = await self.project_by_slug(project.value)
                self._project_ids[project.value] = match.id if match else None
        return self._project_ids[project.value]

    async def clock(self) -> datetime:
        """Return the time of the server, or the time of this machine if the server does not tell it."""
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
    """Return the connection in an answer. It ignores keys that it does not know: they differ between versions of Infisical."""
    if not isinstance(item, dict):
        raise errors.unexpected_answer(200, "appConnection")
    app = text_at(item, "app")
    project_id = _optional_text(item, "projectId")
    project = _optional_object(item, "project")
    return LiveConnection(
        id=text_at(item, "id"),
        app=app,
        name=text_at(item, "name"),
        description=_optional_text(item, "description") or "",
        scope=Scope(project_id, _optional_text(project, "slug")) if project_id else ORGANISATION,
        organisation_id=_optional_text(item, "orgId") or "",
        instance_url=(_optional_text(_optional_object(item, "credentials"), "instanceUrl") or "") if app == APP else "",
        credentials_hash=_optional_text(item, "credentialsHash"),
        created_at=_optional_text(item, "createdAt") or "",
        updated_at=_optional_text(item, "updatedAt") or "",
    )


def _optional_text(item: dict[str, Any], key: str) -> str | None:
    text = item.get(key)
    if text is not None and not isinstance(text, str):
        raise errors.unexpected_answer(200, key)
    return text


def _optional_object(item: dict[str, Any], key: str) -> dict[str, Any]:
    value = item.get(key)
    if value is not None and not isinstance(value, dict):
        raise errors.unexpected_answer(200, key)
    return value or {}
