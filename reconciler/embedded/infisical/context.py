"""What every group of routes works with, and the one way from a request's token to the database."""

import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response

from reconciler.embedded.infisical.auth.tokens import Token, count_use, read_token, require_live
from reconciler.embedded.infisical.builds import CURRENT, Build
from reconciler.embedded.infisical.database.store import Store
from reconciler.embedded.infisical.permissions import Permissions
from reconciler.embedded.salesforce import SimulatedOrg

Work = TypeVar("Work")


@dataclass(frozen=True, slots=True)
class ApiContext:
    """The database, the Salesforce orgs that credentials are tried on, the clock, and the build that the API behaves as."""

    store: Store
    orgs: tuple[SimulatedOrg, ...] = ()
    clock: Callable[[], float] = time.time
    build: Build = CURRENT

    async def run_authorised(
        self, request: Request, work: Callable[[sqlite3.Connection], Work], *, writing: bool = False
    ) -> Work:
        """Check the bearer token and run `work`, both in one visit to a worker thread.

        Infisical checks the token first, so `work` must be what reads the body and the path. Raises UnauthorizedError,
        AuthModeError, TokenError, and what `work` raises.
        """

        def without_permissions(db: sqlite3.Connection, _permissions: Permissions) -> Work:
            return work(db)

        return await self.run_permitted(request, without_permissions, writing=writing)

    async def run_permitted(
        self, request: Request, work: Callable[[sqlite3.Connection, Permissions], Work], *, writing: bool = False
    ) -> Work:
        """Do the same as `run_authorised`, for work that also checks what the identity may do."""

        def visit() -> Work:
            token = self.token(request)
            if token.limited:
                with self.store.writing() as db:
                    count_use(db, token)
            with self.store.writing() if writing else self.store.reading() as db:
                return work(db, require_live(db, token))

        return await to_thread.run_sync(visit)

    def token(self, request: Request) -> Token:
        """Return the token that a request brings, which may be revoked. Blocks. Raises as `read_token` does."""
        return read_token(request.headers.get("authorization"), self.store.installation.signing_key, self.clock)


def json_answer(body: str) -> Response:
    """Return a 200 with a body that is already JSON. Infisical: every success is a 200, a creation too."""
    return Response(body, media_type="application/json; charset=utf-8")
