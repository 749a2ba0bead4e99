"""Infisical: each answer to a GET has an ETag. A client that already has that content gets a 304 without a body."""

import hashlib

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Etags:
    """ASGI middleware that adds the ETags. The app behind it must send each body as one message."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        had = Headers(scope=scope).get("if-none-match")
        head: Message = {}

        async def sending(message: Message) -> None:
            nonlocal head
            if message["type"] == "http.response.start":
                head = message
                return
            if head and head["status"] == 200:
                tag = f'"{hashlib.sha1(message.get("body", b""), usedforsecurity=False).hexdigest()}"'
                headers = MutableHeaders(scope=head)
                headers["etag"] = tag
                if had in (tag, f"W/{tag}"):
                    del headers["content-length"]
                    head, message = {**head, "status": 304}, {**message, "body": b""}
            if head:
                await send(head)
                head = {}
            await send(message)

        await self._app(scope, receive, sending)
