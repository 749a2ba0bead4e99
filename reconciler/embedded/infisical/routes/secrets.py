"""The routes of secrets. The newest (v4) and the older (v3) ones have other names for the same parameters."""

import json
import sqlite3
from collections.abc import Callable, Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from reconciler.embedded.infisical.context import ApiContext, json_answer
from reconciler.embedded.infisical.database import secret_rows
from reconciler.embedded.infisical.database.project_rows import find_project
from reconciler.embedded.infisical.database.secret_rows import SecretChange, SecretFolder
from reconciler.embedded.infisical.errors import BadRequestError, PermissionDeniedError
from reconciler.embedded.infisical.permissions import Permissions
from reconciler.embedded.infisical.requests.bodies import decode_body, parse_secret
from reconciler.embedded.infisical.requests.parameters import secret_name_of
from reconciler.embedded.infisical.timestamps import timestamp

_Work = Callable[[sqlite3.Connection, Permissions], dict[str, object]]


class SecretRoutes:
    """The handlers. `routes` gives the routes that the app serves, relative to `/api`."""

    def __init__(self, context: ApiContext) -> None:
        self.context = context

    def routes(self) -> list[Route]:
        bases = ["/v3/secrets/raw", *(["/v4/secrets"] if self.context.build.newest_secrets else [])]
        return [route for base in bases for route in self._routes(base)]

    def _routes(self, base: str) -> list[Route]:
        # An encoded slash is already decoded here, so this takes any path and leaves the check to `secret_name_of`.
        by_name = f"{base}/{{secret_name:path}}"
        return [
            Route(base, self.list_all),
            Route(by_name, self.get),
            Route(by_name, self.create, methods=["POST"]),
            Route(by_name, self.change, methods=["PATCH"]),
            Route(by_name, self.delete, methods=["DELETE"]),
        ]

    async def list_all(self, request: Request) -> Response:
        def work(db: sqlite3.Connection, permissions: Permissions) -> dict[str, object]:
            asked = dict(request.query_params)
            folder, shown = _folder_to_show(db, permissions, asked)
            listed = secret_rows.list_secrets(db, folder, below=asked.get("recursive") == "true", shown=shown)
            return {"secrets": listed, "imports": []}

        return await self._answer(request, work)

    async def get(self, request: Request) -> Response:
        def work(db: sqlite3.Connection, permissions: Permissions) -> dict[str, object]:
            folder, shown = _folder_to_show(db, permissions, dict(request.query_params))
            return {"secret": secret_rows.get_secret(db, folder, _name(request), shown=shown)}

        return await self._answer(request, work)

    async def create(self, request: Request) -> Response:
        return await self._write(request, "create", secret_rows.insert_secret)

    async def change(self, request: Request) -> Response:
        return await self._write(request, "edit", secret_rows.update_secret)

    async def delete(self, request: Request) -> Response:
        def work(
            db: sqlite3.Connection, folder: SecretFolder, name: str, _change: SecretChange, _now: str
        ) -> dict[str, object]:
            return secret_rows.delete_secret(db, folder, name)

        return await self._write(request, "delete", work)

    async def _write(
        self,
        request: Request,
        action: str,
        write: Callable[[sqlite3.Connection, SecretFolder, str, SecretChange, str], dict[str, object]],
    ) -> Response:
        raw = await request.body()

        def work(db: sqlite3.Connection, permissions: Permissions) -> dict[str, object]:
            name = _name(request)
            body = parse_secret(decode_body(request, raw), value_needed=action == "create")
            folder = _folder(db, permissions, body, action)
            change = SecretChange(body.get("secretValue"), body.get("secretComment"), body.get("newSecretName"))
            return {"secret": write(db, folder, name, change, timestamp(self.context.clock()))}

        return await self._answer(request, work, writing=True)

    async def _answer(self, request: Request, work: _Work, *, writing: bool = False) -> Response:
        return json_answer(json.dumps(await self.context.run_permitted(request, work, writing=writing)))


def _name(request: Request) -> str:
    """Return the secret's name in the path.

    Raises ValidationFailureError. A slash that is not encoded makes it a path that no route has: HTTPException (404).
    """
    if "/" in request.path_params["secret_name"] and b"%2f" not in request.scope.get("raw_path", b"").lower():
        raise HTTPException(404)
    return secret_name_of(request)


def _folder_to_show(db: sqlite3.Connection, permissions: Permissions, asked: Mapping[str, Any]) -> tuple[SecretFolder, bool]:
    """Return the folder that is asked for, and whether to show values. Infisical: that takes the permission to read."""
    folder = _folder(db, permissions, asked, "describe")
    _, slug = find_project(db, folder.project_id, None)
    member = permissions.in_project(slug)
    reads = member is not None and "read" in member.secrets
    return folder, reads and asked.get("viewSecretValue", "true") != "false"


def _folder(db: sqlite3.Connection, permissions: Permissions, asked: Mapping[str, Any], action: str) -> SecretFolder:
    """Return the folder that a request names. Infisical checks the project, then the permission, then the environment."""
    named = asked.get("projectId") or asked.get("workspaceId")
    project_id, slug = find_project(db, named, asked.get("workspaceSlug") or asked.get("projectSlug"))
    member = permissions.in_project(slug)
    if member is None or action not in member.secrets:
        raise PermissionDeniedError(action, "secrets")
    if not asked.get("environment"):
        raise BadRequestError("Missing environment slug")
    names = [name for name in str(asked.get("secretPath") or "/").split("/") if name]
    folder = SecretFolder(project_id, str(asked["environment"]), "/" + "/".join(names))
    secret_rows.require_environment(folder)
    return folder
