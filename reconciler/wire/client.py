"""An HTTP client for a JSON API: time-outs, retries of what is safe to repeat, and one pause for rate limits.

A read is repeated when it fails; a write only when it was certainly not carried out (never sent, or answered 429).
"""

import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import anyio
import httpx

from reconciler import __version__
from reconciler.model import Secret
from reconciler.wire.errors import AnswerLost, NotAnAnswer, NotSent, Throttled
from reconciler.wire.pause import SharedPause, asked_for, backoff
from reconciler.wire.words import printable, repeats

READ_ATTEMPTS = 4
THROTTLED_ATTEMPTS = 8
CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 60.0
VALIDATION_SECONDS = 120.0
"""Infisical logs in to Salesforce before it answers some writes, and tries again when that fails."""
LARGEST_ANSWER = 64 * 1024 * 1024
"""In bytes. Ten thousand connections are about 6 MB; what goes on beyond this is not the API."""

_SAFE = frozenset({"GET", "HEAD"})
_REPEATED_STATUSES = frozenset({500, 502, 503, 504})
_ENCODED = frozenset({"content-encoding", "content-length", "transfer-encoding"})
_REACH = "check the address, the network, a proxy (HTTPS_PROXY, NO_PROXY) and the certificate (SSL_CERT_FILE)"
_ITSELF = "check that infisical.url is the address of Infisical itself; a proxy or a log-in page may stand before it"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a client sends: a base URL, and an ASGI app when it is answered in process instead of over the network."""

    url: str
    app: Callable[..., Any] | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A JSON answer of the API. `date` is the server's clock (HTTP date), "" when it sent none."""

    status: int
    body: Any
    date: str


@dataclass(frozen=True, slots=True)
class _Received:
    """What came back, read to its end or to the largest an answer can be."""

    status: int
    headers: httpx.Headers
    content: bytes


class Client:
    """Sends requests to one endpoint. Safe for many tasks at once. Made by `connect`."""

    def __init__(self, http: httpx.AsyncClient, endpoint: Endpoint) -> None:
        self._http = http
        self._endpoint = endpoint
        self._pause = SharedPause()
        self._bearer: Secret | None = None

    @property
    def url(self) -> str:
        """The base URL, for messages."""
        return self._endpoint.url

    def authorise(self, token: Secret) -> None:
        """Send `token` as the bearer of every request from now on."""
        self._bearer = token

    def repeats_a_secret(self, text: str, secrets: Sequence[Secret] = ()) -> bool:
        """Tell whether `text`, which a server chose, holds the bearer or one of `secrets`."""
        return repeats(text, (*secrets, self._bearer) if self._bearer else secrets)

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        secrets: Sequence[Secret] = (),
        answer_seconds: float = ANSWER_SECONDS,
    ) -> Answer:
        """Send one request and return its answer, whatever its status. No body: no content type.

        `secrets` are those in `body`: no error repeats them. Raises `NotSent`, `AnswerLost`, `NotAnAnswer` or `Throttled`.
        """
        attempt = throttled = 0
        while True:
            await self._pause.wait()
            try:
                response = await self._send(method, path, query, body, secrets, answer_seconds)
            except (NotSent, AnswerLost) as failure:
                attempt += 1
                repeat = isinstance(failure, NotSent) or method in _SAFE
                if not repeat or attempt >= READ_ATTEMPTS:
                    raise
                await anyio.sleep(backoff(attempt))
                continue
            if response.status == 429:
                throttled += 1
                if throttled >= THROTTLED_ATTEMPTS:
                    raise Throttled(
                        f"{self.url} still limits the rate of requests after {throttled} pauses.",
                        "run again later, or ask for a higher limit",
                    )
                self._pause.extend(asked_for(response.headers, response.content, throttled))
                continue
            if response.status in _REPEATED_STATUSES and method in _SAFE and attempt + 1 < READ_ATTEMPTS:
                attempt += 1
                await anyio.sleep(backoff(attempt))
                continue
            return self._answer(method, response, secrets)

    async def _send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        body: Mapping[str, Any] | None,
        secrets: Sequence[Secret],
        answer_seconds: float,
    ) -> _Received:
        headers = {"accept": "application/json"}
        if self._bearer is not None:
            headers["authorization"] = f"Bearer {self._sendable(self._bearer).reveal()}"
        content = None
        if body is not None:
            headers["content-type"] = "application/json"
            content = json.dumps(body).encode()
        timeout = httpx.Timeout(answer_seconds, connect=CONNECT_SECONDS, pool=None)
        try:
            request = self._http.build_request(method, path, params=query, headers=headers, content=content, timeout=timeout)
            response = await self._http.send(request, stream=True)
            try:
                return await _whole(response)
            finally:
                await response.aclose()
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError, httpx.UnsupportedProtocol) as failure:
            raise NotSent(f"{self.url} cannot be reached: {self._why(failure, secrets)}.", _REACH) from None
        except httpx.LocalProtocolError:
            # Its words quote what was to be sent.
            raise NotSent(f"The request to {self.url} is not valid HTTP and was not sent.", _REACH) from None
        except httpx.TimeoutException:
            raise AnswerLost(f"{self.url} did not answer within {answer_seconds:.0f} s.", "run again later") from None
        except (httpx.TransportError, httpx.DecodingError) as failure:
            raise AnswerLost(f"The connection to {self.url} broke: {self._why(failure, secrets)}.", "run again") from None

    def _sendable(self, token: Secret) -> Secret:
        """A header is one line of ASCII; the HTTP library would quote the token when it refuses it."""
        text = token.reveal()
        if text.isascii() and text.isprintable() and " " not in text:
            return token
        raise NotSent(
            f"The token for {self.url} cannot be sent: it holds a blank, a line break or a character beyond ASCII.",
            "set it again: one line, and nothing but the token",
        )

    def _answer(self, method: str, response: _Received, secrets: Sequence[Secret]) -> Answer:
        if 300 <= response.status < 400:
            raise self._not_an_answer(
                response,
                f"redirects to {self._target(response, secrets)}",
                "use the address it redirects to, or log in to the proxy",
            )
        if len(response.content) > LARGEST_ANSWER:
            raise self._not_an_answer(response, "answered more than an answer can be", _ITSELF)
        try:
            return Answer(response.status, json.loads(response.content), response.headers.get("date", ""))
        except (ValueError, RecursionError):
            pass
        if method not in _SAFE and response.status >= 500:
            raise AnswerLost(f"{self.url} answered {response.status} without a reason.", "run again")
        raise self._not_an_answer(response, f"answered {response.status} with {self._first_line(response, secrets)}", _ITSELF)

    def _not_an_answer(self, response: _Received, what: str, hint: str) -> NotAnAnswer:
        return NotAnAnswer(f"{self.url} {what}, which is not Infisical's API.", hint, response.status)

    def _target(self, response: _Received, secrets: Sequence[Secret]) -> str:
        try:
            host = httpx.URL(response.headers.get("location", "")).host
        except httpx.InvalidURL:
            host = ""
        return printable(host) if host and not self.repeats_a_secret(host, secrets) else "another address"

    def _why(self, failure: Exception, secrets: Sequence[Secret]) -> str:
        """The library's words; they can quote what a server sent."""
        text = str(failure).strip().rstrip(".")
        return type(failure).__name__ if not text or self.repeats_a_secret(text, secrets) else printable(text)

    def _first_line(self, response: _Received, secrets: Sequence[Secret]) -> str:
        """What a person recognises a page by. The whole page is searched for secrets, before anything is cut."""
        text = response.content.decode("utf-8", "replace").strip()
        if not text:
            return "an empty body"
        if self.repeats_a_secret(text, secrets):
            return "a page that repeats a credential and is not shown"
        return f"`{printable(text.splitlines()[0], 80)}`"


async def _whole(response: httpx.Response) -> _Received:
    """Read the body, but not endlessly."""
    content = bytearray()
    async for chunk in response.aiter_bytes():
        content += chunk
        if len(content) > LARGEST_ANSWER:
            break
    plain = [(name, value) for name, value in response.headers.multi_items() if name not in _ENCODED]
    return _Received(response.status_code, httpx.Headers(plain), bytes(content))


@asynccontextmanager
async def connect(endpoint: Endpoint) -> AsyncIterator[Client]:
    """Open a client for `endpoint` and close it afterwards. Proxies and certificates come from the usual variables.

    Raises `NotSent` when the address or one of those variables cannot be used.
    """
    try:
        http = _open(endpoint)
    except (httpx.InvalidURL, ValueError, ImportError, OSError) as unusable:
        raise NotSent(f"{endpoint.url} cannot be reached: {printable(str(unusable)).rstrip('.')}.", _REACH) from None
    async with http:
        yield Client(http, endpoint)


def _open(endpoint: Endpoint) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=endpoint.app, raise_app_exceptions=False) if endpoint.app is not None else None
    return httpx.AsyncClient(
        base_url=endpoint.url,
        transport=transport,
        trust_env=endpoint.app is None,
        follow_redirects=False,
        headers={"user-agent": f"infisical-reconciler/{__version__}"},
        limits=httpx.Limits(max_connections=32, max_keepalive_connections=32),
    )
