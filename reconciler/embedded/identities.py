"""The routes of machine identities: logging in, keeping a token alive, and learning which organisation one has logged in to."""

import sqlite3
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from reconciler.embedded import auth, validation, vouchers
from reconciler.embedded.auth import Grant
from reconciler.embedded.backend import Backend
from reconciler.embedded.errors import ApiError, NotFoundError, UnauthorizedError
from reconciler.embedded.store import ORGANISATION

Vouch = Callable[[sqlite3.Connection], str | UnauthorizedError]
"""Gives the id of the identity that logs in, or why it may not: the refusal is kept with what it counted."""


class IdentityRoutes:
    """Handlers over one backend; `routes` is what the app serves, relative to `/api/v1`."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend

    def routes(self) -> list[Route]:
        with_jwt = [Route(f"/auth/{method}/login", self._with_jwt(method), methods=["POST"]) for method in vouchers.JWT_METHODS]
        return [
            Route("/auth/universal-auth/login", self.universal, methods=["POST"]),
            *with_jwt,
            Route(f"/auth/{vouchers.AWS_METHOD}/login", self.aws, methods=["POST"]),
            Route("/auth/token/renew", self.renew, methods=["POST"]),
            Route("/auth/token/revoke", self.revoke, methods=["POST"]),
            *([Route("/identities/details", self.details)] if self.backend.build.details else []),
        ]

    async def universal(self, request: Request) -> Response:
        given = validation.log_in(validation.decode_body(request, await request.body()))
        now = self.backend.clock()

        def vouch(db: sqlite3.Connection) -> str | UnauthorizedError:
            return auth.verify_client(db, given.client_id, given.client_secret, now)

        return await self._log_in(given.organisation_slug, vouch)

    def _with_jwt(self, method: str) -> Callable[[Request], object]:
        async def log_in(request: Request) -> Response:
            given = validation.jwt_log_in(validation.decode_body(request, await request.body()))
            now = self.backend.clock()

            def vouch(db: sqlite3.Connection) -> str:
                vouchers.verify_jwt(db, method, given.identity_id, given.jwt, now)
                return given.identity_id

            return await self._log_in(given.organisation_slug, vouch)

        return log_in

    async def aws(self, request: Request) -> Response:
        given = validation.aws_log_in(validation.decode_body(request, await request.body()))

        def vouch(db: sqlite3.Connection) -> str:
            vouchers.verify_signed_request(db, given.identity_id, given.body, given.headers)
            return given.identity_id

        return await self._log_in(given.organisation_slug, vouch)

    async def _log_in(self, organisation_slug: str | None, vouch: Vouch) -> Response:
        store, now = self.backend.store, self.backend.clock()

        def work(db: sqlite3.Connection) -> Grant | UnauthorizedError:
            identity = vouch(db)
            if isinstance(identity, UnauthorizedError):
                return identity
            if organisation_slug and organisation_slug != ORGANISATION[1]:
                raise NotFoundError(f"Organization with slug '{organisation_slug}' not found")
            return auth.new_token(db, store.installation.signing_key, identity, now, auth.rules_of(db, identity))

        return _granted(await store.write(work))

    async def renew(self, request: Request) -> Response:
        given = validation.access_token(validation.decode_body(request, await request.body()))
        store, now = self.backend.store, self.backend.clock()
        return _granted(await store.write(lambda db: auth.renewed(db, store.installation.signing_key, given, now)))

    async def revoke(self, request: Request) -> Response:
        given = validation.access_token(validation.decode_body(request, await request.body()))
        store, now = self.backend.store, self.backend.clock()
        await store.write(lambda db: auth.revoke(db, store.installation.signing_key, given, now))
        return JSONResponse({"message": "Successfully revoked access token"})

    async def details(self, request: Request) -> Response:
        organisation_id = await self.backend.authorised(request, self._organisation_id)
        name, slug = ORGANISATION
        organisation = {"id": organisation_id, "name": name, "slug": slug}
        return JSONResponse({"identityDetails": {"organization": organisation}})

    def _organisation_id(self, _db: sqlite3.Connection) -> str:
        return self.backend.store.installation.organisation_id


def _granted(outcome: Grant | ApiError) -> Response:
    """The answer to a log-in or a renewal. Raises the refusal, now that what it wrote is kept."""
    if isinstance(outcome, ApiError):
        raise outcome
    lifetime = {"expiresIn": outcome.expires_in, "accessTokenMaxTTL": outcome.max_ttl}
    return JSONResponse({"accessToken": outcome.token, **lifetime, "tokenType": "Bearer"})
