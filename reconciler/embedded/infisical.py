"""The Infisical-compatible API as one ASGI app: its routes, and what holds for every answer."""

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

from reconciler.embedded import openapi
from reconciler.embedded.backend import Backend
from reconciler.embedded.build import CURRENT, Build
from reconciler.embedded.connections import ConnectionRoutes
from reconciler.embedded.dates import DateHeader, timestamp
from reconciler.embedded.errors import ApiError, BadRequestError, refusal, render_no_route, render_refusal
from reconciler.embedded.etags import Etags
from reconciler.embedded.identities import IdentityRoutes
from reconciler.embedded.limits import Limits, RateLimited
from reconciler.embedded.orgs import Org
from reconciler.embedded.projects import ProjectRoutes
from reconciler.embedded.secrets_routes import SecretRoutes
from reconciler.embedded.store import Store

_HALF_ESCAPE = re.compile(rb"%(?![0-9a-fA-F]{2})")


class InfisicalApp:
    """The ASGI app. It needs no lifespan; `close` lets go of the database file, which a later request opens again."""

    def __init__(self, backend: Backend, limits: Limits | None = None) -> None:
        self._store = backend.store
        self._decodes_strictly = backend.build.decodes_strictly
        app = _starlette(backend)
        self.routes = tuple(app.routes)
        limited = RateLimited(app, app.routes, limits, backend.clock) if limits else app
        self._app = Etags(limited)
        self._dated = DateHeader(self._routed)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._dated(scope, receive, send)

    async def _routed(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].endswith("/"):
            # Infisical: trailing slashes are ignored.
            scope = {**scope, "path": scope["path"].rstrip("/") or "/"}
        if self._decodes_strictly and scope["type"] == "http" and _is_malformed(scope.get("raw_path") or b""):
            malformed = refusal(BadRequestError("The path's percent-encoding is malformed"))
            await malformed(scope, receive, send)
            return
        await self._app(scope, receive, send)

    @property
    def organisation_id(self) -> str:
        """The id of the one organisation there is; makes the database if it is not there yet (blocks)."""
        return self._store.installation.organisation_id

    def close(self) -> None:
        """Closes the database connections that are not in use."""
        self._store.close()


def infisical_app(
    database: Path,
    orgs: Sequence[Org] = (),
    projects: Sequence[str] = (),
    *,
    clock: Callable[[], float] = time.time,
    build: Build = CURRENT,
    limits: Limits | None = None,
) -> InfisicalApp:
    """The API over a SQLite file that is made on first use, with the projects (slugs) that are missing.

    Credentials are tried on `orgs` only; any other host is unknown. `clock` gives seconds since the epoch, for dates,
    expiry, lockout and limits; `build` is the generation it behaves as, `limits` are those of Infisical Cloud, None for none.
    Every answer carries a Date: run uvicorn with `date_header=False`, or it is there twice. Raises ValueError for a project
    that is not a slug; a file that cannot be used answers every request with a 500.
    """
    return InfisicalApp(Backend(Store(database, projects), tuple(orgs), clock, build), limits)


def _is_malformed(path: bytes) -> bool:
    if b"%" not in path:
        return False
    try:
        unquote_to_bytes(path).decode()
    except UnicodeDecodeError:
        return True
    return _HALF_ESCAPE.search(path) is not None


def _starlette(backend: Backend) -> Starlette:
    async def status(_request: Request) -> Response:
        # Infisical: needs no token, does not look at the database, and tells no version.
        features = ("emailConfigured", "inviteOnlySignup", "redisConfigured", "secretScanningConfigured")
        return JSONResponse({"date": timestamp(backend.clock()), "message": "Ok", **dict.fromkeys(features, False)})

    async def documentation(_request: Request) -> Response:
        return JSONResponse(openapi.document(backend.build))

    @asynccontextmanager
    async def close_at_shutdown(_app: Starlette) -> AsyncIterator[None]:
        yield
        await to_thread.run_sync(backend.store.close)

    routes = [*IdentityRoutes(backend).routes(), *ProjectRoutes(backend).routes(), *ConnectionRoutes(backend).routes()]
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
            Mount("/api", routes=SecretRoutes(backend).routes()),
        ],
        exception_handlers=handlers,
        lifespan=close_at_shutdown,
    )
    app.router.redirect_slashes = False
    return app
