"""The rate limits of Infisical Cloud: so many requests a minute, for each route and each address they come from."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from starlette.datastructures import MutableHeaders
from starlette.routing import BaseRoute, Match, Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reconciler.embedded.errors import RateLimitError, refusal

_UNCOUNTED = frozenset({401, 403, 404})
"""Infisical: the limiter comes behind the look at the token; these answers carry no headers of it and count for nothing."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Requests a window by class, None for no limit. Infisical: a minute; a log-in and a renewal are writes (facts 4)."""

    read: int | None = None
    write: int | None = None
    secrets: int | None = None
    window_seconds: float = 60

    def of(self, method: str, path: str) -> int | None:
        """Return the limit of a route, given by its template."""
        if "/secrets" in path:
            return self.secrets
        return self.read if method in {"GET", "HEAD"} else self.write


@dataclass(slots=True)
class _Bucket:
    began: float
    used: int = 0


class RateLimited:
    """An ASGI app in front of another one with these routes. `clock` gives seconds since the epoch."""

    def __init__(self, app: ASGIApp, routes: Sequence[BaseRoute], limits: Limits, clock: Callable[[], float]) -> None:
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
            await refusal(RateLimitError(left), headers)(scope, receive, send)
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
        found = self._buckets.get(key)
        if found is None or now >= found.began + self._limits.window_seconds:
            found = self._buckets[key] = _Bucket(now)
        return found


def _template(routes: Sequence[BaseRoute], scope: Scope) -> str:
    """Return the path of the route that a request is for, its parameters unfilled; "" where there is none."""
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
