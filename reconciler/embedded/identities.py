"""The routes of machine identities: logging in, and learning which organisation one has logged in to."""

import sqlite3

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from reconciler.embedded import validation
from reconciler.embedded.auth import TOKEN_SECONDS, new_token, verify_client
from reconciler.embedded.backend import Backend
from reconciler.embedded.errors import UnauthorizedError
from reconciler.embedded.store import ORGANISATION


class IdentityRoutes:
    """Handlers over one backend; `routes` is what the app serves, relative to `/api/v1`."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend

    def routes(self) -> list[Route]:
        return [
            Route("/auth/universal-auth/login", self.log_in, methods=["POST"]),
            Route("/identities/details", self.details),
        ]

    async def log_in(self, request: Request) -> Response:
        given = validation.log_in(validation.decode_body(request, await request.body()))
        store, now = self.backend.store, self.backend.clock()

        def work(db: sqlite3.Connection) -> str | UnauthorizedError:
            identity = verify_client(db, given.client_id, given.client_secret, now)
            if isinstance(identity, UnauthorizedError):
                return identity
            return new_token(db, store.installation.signing_key, identity, now, TOKEN_SECONDS)

        token = await store.write(work)
        if isinstance(token, UnauthorizedError):
            raise token
        lifetime = {"expiresIn": TOKEN_SECONDS, "accessTokenMaxTTL": TOKEN_SECONDS}
        return JSONResponse({"accessToken": token, **lifetime, "tokenType": "Bearer"})

    async def details(self, request: Request) -> Response:
        organisation_id = await self.backend.authorised(request, self._organisation_id)
        name, slug = ORGANISATION
        organisation = {"id": organisation_id, "name": name, "slug": slug}
        return JSONResponse({"identityDetails": {"organization": organisation}})

    def _organisation_id(self, _db: sqlite3.Connection) -> str:
        return self.backend.store.installation.organisation_id
