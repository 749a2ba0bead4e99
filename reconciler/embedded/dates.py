"""The one clock format of HTTP headers and JSON bodies, and a Date on every answer.

A real server's front end sends Date and clients measure clock skew with it; in process there is no front end.
"""

from datetime import UTC, datetime, timedelta
from email.utils import formatdate

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class DateHeader:
    """ASGI middleware: adds Date to a response that has none.

    A server that adds its own does so afterwards, unseen from here: run uvicorn with `date_header=False`.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).setdefault("date", formatdate(usegmt=True))
            await send(message)

        await self.app(scope, receive, send_dated if scope["type"] == "http" else send)


def timestamp(seconds: float) -> str:
    """ISO-8601 in UTC with milliseconds and a Z, as Infisical writes it; such texts sort by time."""
    return _written(datetime.fromtimestamp(seconds, UTC))


def later_timestamp(seconds: float, than: str) -> str:
    """`timestamp(seconds)`, or a millisecond after `than` if the clock has not passed it: `updatedAt` always moves."""
    now = timestamp(seconds)
    return now if now > than else _written(datetime.fromisoformat(than) + timedelta(milliseconds=1))


def _written(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
