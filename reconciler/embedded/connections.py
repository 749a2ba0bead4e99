"""The app-connection routes: who asks and what for. What connections are is `connection_rows`' business."""

import sqlite3

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from reconciler.embedded import connection_rows, validation
from reconciler.embedded.backend import Backend, json_answer
from reconciler.embedded.dates import timestamp
from reconciler.embedded.errors import AuthModeError, BadRequestError, InternalError, NotFoundError
from reconciler.embedded.permissions import Permissions
from reconciler.embedded.validation import ConnectionChange, NewConnection
from reconciler.embedded.validator import try_credentials

# A client asks this route whether the server knows Salesforce at all; a few others make the answer a list.
_OPTIONS = [
    {"name": "AWS", "app": "aws", "methods": ["assume-role", "access-key"]},
    {"name": "GitHub", "app": "github", "methods": ["github-app", "oauth", "pat"]},
    {"name": "PostgreSQL", "app": "postgres", "methods": ["username-and-password"]},
    {"name": "Salesforce", "app": "salesforce", "methods": ["client-credentials"]},
]


class ConnectionRoutes:
    """Handlers over one backend; `routes` is what the app serves, relative to `/api/v1`."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend

    def routes(self) -> list[Route]:
        base = "/app-connections"
        one = f"{base}/salesforce/{{connection_id}}"
        return [
            Route(base, self.list_all),
            Route(f"{base}/options", self.options),
            Route(f"{base}/salesforce", self.list_salesforce),
            Route(f"{base}/salesforce", self.create, methods=["POST"]),
            Route(f"{base}/salesforce/available", self.available),
            Route(f"{base}/salesforce/connection-name/{{name}}", self.get_by_name),
            Route(one, self.get),
            Route(one, self.change, methods=["PATCH"]),
            Route(one, self.delete, methods=["DELETE"]),
            Route(f"{one}/rotate-credentials", self.rotate, methods=["POST"]),
            Route(f"{one}/oauth-apps", self.oauth_apps),
        ]

    async def list_all(self, request: Request) -> Response:
        return await self._list(request, None)

    async def list_salesforce(self, request: Request) -> Response:
        return await self._list(request, connection_rows.SALESFORCE)

    async def _list(self, request: Request, app: str | None) -> Response:
        def work(db: sqlite3.Connection, caller: Permissions) -> str:
            return connection_rows.listed(db, caller, app=app, project_id=validation.project_id(request))

        found = connection_rows.aged(await self.backend.permitted(request, work), self.backend.build)
        return json_answer(f'{{"appConnections":{found}}}')

    async def options(self, request: Request) -> Response:
        await self.backend.authorised(request, lambda _db: None)
        return JSONResponse({"appConnectionOptions": _OPTIONS})

    async def available(self, request: Request) -> Response:
        def work(db: sqlite3.Connection, caller: Permissions) -> str:
            return connection_rows.available(db, caller, connection_rows.SALESFORCE, validation.project_id(request))

        return json_answer(f'{{"appConnections":{await self.backend.permitted(request, work)}}}')

    async def get(self, request: Request) -> Response:
        def work(db: sqlite3.Connection, caller: Permissions) -> str:
            return connection_rows.found(db, validation.connection_id(request), caller)

        return self._one(await self.backend.permitted(request, work))

    async def get_by_name(self, request: Request) -> Response:
        def work(db: sqlite3.Connection, caller: Permissions) -> str:
            name = validation.connection_name(request)
            return connection_rows.found_by_name(db, name, validation.project_id(request), caller)

        return self._one(await self.backend.permitted(request, work))

    async def create(self, request: Request) -> Response:
        raw = await request.body()

        def check(db: sqlite3.Connection, caller: Permissions) -> NewConnection:
            new = validation.new_connection(validation.decode_body(request, raw), self.backend.build)
            try:
                slug = connection_rows.project_slug(db, new.project_id)
            except NotFoundError as error:
                # Infisical: the same unknown project is a 404 to a list and a 400 to a create.
                raise BadRequestError(error.message) from None
            caller.require("create", slug)
            return new

        new = await self.backend.permitted(request, check)
        # Infisical: Salesforce is asked before the name is looked at, so bad credentials hide a duplicate.
        await try_credentials(self.backend.orgs, new.credentials, self.backend.build)
        now = timestamp(self.backend.clock())
        return self._one(await self.backend.store.write(lambda db: connection_rows.insert(db, new, now)))

    async def change(self, request: Request) -> Response:
        """Infisical: older builds do not look whose id it is, save a PATCH of another app's and stumble over the answer."""
        raw = await request.body()
        foreign: list[bool] = []

        def check(db: sqlite3.Connection, caller: Permissions) -> tuple[str, ConnectionChange]:
            connection_id = validation.connection_id(request)
            change = validation.connection_change(validation.decode_body(request, raw), self.backend.build)
            app = connection_rows.require(db, connection_id, caller, "edit")
            if self.backend.build.checks_app:
                connection_rows.require_salesforce(db, connection_id, caller, "edit")
            foreign.append(app != connection_rows.SALESFORCE)
            return connection_id, change

        connection_id, change = await self.backend.permitted(request, check)
        if change.credentials:
            await try_credentials(self.backend.orgs, change.credentials, self.backend.build)
        clock = self.backend.clock

        def save(db: sqlite3.Connection) -> str:
            return connection_rows.update(db, connection_id, change, clock())

        saved = await self.backend.store.write(save)
        if any(foreign):
            raise InternalError
        return self._one(saved)

    async def delete(self, request: Request) -> Response:
        raw = await request.body()

        def work(db: sqlite3.Connection, caller: Permissions) -> str:
            validation.decode_body(request, raw)
            return connection_rows.delete(db, validation.connection_id(request), caller)

        return self._one(await self.backend.permitted(request, work, writing=True))

    async def rotate(self, request: Request) -> Response:
        """Infisical: every app has the route; a Salesforce connection never has anything to rotate."""
        raw = await request.body()

        def work(db: sqlite3.Connection, caller: Permissions) -> str:
            validation.decode_body(request, raw)
            connection_rows.require_salesforce(db, validation.connection_id(request), caller, "edit")
            raise NotFoundError("Rotation for this App Connection not found")

        return self._one(await self.backend.permitted(request, work))

    async def oauth_apps(self, request: Request) -> Response:
        """Infisical: for users only."""
        await self.backend.authorised(request, lambda _db: None)
        raise AuthModeError(f"Request authorization mode not allowed on {request.url.path}")

    def _one(self, connection: str) -> Response:
        return json_answer(f'{{"appConnection":{connection_rows.aged(connection, self.backend.build)}}}')
