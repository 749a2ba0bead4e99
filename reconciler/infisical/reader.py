"""Everything that is only read. A plan holds a `Reader`, so it cannot change anything."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from reconciler.infisical import errors
from reconciler.infisical.calls import call, field
from reconciler.model import ORGANISATION, LiveConnection, Scope
from reconciler.wire import Client


@dataclass(frozen=True, slots=True)
class Organisation:
    """The organisation a token belongs to; `name` is "" when Infisical does not say."""

    id: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Project:
    """A project's id and slug."""

    id: str
    slug: str


class Reader:
    """Reads connections, projects and who we are. Every method raises `InfisicalError` or `WireError`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    @property
    def url(self) -> str:
        """Where this Infisical is, for messages."""
        return self._client.url

    async def organisation(self) -> Organisation | None:
        """Return the machine identity's organisation; None when the server or the kind of token has no such answer."""
        try:
            answer = await self._get("/v1/identities/details")
        except (errors.NotFound, errors.PermissionDenied):
            return None
        found = field(answer, "identityDetails", "organization")
        return Organisation(field(found, "id"), found.get("name") or "")

    async def connections(self) -> tuple[LiveConnection, ...]:
        """Return every connection of every app that the identity may see, in the organisation and its projects.

        A 404 here never means "nothing there": Infisical answers it for everyone once a project that held a
        connection was deleted.
        """
        answer = await self._get("/v1/app-connections")
        return tuple(decode(item) for item in field(answer, "appConnections"))

    async def salesforce_connections(self, project_id: str | None = None) -> tuple[LiveConnection, ...]:
        """Return the Salesforce connections: of one project, or of the organisation and all its projects."""
        query = {"projectId": project_id} if project_id else None
        answer = await self._get("/v1/app-connections/salesforce", query)
        return tuple(decode(item) for item in field(answer, "appConnections"))

    async def connection(self, connection_id: str) -> LiveConnection | None:
        """Return one connection, None when Infisical says that it is gone (404)."""
        try:
            answer = await self._get(f"/v1/app-connections/salesforce/{quote(connection_id, safe='')}")
        except errors.NotFound:
            return None
        return decode(field(answer, "appConnection"))

    async def connection_named(self, name: str, scope: Scope) -> LiveConnection | None:
        """Return the Salesforce connection of that name in `scope`, None when the name is free.

        Raises `WrongApp` when another app's connection has it.
        """
        query = {"projectId": scope.project_id} if scope.project_id else None
        try:
            answer = await self._get(f"/v1/app-connections/salesforce/connection-name/{quote(name, safe='')}", query)
        except errors.NotFound:
            return None
        return decode(field(answer, "appConnection"))

    async def knows_salesforce(self) -> bool:
        """Tell whether this server has Salesforce connections at all."""
        answer = await self._get("/v1/app-connections/options")
        return any(option.get("app") == "salesforce" for option in answer.get("appConnectionOptions", []))

    async def project_by_slug(self, slug: str) -> Project | None:
        """Return the project with that slug, None when there is none that the identity may see."""
        try:
            answer = await self._get(f"/v1/projects/slug/{quote(slug, safe='')}")
        except (errors.NotFound, errors.PermissionDenied):
            return None
        return Project(field(answer, "id"), field(answer, "slug"))

    async def clock(self) -> datetime:
        """Return what time it is at the server, our own where it does not say."""
        try:
            return datetime.fromisoformat(str(field(await self._get("/status"), "date")))
        except (errors.InfisicalError, ValueError):
            return datetime.now(UTC)

    async def _get(self, path: str, query: dict[str, str] | None = None) -> dict[str, Any]:
        return await call(self._client, "GET", path, query=query)


def decode(item: dict[str, Any]) -> LiveConnection:
    """Return one connection of an answer. Keys not named here may come and go between versions of Infisical."""
    project_id = item.get("projectId")
    project = item.get("project") or {}
    try:
        return LiveConnection(
            id=item["id"],
            app=item["app"],
            name=item["name"],
            description=item.get("description") or "",
            scope=Scope(project_id, project.get("slug")) if project_id else ORGANISATION,
            organisation_id=item.get("orgId", ""),
            instance_url=(item.get("credentials") or {}).get("instanceUrl", ""),
            credentials_hash=item.get("credentialsHash"),
            created_at=item.get("createdAt", ""),
            updated_at=item.get("updatedAt", ""),
        )
    except KeyError as lacking:
        raise errors.unexpected(200, f"appConnection.{lacking.args[0]}") from None
