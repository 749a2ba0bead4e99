"""What every group of routes works with, and the one way a request gets from its token to the database."""

import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response

from reconciler.embedded.auth import Token, count_use, read_token, require_live
from reconciler.embedded.build import CURRENT, Build
from reconciler.embedded.orgs import Org
from reconciler.embedded.permissions import Permissions
from reconciler.embedded.store import Store

Work = TypeVar("Work")


@dataclass(frozen=True, slots=True)
class Backend:
    """The database, the Salesforce orgs that credentials are tried on, and the clock."""

    store: Store
    orgs: tuple[Org, ...] = ()
    clock: Callable[[], float] = time.time
    build: Build = CURRENT

    async def authorised(self, request: Request, work: Callable[[sqlite3.Connection], Work], *, writing: bool = False) -> Work:
        """Runs `work` once the bearer token is found good, both in one visit to a worker thread.

        Reading the body and the path belongs into `work`: Infisical looks at the token first. Raises
        UnauthorizedError, AuthModeError, TokenError, and what `work` raises.
        """

        def unasked(db: sqlite3.Connection, _permissions: Permissions) -> Work:
            return work(db)

        return await self.permitted(request, unasked, writing=writing)

    async def permitted(
        self, request: Request, work: Callable[[sqlite3.Connection, Permissions], Work], *, writing: bool = False
    ) -> Work:
        """As `authorised`, for work that looks at what the identity may do."""

        def visit() -> Work:
            token = self.token(request)
            if token.limited:
                with self.store.writing() as db:
                    count_use(db, token)
            with self.store.writing() if writing else self.store.reading() as db:
                return work(db, require_live(db, token))

        return await to_thread.run_sync(visit)

    def token(self, request: Request) -> Token:
        """The token a request brings, which may be revoked (blocks: for worker threads). Raises as `read_token` does."""
        return read_token(request.headers.get("authorization"), self.store.installation.signing_key, self.clock)


def json_answer(body: str) -> Response:
    """200 with a body that is JSON already. Infisical: every success is a 200, creation too."""
    return Response(body, media_type="application/json; charset=utf-8")
