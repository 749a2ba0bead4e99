"""The rate limits of Infisical Cloud: a number of requests a minute, counted for each route and each client address."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from starlette.datastructures import MutableHeaders
from starlette.routing import BaseRoute, Match, Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reconciler.embedded.infisical.errors import RateLimitError, refusal_response

_UNCOUNTED = frozenset({401, 403, 404})
"""Infisical checks the token before it counts. These answers have no headers of the limiter and do not count."""


@dataclass(frozen=True, slots=True)
class RateLimits:
    """How many requests a window allows, by kind of route. None is no limit.

    Infisical: the window is a minute, and a log-in or a renewal counts as a write.
    """

    read: int | None = None
    write: int | None = None
    secrets: int | None = None
    window_seconds: float = 60

    def of(self, method: str, path: str) -> int | None:
        """Return the limit of a route, which `path` names by its template."""
        if "/secrets" in path:
            return self.secrets
        return self.read if method in {"GET", "HEAD"} else self.write


@dataclass(slots=True)
class _Bucket:
    began: float
    used: int = 0


class RateLimited:
    """ASGI middleware in front of an app that has these routes. `clock` gives seconds since the epoch."""

    def __init__(self, app: ASGIApp, routes: Sequence[BaseRoute], limits: RateLimits, clock: Callable[[], float]) -> None:
        self._app = app
        self._routes = routes
        self._limits = limits
        self._clock = clock
        self._buckets: dict[tuple[str, str, str], _Bucket] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        template = _template(self._routes, scope) if scope["type"] == "http" else ""
        limit = self._limits.of(scope["method"], template) if template and template != "/api/status" else None
        if limit is None:
            await self._app(scope, receive, send)
            return
        bucket = self._bucket((scope["method"], template, (scope["client"] or ("", 0))[0]))
        bucket.used += 1
        left = max(1, math.ceil(bucket.began + self._limits.window_seconds - self._clock()))
        headers = {"x-ratelimit-limit": str(limit), "x-ratelimit-remaining": str(max(0, limit - bucket.used))}
        headers["x-ratelimit-reset"] = str(left)
        if bucket.used > limit:
            headers["retry-after"] = str(left)
            await refusal_response(RateLimitError(left), headers)(scope, receive, send)
            return

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                if message["status"] in _UNCOUNTED:
                    bucket.used -= 1
                else:
                    MutableHeaders(scope=message).update(headers)
            await send(message)

        await self._app(scope, receive, sending)

    def _bucket(self, key: tuple[str, str, str]) -> _Bucket:
        now = self._clock()
        bucket = self._buckets.get(key)
        if bucket is None or now >= bucket.began + self._limits.window_seconds:
            bucket = self._buckets[key] = _Bucket(now)
        return bucket


def _template(routes: Sequence[BaseRoute], scope: Scope) -> str:
    """Return the path template of the route that a request is for, or "" if there is none."""
    for route in routes:
        match, child = route.matches(scope)
        if match is Match.FULL:
            if isinstance(route, Mount):
                inner = _template(route.routes, {**scope, **child})
                if inner:
                    return route.path + inner
            elif isinstance(route, Route):
                return route.path
    return ""
