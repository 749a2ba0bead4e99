"""A Date header on every answer.

The front end of a real server sends this header, and clients measure the difference between the clocks with it. An app
that is called in process has no front end, so it sends the header itself.
"""

from email.utils import formatdate

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class DateHeader:
    """ASGI middleware that adds a Date header to each answer that has none.

    A server that adds its own header does so later and cannot see this one. Run uvicorn with `date_header=False`, or each
    answer has two.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).setdefault("date", formatdate(usegmt=True))
            await send(message)

        await self.app(scope, receive, send_dated if scope["type"] == "http" else send)
