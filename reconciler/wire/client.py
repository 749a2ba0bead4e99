"""An HTTP client for a JSON API: time-outs, retries of what is safe to repeat, and one pause for rate limits.

A read is repeated when it fails; a write only when it was certainly not carried out (never sent, or answered 429).
"""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import anyio
import httpx

from reconciler import __version__
from reconciler.model import Secret
from reconciler.wire.errors import AnswerLost, NotAnAnswer, NotSent, Throttled
from reconciler.wire.pause import SharedPause, asked_for, backoff

READ_ATTEMPTS = 4
THROTTLED_ATTEMPTS = 8
CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 60.0
VALIDATION_SECONDS = 120.0
"""Infisical logs in to Salesforce before it answers some writes, and tries again when that fails."""

_SAFE = frozenset({"GET", "HEAD"})
_REPEATED_STATUSES = frozenset({500, 502, 503, 504})


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

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> Answer:
        """Send one request and return its answer, whatever its status. No body: no content type.

        Raises `NotSent`, `AnswerLost`, `NotAnAnswer` or `Throttled`.
        """
        attempt = throttled = 0
        while True:
            await self._pause.wait()
            try:
                response = await self._send(method, path, query, body, answer_seconds)
            except (NotSent, AnswerLost) as failure:
                attempt += 1
                repeat = isinstance(failure, NotSent) or method in _SAFE
                if not repeat or attempt >= READ_ATTEMPTS:
                    raise
                await anyio.sleep(backoff(attempt))
                continue
            if response.status_code == 429:
                throttled += 1
                if throttled >= THROTTLED_ATTEMPTS:
                    raise Throttled(
                        f"{self.url} still limits the rate of requests after {throttled} pauses.",
                        "run again later, or ask for a higher limit",
                    )
                self._pause.extend(asked_for(response.headers, response.content, throttled))
                continue
            if response.status_code in _REPEATED_STATUSES and method in _SAFE and attempt + 1 < READ_ATTEMPTS:
                attempt += 1
                await anyio.sleep(backoff(attempt))
                continue
            return self._answer(method, response)

    async def _send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        body: Mapping[str, Any] | None,
        answer_seconds: float,
    ) -> httpx.Response:
        headers = {"accept": "application/json"}
        if self._bearer is not None:
            headers["authorization"] = f"Bearer {self._bearer.reveal()}"
        content = None
        if body is not None:
            headers["content-type"] = "application/json"
            content = json.dumps(body).encode()
        timeout = httpx.Timeout(answer_seconds, connect=CONNECT_SECONDS, pool=None)
        try:
            return await self._http.request(method, path, params=query, headers=headers, content=content, timeout=timeout)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError, httpx.UnsupportedProtocol) as failure:
            raise NotSent(
                f"{self.url} cannot be reached: {_why(failure)}.",
                "check the address, the network, a proxy (HTTPS_PROXY) and the certificate (SSL_CERT_FILE)",
            ) from None
        except httpx.TimeoutException:
            raise AnswerLost(f"{self.url} did not answer within {answer_seconds:.0f} s.", "run again later") from None
        except (httpx.TransportError, httpx.DecodingError, httpx.InvalidURL) as failure:
            raise AnswerLost(f"The connection to {self.url} broke: {_why(failure)}.", "run again") from None

    def _answer(self, method: str, response: httpx.Response) -> Answer:
        date = response.headers.get("date", "")
        if 300 <= response.status_code < 400:
            host = httpx.URL(response.headers.get("location", "")).host or self._endpoint.url
            raise self._not_an_answer(
                response, f"redirects to {host}", "use the address it redirects to, or log in to the proxy"
            )
        try:
            return Answer(response.status_code, json.loads(response.content), date)
        except ValueError:
            pass
        if method not in _SAFE and response.status_code >= 500:
            raise AnswerLost(f"{self.url} answered {response.status_code} without a reason.", "run again")
        raise self._not_an_answer(
            response,
            f"answered {response.status_code} with {_first_line(response)}",
            "check that infisical.url is the address of Infisical itself; a proxy or a log-in page may stand before it",
        )

    def _not_an_answer(self, response: httpx.Response, what: str, hint: str) -> NotAnAnswer:
        return NotAnAnswer(f"{self.url} {what}, which is not Infisical's API.", hint, response.status_code)


@asynccontextmanager
async def connect(endpoint: Endpoint) -> AsyncIterator[Client]:
    """Open a client for `endpoint` and close it afterwards. Proxies and certificates come from the usual variables."""
    in_process = endpoint.app is not None
    transport = httpx.ASGITransport(app=endpoint.app, raise_app_exceptions=False) if endpoint.app is not None else None
    async with httpx.AsyncClient(
        base_url=endpoint.url,
        transport=transport,
        trust_env=not in_process,
        follow_redirects=False,
        headers={"user-agent": f"infisical-reconciler/{__version__}"},
        limits=httpx.Limits(max_connections=32, max_keepalive_connections=32),
    ) as http:
        yield Client(http, endpoint)


def _why(failure: Exception) -> str:
    text = str(failure).strip().rstrip(".")
    return text or type(failure).__name__


def _first_line(response: httpx.Response) -> str:
    """What a person recognises a page by, with control characters made visible."""
    text = response.text.strip()
    if not text:
        return "an empty body"
    line = text.splitlines()[0][:80]
    shown = "".join(char if char.isprintable() else "�" for char in line)
    return f"`{shown}`"
