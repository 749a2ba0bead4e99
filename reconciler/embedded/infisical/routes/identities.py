"""The routes of machine identities: log in, renew and revoke a token, and ask for the organisation."""

import sqlite3
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from reconciler.embedded.infisical.auth.identities import token_rules_of, verify_client
from reconciler.embedded.infisical.auth.tokens import IssuedToken, new_token, renew_token, revoke_token
from reconciler.embedded.infisical.auth.vouchers import AWS_METHOD, JWT_METHODS, verify_jwt, verify_signed_request
from reconciler.embedded.infisical.context import ApiContext
from reconciler.embedded.infisical.errors import ApiError, NotFoundError, UnauthorizedError
from reconciler.embedded.infisical.requests.bodies import (
    decode_body,
    parse_access_token,
    parse_aws_log_in,
    parse_jwt_log_in,
    parse_universal_log_in,
)

_ORGANISATION_NAME = "Embedded"
_ORGANISATION_SLUG = "embedded"
_Vouch = Callable[[sqlite3.Connection], str | UnauthorizedError]
"""Returns the id of the identity that logs in, or the refusal. A returned refusal does not undo what was counted."""


class IdentityRoutes:
    """The handlers. `routes` gives the routes that the app serves, relative to `/api/v1`."""

    def __init__(self, context: ApiContext) -> None:
        self.context = context

    def routes(self) -> list[Route]:
        with_jwt = [Route(f"/auth/{method}/login", self._with_jwt(method), methods=["POST"]) for method in JWT_METHODS]
        return [
            Route("/auth/universal-auth/login", self.universal, methods=["POST"]),
            *with_jwt,
            Route(f"/auth/{AWS_METHOD}/login", self.aws, methods=["POST"]),
            Route("/auth/token/renew", self.renew, methods=["POST"]),
            Route("/auth/token/revoke", self.revoke, methods=["POST"]),
            *([Route("/identities/details", self.details)] if self.context.build.details else []),
        ]

    async def universal(self, request: Request) -> Response:
        given = parse_universal_log_in(decode_body(request, await request.body()))
        now = self.context.clock()

        def vouch(db: sqlite3.Connection) -> str | UnauthorizedError:
            return verify_client(db, given.client_id, given.client_secret, now)

        return await self._log_in(given.organisation_slug, vouch)

    def _with_jwt(self, method: str) -> Callable[[Request], object]:
        async def log_in(request: Request) -> Response:
            given = parse_jwt_log_in(decode_body(request, await request.body()))
            now = self.context.clock()

            def vouch(db: sqlite3.Connection) -> str:
                verify_jwt(db, method, given.identity_id, given.jwt, now)
                return given.identity_id

            return await self._log_in(given.organisation_slug, vouch)

        return log_in

    async def aws(self, request: Request) -> Response:
        given = parse_aws_log_in(decode_body(request, await request.body()))

        def vouch(db: sqlite3.Connection) -> str:
            verify_signed_request(db, given.identity_id, given.body, given.headers)
            return given.identity_id

        return await self._log_in(given.organisation_slug, vouch)

    async def _log_in(self, organisation_slug: str | None, vouch: _Vouch) -> Response:
        store, now = self.context.store, self.context.clock()

        def work(db: sqlite3.Connection) -> IssuedToken | UnauthorizedError:
            identity = vouch(db)
            if isinstance(identity, UnauthorizedError):
                return identity
            if organisation_slug and organisation_slug != _ORGANISATION_SLUG:
                raise NotFoundError(f"Organization with slug '{organisation_slug}' not found")
            return new_token(db, store.installation.signing_key, identity, now, token_rules_of(db, identity))

        return _token_response(await store.write(work))

    async def renew(self, request: Request) -> Response:
        given = parse_access_token(decode_body(request, await request.body()))
        store, now = self.context.store, self.context.clock()
        return _token_response(await store.write(lambda db: renew_token(db, store.installation.signing_key, given, now)))

    async def revoke(self, request: Request) -> Response:
        given = parse_access_token(decode_body(request, await request.body()))
        store, now = self.context.store, self.context.clock()
        await store.write(lambda db: revoke_token(db, store.installation.signing_key, given, now))
        return JSONResponse({"message": "Successfully revoked access token"})

    async def details(self, request: Request) -> Response:
        organisation_id = await self.context.run_authorised(request, self._organisation_id)
        organisation = {"id": organisation_id, "name": _ORGANISATION_NAME, "slug": _ORGANISATION_SLUG}
        return JSONResponse({"identityDetails": {"organization": organisation}})

    def _organisation_id(self, _db: sqlite3.Connection) -> str:
        return self.context.store.installation.organisation_id


def _token_response(outcome: IssuedToken | ApiError) -> Response:
    """Return the answer to a log-in or a renewal. Raises the refusal, after the transaction has kept its counts."""
    if isinstance(outcome, ApiError):
        raise outcome
    lifetime = {"expiresIn": outcome.expires_in, "accessTokenMaxTTL": outcome.max_ttl}
    return JSONResponse({"accessToken": outcome.token, **lifetime, "tokenType": "Bearer"})
