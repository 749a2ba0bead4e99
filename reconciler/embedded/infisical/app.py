"""The Infisical-compatible API as one ASGI app: its routes, and what is true of every answer."""

import re
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

from anyio import to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ExceptionHandler, Receive, Scope, Send

from reconciler.embedded.date_header import DateHeader
from reconciler.embedded.infisical.builds import CURRENT, Build
from reconciler.embedded.infisical.context import ApiContext
from reconciler.embedded.infisical.database.store import Store
from reconciler.embedded.infisical.errors import ApiError, BadRequestError, refusal_response, render_no_route, render_refusal
from reconciler.embedded.infisical.etags import Etags
from reconciler.embedded.infisical.openapi.document import openapi_document
from reconciler.embedded.infisical.rate_limits import RateLimited, RateLimits
from reconciler.embedded.infisical.routes.connections import ConnectionRoutes
from reconciler.embedded.infisical.routes.identities import IdentityRoutes
from reconciler.embedded.infisical.routes.projects import ProjectRoutes
from reconciler.embedded.infisical.routes.secrets import SecretRoutes
from reconciler.embedded.infisical.timestamps import timestamp
from reconciler.embedded.salesforce import SimulatedOrg

_HALF_ESCAPE = re.compile(rb"%(?![0-9a-fA-F]{2})")


class InfisicalApp:
    """The ASGI app. It needs no lifespan. `close` closes the database file, and a later request opens it again."""

    def __init__(self, context: ApiContext, limits: RateLimits | None = None) -> None:
        self._store = context.store
        self._decodes_strictly = context.build.decodes_strictly
        app = _starlette(context)
        self.routes = tuple(app.routes)
        limited = RateLimited(app, app.routes, limits, context.clock) if limits else app
        self._app = Etags(limited)
        self._dated = DateHeader(self._route)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._dated(scope, receive, send)

    async def _route(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].endswith("/"):
            # Infisical ignores trailing slashes.
            scope = {**scope, "path": scope["path"].rstrip("/") or "/"}
        if self._decodes_strictly and scope["type"] == "http" and _is_malformed(scope.get("raw_path") or b""):
            malformed = refusal_response(BadRequestError("The path's percent-encoding is malformed"))
            await malformed(scope, receive, send)
            return
        await self._app(scope, receive, send)

    @property
    def organisation_id(self) -> str:
        """The id of the only organisation. Makes the database if it is not there yet. Blocks."""
        return self._store.installation.organisation_id

    def close(self) -> None:
        """Close the database connections that are not in use."""
        self._store.close()


def infisical_app(
    database: Path,
    orgs: Sequence[SimulatedOrg] = (),
    projects: Sequence[str] = (),
    *,
    clock: Callable[[], float] = time.time,
    build: Build = CURRENT,
    limits: RateLimits | None = None,
) -> InfisicalApp:
    """Return the API over a SQLite file. The first request makes the file, and the projects (slugs) that are missing.

    - `orgs` are the Salesforce orgs that credentials are tried on. Every other host is unknown.
    - `clock` gives seconds since the epoch: for dates, expiry, lock-outs and limits.
    - `build` is the generation of Infisical that the API behaves as.
    - `limits` are rate limits as in Infisical Cloud, None for no limits.

    Every answer has a Date header: run uvicorn with `date_header=False`, or each answer has two. If the file cannot be used,
    every request gets a 500. Raises ValueError for a project that is not a slug.
    """
    return InfisicalApp(ApiContext(Store(database, projects), tuple(orgs), clock, build), limits)


def _is_malformed(path: bytes) -> bool:
    if b"%" not in path:
        return False
    try:
        unquote_to_bytes(path).decode()
    except UnicodeDecodeError:
        return True
    return _HALF_ESCAPE.search(path) is not None


def _starlette(context: ApiContext) -> Starlette:
    async def status(_request: Request) -> Response:
        # Infisical: this needs no token, does not read the database, and does not give the version.
        features = ("emailConfigured", "inviteOnlySignup", "redisConfigured", "secretScanningConfigured")
        return JSONResponse({"date": timestamp(context.clock()), "message": "Ok", **dict.fromkeys(features, False)})

    async def documentation(_request: Request) -> Response:
        return JSONResponse(openapi_document(context.build))

    @asynccontextmanager
    async def close_at_shutdown(_app: Starlette) -> AsyncIterator[None]:
        yield
        await to_thread.run_sync(context.store.close)

    routes = [*IdentityRoutes(context).routes(), *ProjectRoutes(context).routes(), *ConnectionRoutes(context).routes()]
    handlers: Mapping[Any, ExceptionHandler] = {
        HTTPException: render_no_route,
        ApiError: render_refusal,
        Exception: render_refusal,
    }
    app = Starlette(
        routes=[
            Route("/api/status", status),
            Route("/api/docs/json", documentation),
            Mount("/api/v1", routes=routes),
            Mount("/api", routes=SecretRoutes(context).routes()),
        ],
        exception_handlers=handlers,
        lifespan=close_at_shutdown,
    )
    app.router.redirect_slashes = False
    return app
