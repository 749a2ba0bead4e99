"""Asks many hosts, and sends each request once: a second try of a failed log-in would count as a second failed log-in.

Simulated hosts can answer instead: at one loopback address that stands for all hosts, or in an app in this process.
"""

import json
import socket
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import anyio
import httpx

from reconciler.model import Secret
from reconciler.wire import tls
from reconciler.wire.answers import receive
from reconciler.wire.decoding import UNPACKED_WRONGLY, Undecodable
from reconciler.wire.errors import AnswerLost, NotSent, Unresolved
from reconciler.wire.headers import user_agent
from reconciler.wire.transport import REACH, Endpoint, Transport, open_transport
from reconciler.wire.words import printable, repeats

_CONNECT_SECONDS = 10.0
_EXTENSIONS = {"timeout": {"connect": _CONNECT_SECONDS, "read": None, "write": None, "pool": None}}
HALF = "an incomplete answer, which is not shown"
_FORM = b"application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Stand:
    """What answers instead of every host: `url` over the network, or `app`. The header `Host` has the name of the host.

    Messages call it `name`, or its `url` if it has none. `knows` tells which hosts exist. Any other host does not resolve.
    """

    url: str
    name: str = ""
    app: Callable[..., Any] | None = None
    knows: Callable[[str], bool] = field(default=lambda _: True)


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back.

    `json` is the body, None if it is not JSON. `page` describes any other body for a person. `location` is the host that a
    redirect leads to, "" without one. `repeats_a_secret` tells whether the answer has one of the secrets of the request, in any
    spelling. `page` and `location` never have one. A text of `json` may have one: then show none of it.
    """

    status: int
    json: Any = field(repr=False)
    page: str
    location: str
    repeats_a_secret: bool = False


class Asker:
    """Asks hosts over https, or what answers instead of them. Many tasks may use it at once. `asking` makes it."""

    def __init__(self, stack: AsyncExitStack, way: Transport, stand: Stand | None, run_url: str) -> None:
        self._stack = stack
        self._way = way
        self._stand = stand
        self._agent = user_agent(run_url)
        self._transports: dict[str, httpx.AsyncBaseTransport] = {}
        self._opening = anyio.Lock()

    @property
    def stand(self) -> str:
        """What answers instead of all hosts, "" if the hosts themselves answer."""
        return self._stand.name or self._stand.url if self._stand else ""

    def uses_proxy(self, host: str) -> bool:
        """Tell whether requests to `host` go through a proxy. If so, the proxy looks up the name."""
        return self._stand is None and self._way.proxy(f"https://{host}") is not None

    async def get(self, host: str, path: str, *, seconds: float) -> Reply:
        """Ask without a body. It raises the same errors as `post`."""
        return await self._ask("GET", host, path, None, (), seconds)

    async def post(self, host: str, path: str, form: Mapping[str, str], secrets: Sequence[Secret], *, seconds: float) -> Reply:
        """Send `form`, whose values may be `secrets`, and return the reply, whatever its status. It follows no redirect.

        Raises `Unresolved` if there is no such host, `Untrusted` if TLS fails, `NotSent` if no server listens there,
        `AnswerLost` if no whole answer came within `seconds`.
        """
        return await self._ask("POST", host, path, urlencode(form).encode(), secrets, seconds)

    async def _ask(
        self, method: str, host: str, path: str, content: bytes | None, secrets: Sequence[Secret], seconds: float
    ) -> Reply:
        if self._stand is not None and not self._stand.knows(host):
            raise Unresolved(f"{host} is not one of the simulated hosts.", "add it to the file of simulated orgs")
        base = self._stand.url if self._stand else f"https://{host}"
        headers = [(b"Host", host.encode()), (b"Accept", b"application/json"), (b"User-Agent", self._agent.encode())]
        if content is not None:
            headers.append((b"Content-Type", _FORM))
        request = httpx.Request(method, f"{base}{path}", headers=headers, content=content, extensions=_EXTENSIONS)
        try:
            with anyio.fail_after(seconds):
                transport = await self._transport(base)
                came = await receive(await transport.handle_async_request(request))
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError, httpx.UnsupportedProtocol) as failure:
            raise _unreached(failure, base, host, (*secrets, *self._way.secrets(base))) from None
        except (TimeoutError, httpx.TimeoutException):
            raise AnswerLost(f"{host} did not answer within {seconds:.0f} s.", "run again later") from None
        except Undecodable as failure:
            raise AnswerLost(f"{host} answered with {failure}.", UNPACKED_WRONGLY) from None
        except (httpx.HTTPError, OSError) as failure:
            distrust = tls.explain_tls_failure(failure, base, host)
            raise distrust or AnswerLost(f"The connection to {host} broke before it answered.", "run again later") from None
        text = came.content.decode("utf-8", "replace")
        parsed = _parsed(came.content)
        location = _host(came.headers.get("location", ""))
        told = any(repeats(shown, secrets) for shown in (text, location, *_strings(parsed)))
        return Reply(
            status=came.status,
            json=parsed,
            page="a page that is not shown because it repeats a credential" if told else _page(text, parsed),
            location="" if told else location,
            repeats_a_secret=told,
        )

    async def _transport(self, base: str) -> httpx.AsyncBaseTransport:
        """Return the pool of connections for a proxy, or the one for the direct way."""
        proxy = None if self._stand else self._way.proxy(base)
        key = proxy[1].reveal() if proxy else ""
        async with self._opening:
            if key not in self._transports:
                app = self._stand.app if self._stand else None
                way = Transport() if self._stand else self._way
                self._transports[key] = await self._stack.enter_async_context(open_transport(Endpoint(base, app), way))
        return self._transports[key]


@asynccontextmanager
async def asking(transport: Transport, stand: Stand | None = None, *, run_url: str = "") -> AsyncIterator[Asker]:
    """Open an `Asker` for the block. `transport` is the way to real hosts."""
    async with AsyncExitStack() as stack:
        yield Asker(stack, transport, stand, run_url)


def _unreached(failure: Exception, base: str, host: str, secrets: Sequence[Secret]) -> NotSent:
    link: BaseException | None = failure
    while link is not None:
        if isinstance(link, socket.gaierror):
            return Unresolved(f"{host} does not resolve: {printable(str(link.strerror))}.", "check the spelling")
        link = link.__cause__ or link.__context__
    why = "it took too long" if isinstance(failure, httpx.ConnectTimeout) else printable(str(failure)).rstrip(".")
    if repeats(str(failure), secrets):  # a proxy chooses the words of its refusal
        why = ""
    return tls.explain_tls_failure(failure, base, host) or NotSent(
        f"{host} cannot be reached: {why or type(failure).__name__}.", REACH
    )


def _parsed(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def _strings(parsed: Any) -> list[str]:
    """Return the texts of an answer that a message can show: those of a JSON object, with their escapes undone."""
    return [value for value in parsed.values() if isinstance(value, str)] if isinstance(parsed, dict) else []


def _page(text: str, parsed: Any) -> str:
    """Describe a body for a person. A success that cannot be read may still contain a token, so it is not shown."""
    text = text.strip()
    if not text:
        return "an empty body"
    if parsed is not None:
        return "unexpected JSON"
    if text[0] in "{[" or "access_token" in text:
        return HALF
    return f"`{printable(text.splitlines()[0], 80)}`"


def _host(location: str) -> str:
    try:
        return printable(httpx.URL(location).host, 100)
    except httpx.InvalidURL:
        return ""
