"""Makes requests fail on purpose, as a network or a busy server would: for testing clients against a served API."""

from collections.abc import Callable, Mapping
from enum import StrEnum

import anyio
from starlette.types import ASGIApp, Message, Receive, Scope, Send

Drop = Callable[[tuple[str, int]], None]
"""Breaks the connection of the client at this address, at once and without an answer."""

_ERROR = b'{"reqId":"req-00000000000000","statusCode":500,"message":"Something went wrong","error":"InternalServerError"}'
_PAGE = b"<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head><body>Bad Gateway</body></html>\n"
_BUSY = b"upstream connect error or disconnect/reset before headers\n"


class Fault(StrEnum):
    """One way a request fails. With a name that ends in `AFTER`, the server carries the request out before it fails."""

    DROP = "drop"
    DROP_AFTER = "drop-after"
    ERROR = "500"
    ERROR_AFTER = "500-after"
    UNAVAILABLE = "503"
    TRUNCATE_AFTER = "truncate-after"
    HTML = "html"


class Faulty:
    """ASGI middleware that lets some requests fail.

    `chances` are the probabilities of the faults, together at most 1. Each request draws one number from `draw`, which
    gives numbers in [0, 1). Every request first waits for `delay_seconds`.
    """

    def __init__(
        self, app: ASGIApp, chances: Mapping[Fault, float], drop: Drop, draw: Callable[[], float], delay_seconds: float = 0
    ) -> None:
        self._app = app
        self._chances = dict(chances)
        self._drop = drop
        self._draw = draw
        self._delay_seconds = delay_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if self._delay_seconds:
            await anyio.sleep(self._delay_seconds)
        match self._draw_fault():
            case None:
                await self._app(scope, receive, send)
            case Fault.DROP:
                await self._hang_up(scope, receive)
            case Fault.DROP_AFTER:
                await self._app(scope, receive, _discard)
                await self._hang_up(scope, receive)
            case Fault.ERROR:
                await _answer(send, 500, "application/json; charset=utf-8", _ERROR)
            case Fault.ERROR_AFTER:
                await self._app(scope, receive, _discard)
                await _answer(send, 500, "application/json; charset=utf-8", _ERROR)
            case Fault.UNAVAILABLE:
                await _answer(send, 503, "text/plain", _BUSY)
            case Fault.TRUNCATE_AFTER:
                await self._app(scope, receive, _first_half(send))
                await self._hang_up(scope, receive)
            case Fault.HTML:
                await _answer(send, 502, "text/html", _PAGE)

    def _draw_fault(self) -> Fault | None:
        left = self._draw()
        for fault, chance in self._chances.items():
            if left < chance:
                return fault
            left -= chance
        return None

    async def _hang_up(self, scope: Scope, receive: Receive) -> None:
        """Break the connection and wait until the server has noticed, so that it sends no answer of its own."""
        self._drop(tuple(scope["client"]))
        while (await receive())["type"] != "http.disconnect":
            pass


async def _discard(_message: Message) -> None:
    """Drop a message of an answer that the client never gets."""


def _first_half(send: Send) -> Send:
    """Return a `send` that passes on the head, which promises the whole body, but only half of the body."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.body":
            body = message.get("body", b"")
            message = {**message, "body": body[: len(body) // 2], "more_body": True}
        await send(message)

    return sending


async def _answer(send: Send, status: int, kind: str, body: bytes) -> None:
    headers = [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
