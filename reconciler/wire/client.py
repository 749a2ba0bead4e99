"""An HTTP client for a JSON API: time-outs, retries of what is safe to repeat, one pause for rate limits, one gate for all.

A read is repeated when it fails; a write only when it was certainly not carried out (never sent, limited, token refused).
"""

import json
import os
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import anyio
import httpx

from reconciler.model import Secret, Waiting, WaitReason
from reconciler.wire import tls
from reconciler.wire.answers import SAFE, Answer, Received, judged, received
from reconciler.wire.bearer import Bearer, Renew
from reconciler.wire.decoding import ACCEPTED, UNPACKED_WRONGLY, Undecodable
from reconciler.wire.errors import AnswerLost, NotSent, Throttled, Untrusted, WireError
from reconciler.wire.gate import Gate
from reconciler.wire.headers import is_header_value, user_agent
from reconciler.wire.log import Call, HttpLog
from reconciler.wire.pause import SharedPause, asked_for, backoff
from reconciler.wire.transport import REACH, Endpoint, Transport, opened
from reconciler.wire.words import printable, repeats

READ_ATTEMPTS = 4
THROTTLED_ATTEMPTS = 8
CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 60.0
VALIDATION_SECONDS = 120.0
"""Infisical logs in to Salesforce before it answers some writes, and tries again when that fails."""

_REPEATED_STATUSES = frozenset({500, 502, 503, 504})
_DISTRESS = frozenset({429, 503, 504})
_REMEMBERED = 256
_SHORTEST_SECRET = 8
"""In characters. A custom header can hold a plain word; one this short would withhold every sentence with it."""
_EXTENSIONS = {"timeout": {"connect": CONNECT_SECONDS, "read": None, "write": None, "pool": None}}
"""The rest is bounded as a whole: a server that sends one byte a minute never times out between two of them."""


@dataclass(frozen=True, slots=True)
class _Sent:
    """A request as it is tried, one time or more."""

    method: str
    path: str
    query: Mapping[str, str]
    content: bytes | None
    secrets: Sequence[Secret]
    seconds: float

    @property
    def write(self) -> bool:
        """Whether it can change something."""
        return self.method not in SAFE


@dataclass(slots=True)
class _Try:
    """How one try went: what came and the answer it is, or why there is none."""

    bearer: Secret | None
    seconds: float = 0.0
    came: Received | None = None
    answer: Answer | None = None
    failure: WireError | None = None

    @property
    def status(self) -> int:
        """The status that came, 0 when nothing did."""
        return self.came.status if self.came else 0

    @property
    def distress(self) -> bool:
        """Whether the server shows that it is asked too much."""
        return self.status in _DISTRESS or isinstance(self.failure, AnswerLost)


@dataclass(slots=True)
class _Tries:
    """How often a request was tried, by what became of it."""

    attempt: int = 1
    failed: int = 0
    throttled: int = 0
    renewed: bool = False


@dataclass(frozen=True, slots=True)
class _Way:
    """How a client sends: through which transport, with which headers of ours and of the user, and where it is noted."""

    transport: httpx.AsyncBaseTransport
    endpoint: Endpoint
    headers: Sequence[tuple[bytes, bytes]] = field(repr=False)
    secrets: tuple[Secret, ...]
    log: HttpLog | None = None
    urls: dict[tuple[str, str], httpx.URL] = field(default_factory=dict)


class Client:
    """Sends requests to one endpoint. Safe for many tasks at once. Made by `connect`."""

    def __init__(self, way: _Way, waiting: Callable[[Waiting], None]) -> None:
        self._way = way
        self._pause = SharedPause(waiting)
        self._gate = Gate()
        self._bearer: Bearer | None = None

    @property
    def url(self) -> str:
        """The base URL, for messages."""
        return self._way.endpoint.url

    @property
    def log_failure(self) -> str:
        """What became of the HTTP log when it broke, a sentence for a warning; "" while all is well."""
        return self._way.log.failure if self._way.log else ""

    def authorise(self, token: Secret, renew: Renew | None = None, *, expires_in: float | None = None) -> None:
        """Send `token` as the bearer of every request from now on.

        `renew` gets a fresh one: shortly before `expires_in` seconds are over (0 or None: it never ends; a fresh one lives as
        long), and when the server refuses the token, before anything was done, so the request is repeated, once. A renewal
        that fails leaves the refusal as the answer.
        """
        self._bearer = Bearer(token, renew, expires_in)

    def repeats_a_secret(self, text: str, secrets: Sequence[Secret] = ()) -> bool:
        """Tell whether `text`, which a server chose, holds the bearer, a custom header's value or one of `secrets`."""
        return repeats(text, self._all(secrets))

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

        `secrets` are those in `body`: no error repeats them. `answer_seconds` is the time for one try, from connecting to the
        answer's last byte. Raises `NotSent`, `AnswerLost`, `NotAnAnswer` or `Throttled`.
        """
        content = None if body is None else json.dumps(body).encode()
        sent = _Sent(method, path, query or {}, content, secrets, answer_seconds)
        tries = _Tries()
        while True:
            bearer = await self._bearer.current() if self._bearer else None
            tried = await self._try(sent, bearer)
            wait = await self._again(sent, tried, tries)
            if self._way.log:
                self._note(self._way.log, sent, tried, tries.attempt, repeated=wait is not None)
            if wait is not None:
                tries.attempt += 1
                if wait:
                    await anyio.sleep(wait)
            elif tried.answer:
                return tried.answer
            else:
                raise tried.failure or AssertionError("a try ends with an answer or a failure")

    async def _try(self, sent: _Sent, bearer: Secret | None) -> _Try:
        """Send once there is room and no pause; what shows distress slows down everyone before the room is given back."""
        tried = _Try(bearer)
        entered = await self._gate.enter(sent.write)
        try:
            await self._pause.wait()
            began = time.monotonic()
            try:
                tried.came = await self._send(sent, bearer)
                if tried.came.status != 429:
                    tried.answer = judged(self.url, sent.method, tried.came, self._all(sent.secrets))
            except WireError as failure:
                tried.failure = failure
            tried.seconds = time.monotonic() - began
            if tried.distress:
                self._gate.struggled(sent.write, entered)
            else:
                self._gate.succeeded()
        finally:
            self._gate.leave(sent.write)
        return tried

    async def _again(self, sent: _Sent, tried: _Try, tries: _Tries) -> float | None:
        """Return after how many seconds the request is sent again, None when what became of it stands."""
        if tried.came and tried.status == 429:
            return self._limited(tried, tried.came, tries)
        if tried.answer and tried.answer.refuses_the_bearer:
            if self._bearer is None or tried.bearer is None or tries.renewed:
                return None
            tries.renewed = await self._bearer.newer_than(tried.bearer)
            return 0.0 if tries.renewed else None
        if isinstance(tried.failure, Untrusted):
            return None
        unsent = isinstance(tried.failure, NotSent)
        failed = unsent or isinstance(tried.failure, AnswerLost) or tried.status in _REPEATED_STATUSES
        if not failed or (sent.write and not unsent):
            return None
        tries.failed += 1
        if tries.failed >= READ_ATTEMPTS:
            return None
        if tried.came and "retry-after" in tried.came.headers:
            self._pause.extend(asked_for(tried.came.headers, b"", tries.failed), tried.status)
            return 0.0
        seconds = backoff(tries.failed)
        self._pause.tell(WaitReason.FAILED_REQUEST, seconds, tried.status, str(tried.failure or ""))
        return seconds

    def _limited(self, tried: _Try, came: Received, tries: _Tries) -> float | None:
        tries.throttled += 1
        if tries.throttled >= THROTTLED_ATTEMPTS:
            tried.failure = Throttled(
                f"{self.url} still limits the rate of requests after {tries.throttled} pauses.",
                "run again later, or ask for a higher limit",
            )
            return None
        self._pause.extend(asked_for(came.headers, came.content, tries.throttled))
        return 0.0

    async def _send(self, sent: _Sent, bearer: Secret | None) -> Received:
        request = self._request(sent, bearer)
        try:
            with anyio.fail_after(sent.seconds):
                return await received(await self._way.transport.handle_async_request(request))
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError, httpx.UnsupportedProtocol) as failure:
            distrust = tls.refusal(failure, self.url, request.url.host)
            raise distrust or NotSent(f"{self.url} cannot be reached: {self._why(failure, sent)}.", REACH) from None
        except httpx.LocalProtocolError:
            # Its words quote what was to be sent.
            raise NotSent(f"The request to {self.url} is not valid HTTP and was not sent.", REACH) from None
        except (TimeoutError, httpx.TimeoutException):
            raise AnswerLost(f"{self.url} did not answer within {sent.seconds:.0f} s.", "run again later") from None
        except Undecodable as failure:
            raise AnswerLost(f"{self.url} answered with {failure}.", UNPACKED_WRONGLY) from None
        except (httpx.TransportError, OSError) as failure:
            # A server that wants a client certificate says so only once the request is under way, and reads none of it.
            distrust = tls.refusal(failure, self.url, request.url.host)
            raise distrust or AnswerLost(
                f"The connection to {self.url} broke: {self._why(failure, sent)}.", "run again"
            ) from None

    def _request(self, sent: _Sent, bearer: Secret | None) -> httpx.Request:
        headers = [*self._way.headers]
        if bearer is not None:
            headers.append((b"Authorization", f"Bearer {self._sendable(bearer)}".encode()))
        if sent.content is not None:
            headers.append((b"Content-Type", b"application/json"))
        query = str(httpx.QueryParams(sent.query)) if sent.query else ""
        url = self._way.urls.get((sent.path, query)) or self._url(sent.path, query)
        return httpx.Request(sent.method, url, headers=headers, content=sent.content, extensions=_EXTENSIONS)

    def _url(self, path: str, query: str) -> httpx.URL:
        try:
            base = httpx.URL(self.url)
            raw = base.raw_path.partition(b"?")[0].rstrip(b"/") + httpx.URL(path).raw_path
            url = base.copy_with(raw_path=raw + (b"?" + query.encode() if query else b""))
        except (httpx.InvalidURL, ValueError) as unusable:
            raise NotSent(f"{self.url} cannot be reached: {printable(str(unusable)).rstrip('.')}.", REACH) from None
        if len(self._way.urls) < _REMEMBERED:
            self._way.urls[path, query] = url
        return url

    def _sendable(self, token: Secret) -> str:
        """A header is one line of ASCII; the HTTP library would quote the token when it refuses it."""
        text = token.reveal()
        if is_header_value(text) and " " not in text:
            return text
        raise NotSent(
            f"The token for {self.url} cannot be sent: it holds a blank, a line break or a character beyond ASCII.",
            "set it again: one line, and nothing but the token",
        )

    def _all(self, secrets: Sequence[Secret]) -> Sequence[Secret]:
        """Every secret that no sentence may hold."""
        return (*secrets, *self._way.secrets, *(self._bearer.secrets if self._bearer else ()))

    def _why(self, failure: Exception, sent: _Sent) -> str:
        """The library's words; they can quote what a server sent."""
        text = str(failure).strip().rstrip(".")
        return type(failure).__name__ if not text or self.repeats_a_secret(text, sent.secrets) else printable(text)

    def _note(self, log: HttpLog, sent: _Sent, tried: _Try, attempt: int, *, repeated: bool) -> None:
        came = tried.came
        log.note(
            Call(
                method=sent.method,
                path=sent.path,
                query=sent.query,
                attempt=attempt,
                status=came.status if came else None,
                error=type(tried.failure).__name__ if tried.failure else "",
                seconds=tried.seconds,
                request_id=tried.answer.request_id if tried.answer else "",
                sent=len(sent.content or b""),
                received=len(came.content) if came else 0,
                headers=came.headers if came else {},
                repeated=repeated,
            ),
            self._all(sent.secrets),
        )


@asynccontextmanager
async def connect(
    endpoint: Endpoint,
    transport: Transport | None = None,
    *,
    headers: Mapping[str, Secret] | None = None,
    run_url: str = "",
    log: HttpLog | None = None,
    waiting: Callable[[Waiting], None] = lambda _: None,
) -> AsyncIterator[Client]:
    """Open a client for `endpoint` and close it afterwards. `transport` is the way there; left out: `Transport.of` this
    process's environment. `headers` are the user's own, by name (`custom_headers`); `run_url` leads from the user agent to a CI
    run; `log` notes every call and stays open. `waiting` is told when requests wait, once a pause.

    Raises `NotSent` when the address, a variable or a file cannot be used.
    """
    way = transport or Transport.of(os.environ)
    opens = opened(endpoint, way)
    own = [(name.encode(), value.reveal().encode()) for name, value in (headers or {}).items()]
    secrets = [value for value in (headers or {}).values() if len(value.reveal()) >= _SHORTEST_SECRET]
    if endpoint.app is None:
        secrets += way.secrets(endpoint.url)
    host = urlsplit(endpoint.url).netloc.rpartition("@")[2]
    ours = [
        (b"Host", host.encode()),
        (b"Accept", b"application/json"),
        (b"Accept-Encoding", ACCEPTED.encode()),
        (b"Connection", b"keep-alive"),
        (b"User-Agent", user_agent(run_url).encode()),
    ]
    async with opens:
        yield Client(_Way(opens, endpoint, [*ours, *own], tuple(secrets), log), waiting)
