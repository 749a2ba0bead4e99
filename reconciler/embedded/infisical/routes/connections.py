"""The routes of app connections: what each asks of the caller, of Salesforce and of the table of connections."""

import sqlite3

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from reconciler.embedded.infisical.context import ApiContext, json_answer
from reconciler.embedded.infisical.credentials_trial import try_credentials
from reconciler.embedded.infisical.database import connection_rows
from reconciler.embedded.infisical.database.project_rows import find_project_slug
from reconciler.embedded.infisical.errors import AuthModeError, BadRequestError, InternalError, NotFoundError
from reconciler.embedded.infisical.permissions import Permissions
from reconciler.embedded.infisical.requests.bodies import (
    ConnectionChange,
    NewConnection,
    decode_body,
    parse_connection_change,
    parse_new_connection,
)
from reconciler.embedded.infisical.requests.parameters import connection_id_of, connection_name_of, project_id_of
from reconciler.embedded.infisical.timestamps import timestamp

# Clients ask whether the server knows Salesforce at all. A few other apps make the answer a real list.
_OPTIONS = [
    {"name": "AWS", "app": "aws", "methods": ["assume-role", "access-key"]},
    {"name": "GitHub", "app": "github", "methods": ["github-app", "oauth", "pat"]},
    {"name": "PostgreSQL", "app": "postgres", "methods": ["username-and-password"]},
    {"name": "Salesforce", "app": "salesforce", "methods": ["client-credentials"]},
]


class ConnectionRoutes:
    """The handlers. `routes` gives the routes that the app serves, relative to `/api/v1`."""

    def __init__(self, context: ApiContext) -> None:
        self.context = context

    def routes(self) -> list[Route]:
        base = "/app-connections"
        by_id = f"{base}/salesforce/{{connection_id}}"
        return [
            Route(base, self.list_all),
            Route(f"{base}/options", self.options),
            Route(f"{base}/salesforce", self.list_salesforce),
            Route(f"{base}/salesforce", self.create, methods=["POST"]),
            Route(f"{base}/salesforce/available", self.available),
            Route(f"{base}/salesforce/connection-name/{{name}}", self.get_by_name),
            Route(by_id, self.get),
            Route(by_id, self.change, methods=["PATCH"]),
            Route(by_id, self.delete, methods=["DELETE"]),
            Route(f"{by_id}/rotate-credentials", self.rotate, methods=["POST"]),
            Route(f"{by_id}/oauth-apps", self.oauth_apps),
        ]

    async def list_all(self, request: Request) -> Response:
        return await self._list(request, None)

    async def list_salesforce(self, request: Request) -> Response:
        return await self._list(request, connection_rows.SALESFORCE)

    async def _list(self, request: Request, app: str | None) -> Response:
        def work(db: sqlite3.Connection, caller: Permissions) -> str:
            return connection_rows.list_connections(db, caller, app=app, project_id=project_id_of(request))

        connections = connection_rows.render_for_build(await self.context.run_permitted(request, work), self.context.build)
        return json_answer(f'{{"appConnections":{connections}}}')

    async def options(self, request: Request) -> Response:
        await self.context.run_authorised(request, lambda _db: None)
        return JSONResponse({"appConnectionOptions": _OPTIONS})

    async def available(self, request: Request) -> Response:
        def work(db: sqlite3.Connection, caller: Permissions) -> str:
            return connection_rows.list_available_connections(db, caller, connection_rows.SALESFORCE, project_id_of(request))

        return json_answer(f'{{"appConnections":{await self.context.run_permitted(request, work)}}}')

    async def get(self, request: Request) -> Response:
        def work(db: sqlite3.Connection, caller: Permissions) -> str:
            return connection_rows.get_connection(db, connection_id_of(request), caller)

        return self._connection_answer(await self.context.run_permitted(request, work))

    async def get_by_name(self, request: Request) -> Response:
        def work(db: sqlite3.Connection, caller: Permissions) -> str:
            name = connection_name_of(request)
            return connection_rows.get_connection_by_name(db, name, project_id_of(request), caller)

        return self._connection_answer(await self.context.run_permitted(request, work))

    async def create(self, request: Request) -> Response:
        raw = await request.body()

        def check(db: sqlite3.Connection, caller: Permissions) -> NewConnection:
            new = parse_new_connection(decode_body(request, raw), self.context.build)
            try:
                slug = find_project_slug(db, new.project_id)
            except NotFoundError as error:
                # Infisical: an unknown project is a 404 to a list, but a 400 to a creation.
                raise BadRequestError(error.message) from None
            caller.require("create", slug)
            return new

        new = await self.context.run_permitted(request, check)
        # Infisical asks Salesforce before it checks the name, so bad credentials hide a duplicate.
        await try_credentials(self.context.orgs, new.credentials, self.context.build)
        now = timestamp(self.context.clock())
        return self._connection_answer(
            await self.context.store.write(lambda db: connection_rows.insert_connection(db, new, now))
        )

    async def change(self, request: Request) -> Response:
        """Infisical: older builds do not check the connection's app. They save the change and then fail to answer."""
        raw = await request.body()
        foreign: list[bool] = []

        def check(db: sqlite3.Connection, caller: Permissions) -> tuple[str, ConnectionChange]:
            connection_id = connection_id_of(request)
            change = parse_connection_change(decode_body(request, raw), self.context.build)
            app = connection_rows.require_connection(db, connection_id, caller, "edit")
            if self.context.build.checks_app:
                connection_rows.require_salesforce_connection(db, connection_id, caller, "edit")
            foreign.append(app != connection_rows.SALESFORCE)
            return connection_id, change

        connection_id, change = await self.context.run_permitted(request, check)
        if change.credentials:
            await try_credentials(self.context.orgs, change.credentials, self.context.build)
        clock = self.context.clock

        def save(db: sqlite3.Connection) -> str:
            return connection_rows.update_connection(db, connection_id, change, clock())

        saved = await self.context.store.write(save)
        if any(foreign):
            raise InternalError
        return self._connection_answer(saved)

    async def delete(self, request: Request) -> Response:
        raw = await request.body()

        def work(db: sqlite3.Connection, caller: Permissions) -> str:
            decode_body(request, raw)
            return connection_rows.delete_connection(db, connection_id_of(request), caller)

        return self._connection_answer(await self.context.run_permitted(request, work, writing=True))

    async def rotate(self, request: Request) -> Response:
        """Infisical: every app has this route. A Salesforce connection never has anything to rotate."""
        raw = await request.body()

        def work(db: sqlite3.Connection, caller: Permissions) -> str:
            decode_body(request, raw)
            connection_rows.require_salesforce_connection(db, connection_id_of(request), caller, "edit")
            raise NotFoundError("Rotation for this App Connection not found")

        return self._connection_answer(await self.context.run_permitted(request, work))

    async def oauth_apps(self, request: Request) -> Response:
        """Infisical: this route is for users, not for machine identities."""
        await self.context.run_authorised(request, lambda _db: None)
        raise AuthModeError(f"Request authorization mode not allowed on {request.url.path}")

    def _connection_answer(self, connection: str) -> Response:
        return json_answer(f'{{"appConnection":{connection_rows.render_for_build(connection, self.context.build)}}}')
