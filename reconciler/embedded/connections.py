"""The app-connection routes: who asks and what for. What connections are is `connection_rows`' business."""

import sqlite3

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from reconciler.embedded import connection_rows, validation
from reconciler.embedded.backend import Backend, json_answer
from reconciler.embedded.dates import timestamp
from reconciler.embedded.errors import BadRequestError, NotFoundError
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
        ]

    async def list_all(self, request: Request) -> Response:
        return await self._list(request, None)

    async def list_salesforce(self, request: Request) -> Response:
        return await self._list(request, connection_rows.SALESFORCE)

    async def _list(self, request: Request, app: str | None) -> Response:
        def work(db: sqlite3.Connection) -> str:
            return connection_rows.listed(db, app=app, project_id=validation.project_id(request))

        return json_answer(f'{{"appConnections":{await self.backend.authorised(request, work)}}}')

    async def options(self, request: Request) -> Response:
        await self.backend.authorised(request, lambda _db: None)
        return JSONResponse({"appConnectionOptions": _OPTIONS})

    async def available(self, request: Request) -> Response:
        def work(db: sqlite3.Connection) -> str:
            return connection_rows.available(db, connection_rows.SALESFORCE, validation.project_id(request))

        return json_answer(f'{{"appConnections":{await self.backend.authorised(request, work)}}}')

    async def get(self, request: Request) -> Response:
        def work(db: sqlite3.Connection) -> str:
            return connection_rows.found(db, validation.connection_id(request))

        return _one(await self.backend.authorised(request, work))

    async def get_by_name(self, request: Request) -> Response:
        def work(db: sqlite3.Connection) -> str:
            name = validation.connection_name(request)
            return connection_rows.found_by_name(db, name, validation.project_id(request))

        return _one(await self.backend.authorised(request, work))

    async def create(self, request: Request) -> Response:
        raw = await request.body()

        def check(db: sqlite3.Connection) -> NewConnection:
            new = validation.new_connection(validation.decode_body(request, raw))
            try:
                connection_rows.require_project(db, new.project_id)
            except NotFoundError as error:
                # Infisical: the same unknown project is a 404 to a list and a 400 to a create.
                raise BadRequestError(error.message) from None
            return new

        new = await self.backend.authorised(request, check)
        # Infisical: Salesforce is asked before the name is looked at, so bad credentials hide a duplicate.
        await try_credentials(self.backend.orgs, new.credentials)
        now = timestamp(self.backend.clock())
        return _one(await self.backend.store.write(lambda db: connection_rows.insert(db, new, now)))

    async def change(self, request: Request) -> Response:
        """One observed build saves a PATCH of another app's id and answers 500; here it is refused like any other."""
        raw = await request.body()

        def check(db: sqlite3.Connection) -> tuple[str, ConnectionChange]:
            connection_id = validation.connection_id(request)
            change = validation.connection_change(validation.decode_body(request, raw))
            connection_rows.require_salesforce(db, connection_id)
            return connection_id, change

        connection_id, change = await self.backend.authorised(request, check)
        if change.credentials:
            await try_credentials(self.backend.orgs, change.credentials)
        clock = self.backend.clock

        def save(db: sqlite3.Connection) -> str:
            return connection_rows.update(db, connection_id, change, clock())

        return _one(await self.backend.store.write(save))

    async def delete(self, request: Request) -> Response:
        raw = await request.body()

        def work(db: sqlite3.Connection) -> str:
            validation.decode_body(request, raw)
            return connection_rows.delete(db, validation.connection_id(request))

        return _one(await self.backend.authorised(request, work, writing=True))


def _one(connection: str) -> Response:
    return json_answer(f'{{"appConnection":{connection}}}')
