"""The secrets routes, of today (v4) and of before (v3): the same secrets, and other names for the same parameters."""

import sqlite3
from collections.abc import Callable, Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from reconciler.embedded import secret_rows, validation
from reconciler.embedded.backend import Backend, json_answer
from reconciler.embedded.dates import timestamp
from reconciler.embedded.errors import BadRequestError, PermissionDeniedError
from reconciler.embedded.permissions import Permissions
from reconciler.embedded.secret_rows import Change, Place

Work = Callable[[sqlite3.Connection, Permissions], dict[str, object]]


class SecretRoutes:
    """Handlers over one backend; `routes` is what the app serves, relative to `/api`."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend

    def routes(self) -> list[Route]:
        bases = ["/v3/secrets/raw", *(["/v4/secrets"] if self.backend.build.newest_secrets else [])]
        return [route for base in bases for route in self._routes(base)]

    def _routes(self, base: str) -> list[Route]:
        # A path, for an encoded slash is one by now: what may be in a name is `validation`'s to say.
        one = f"{base}/{{secret_name:path}}"
        return [
            Route(base, self.list_all),
            Route(one, self.get),
            Route(one, self.create, methods=["POST"]),
            Route(one, self.change, methods=["PATCH"]),
            Route(one, self.delete, methods=["DELETE"]),
        ]

    async def list_all(self, request: Request) -> Response:
        def work(db: sqlite3.Connection, permissions: Permissions) -> dict[str, object]:
            asked = dict(request.query_params)
            place, shown = _looked_at(db, permissions, asked)
            found = secret_rows.listed(db, place, below=asked.get("recursive") == "true", shown=shown)
            return {"secrets": found, "imports": []}

        return await self._answer(request, work)

    async def get(self, request: Request) -> Response:
        def work(db: sqlite3.Connection, permissions: Permissions) -> dict[str, object]:
            place, shown = _looked_at(db, permissions, dict(request.query_params))
            return {"secret": secret_rows.found(db, place, _name(request), shown=shown)}

        return await self._answer(request, work)

    async def create(self, request: Request) -> Response:
        return await self._write(request, "create", secret_rows.insert)

    async def change(self, request: Request) -> Response:
        return await self._write(request, "edit", secret_rows.update)

    async def delete(self, request: Request) -> Response:
        def work(db: sqlite3.Connection, place: Place, name: str, _change: Change, _now: str) -> dict[str, object]:
            return secret_rows.delete(db, place, name)

        return await self._write(request, "delete", work)

    async def _write(
        self,
        request: Request,
        action: str,
        write: Callable[[sqlite3.Connection, Place, str, Change, str], dict[str, object]],
    ) -> Response:
        raw = await request.body()

        def work(db: sqlite3.Connection, permissions: Permissions) -> dict[str, object]:
            name = _name(request)
            body = validation.secret(validation.decode_body(request, raw), value_needed=action == "create")
            place = _place(db, permissions, body, action)
            value = body.get("secretValue")
            kept = None if value is None else secret_rows.stored(value)
            change = Change(kept, body.get("secretComment"), body.get("newSecretName"))
            return {"secret": write(db, place, name, change, timestamp(self.backend.clock()))}

        return await self._answer(request, work, writing=True)

    async def _answer(self, request: Request, work: Work, *, writing: bool = False) -> Response:
        return json_answer(secret_rows.encoded(await self.backend.permitted(request, work, writing=writing)))


def _name(request: Request) -> str:
    """The name in the path. Raises ValidationFailureError, and HTTPException where a slash that is not encoded makes it
    another path, which is not there."""
    if "/" in request.path_params["secret_name"] and b"%2f" not in request.scope.get("raw_path", b"").lower():
        raise HTTPException(404)
    return validation.secret_name(request)


def _looked_at(db: sqlite3.Connection, permissions: Permissions, asked: Mapping[str, Any]) -> tuple[Place, bool]:
    """Where one looks, and whether values are shown. Infisical: who may describe and not read gets a placeholder."""
    place = _place(db, permissions, asked, "describe")
    _, slug = secret_rows.project_id(db, place.project_id, None)
    member = permissions.in_project(slug)
    reads = member is not None and "read" in member.secrets
    return place, reads and asked.get("viewSecretValue", "true") != "false"


def _place(db: sqlite3.Connection, permissions: Permissions, asked: Mapping[str, Any], action: str) -> Place:
    """Infisical: the project is looked for first, then whether one may, then the environment."""
    named = asked.get("projectId") or asked.get("workspaceId")
    found, slug = secret_rows.project_id(db, named, asked.get("workspaceSlug") or asked.get("projectSlug"))
    member = permissions.in_project(slug)
    if member is None or action not in member.secrets:
        raise PermissionDeniedError(action, "secrets")
    if not asked.get("environment"):
        raise BadRequestError("Missing environment slug")
    folders = [name for name in str(asked.get("secretPath") or "/").split("/") if name]
    place = Place(found, str(asked["environment"]), "/" + "/".join(folders))
    secret_rows.require_environment(place)
    return place
