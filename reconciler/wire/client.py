"""An HTTP client for a JSON API: time-outs, retries, one pause for rate limits, one gate for all requests.

It sends a read again if it fails. It sends a write again only if the server certainly did not carry it out: it was never sent,
the rate limit stopped it, or the server refused the token.
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
from reconciler.wire.answers import SAFE, Answer, Received, judge_answer, receive
from reconciler.wire.bearer import Bearer, Renew
from reconciler.wire.decoding import ACCEPTED, UNPACKED_WRONGLY, Undecodable
from reconciler.wire.errors import AnswerLost, NotSent, Throttled, Untrusted, WireError
from reconciler.wire.gate import Gate
from reconciler.wire.headers import is_header_value, user_agent
from reconciler.wire.log import Call, HttpLog
from reconciler.wire.pause import SharedPause, asked_for, backoff
from reconciler.wire.transport import REACH, Endpoint, Transport, open_transport
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
"""In characters. A custom header can contain an ordinary word, which must not hide every message with that word."""
_EXTENSIONS = {"timeout": {"connect": CONNECT_SECONDS, "read": None, "write": None, "pool": None}}
"""One time-out covers the rest as a whole: a server that sends a byte a minute never exceeds one for each read."""


@dataclass(frozen=True, slots=True)
class _Sent:
    """A request, which may be tried several times."""

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
    """How one try went: what came back and its answer, or why there is no answer."""

    bearer: Secret | None
    seconds: float = 0.0
    came: Received | None = None
    answer: Answer | None = None
    failure: WireError | None = None

    @property
    def status(self) -> int:
        """The status that came back, 0 if none did."""
        return self.came.status if self.came else 0

    @property
    def distress(self) -> bool:
        """Whether the server shows that it gets too many requests."""
        return self.status in _DISTRESS or isinstance(self.failure, AnswerLost)


@dataclass(slots=True)
class _Tries:
    """How often a request was tried, and how often it failed or met the rate limit."""

    attempt: int = 1
    failed: int = 0
    throttled: int = 0
    renewed: bool = False


@dataclass(frozen=True, slots=True)
class _Way:
    """How a client sends: the transport, the headers (ours and the user's), and the log."""

    transport: httpx.AsyncBaseTransport
    endpoint: Endpoint
    headers: Sequence[tuple[bytes, bytes]] = field(repr=False)
    secrets: tuple[Secret, ...]
    log: HttpLog | None = None
    urls: dict[tuple[str, str], httpx.URL] = field(default_factory=dict)


class Client:
    """Sends requests to one endpoint. Many tasks may use it at once. `connect` makes it."""

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
        """Why the HTTP log broke, as a sentence for a warning. "" while it works."""
        return self._way.log.failure if self._way.log else ""

    def authorise(self, token: Secret, renew: Renew | None = None, *, expires_in: float | None = None) -> None:
        """Send `token` as the bearer of every request from now on.

        `renew` gets a new token shortly before `expires_in` seconds are over (0 or None: the token never ends). A new token
        lives as long. `renew` also runs if the server refuses the token; nothing was done then, so the request is sent once
        more. If the renewal fails, the refusal is the answer.
        """
        self._bearer = Bearer(token, renew, expires_in)

    def repeats_a_secret(self, text: str, secrets: Sequence[Secret] = ()) -> bool:
        """Tell whether `text` from a server contains the bearer, the value of a custom header or one of `secrets`."""
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
        """Send one request and return its answer, whatever its status. Without a body it has no content type.

        `secrets` are the secrets in `body`: no error repeats them. `answer_seconds` is the time for one try, from connecting
        to the last byte of the answer. Raises `NotSent`, `AnswerLost`, `NotAnAnswer` or `Throttled`.
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
        """Send once the gate has room and no pause runs. Distress lowers the limit before the request leaves the gate."""
        tried = _Try(bearer)
        entered = await self._gate.enter(sent.write)
        try:
            await self._pause.wait()
            began = time.monotonic()
            try:
                tried.came = await self._send(sent, bearer)
                if tried.came.status != 429:
                    tried.answer = judge_answer(self.url, sent.method, tried.came, self._all(sent.secrets))
            except WireError as failure:
                tried.failure = failure
            tried.seconds = time.monotonic() - began
            if tried.distress:
                self._gate.note_trouble(sent.write, entered)
            else:
                self._gate.note_success()
        finally:
            self._gate.leave(sent.write)
        return tried

    async def _again(self, sent: _Sent, tried: _Try, tries: _Tries) -> float | None:
        """Return after how many seconds the request is sent again, None if it is not sent again."""
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
                f"{self.url} still limits the rate of requests, after {tries.throttled} pauses.",
                "run again later, or ask for a higher limit",
            )
            return None
        self._pause.extend(asked_for(came.headers, came.content, tries.throttled))
        return 0.0

    async def _send(self, sent: _Sent, bearer: Secret | None) -> Received:
        request = self._request(sent, bearer)
        try:
            with anyio.fail_after(sent.seconds):
                return await receive(await self._way.transport.handle_async_request(request))
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError, httpx.UnsupportedProtocol) as failure:
            distrust = tls.explain_tls_failure(failure, self.url, request.url.host)
            raise distrust or NotSent(f"{self.url} cannot be reached: {self._why(failure, sent)}.", REACH) from None
        except httpx.LocalProtocolError:
            # The library's message quotes the request, so it is not shown.
            raise NotSent(f"The request to {self.url} is not valid HTTP and was not sent.", REACH) from None
        except (TimeoutError, httpx.TimeoutException):
            raise AnswerLost(f"{self.url} did not answer within {sent.seconds:.0f} s.", "run again later") from None
        except Undecodable as failure:
            raise AnswerLost(f"{self.url} answered with {failure}.", UNPACKED_WRONGLY) from None
        except (httpx.TransportError, OSError) as failure:
            # A server that requires a client certificate can refuse so late. It has read nothing of the request by then.
            distrust = tls.explain_tls_failure(failure, self.url, request.url.host)
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
        """Return the token as text if a header can contain it. The HTTP library would quote a token that it refuses."""
        text = token.reveal()
        if is_header_value(text) and " " not in text:
            return text
        raise NotSent(
            f"The token for {self.url} cannot be sent: it contains a blank, a line break or a character that is not ASCII.",
            "set it again: one line, and nothing but the token",
        )

    def _all(self, secrets: Sequence[Secret]) -> Sequence[Secret]:
        """Return every secret that no message may contain."""
        return (*secrets, *self._way.secrets, *(self._bearer.secrets if self._bearer else ()))

    def _why(self, failure: Exception, sent: _Sent) -> str:
        """Return the library's message, or only the name of the error if the message repeats a secret."""
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
    """Open a client for `endpoint`, for the block.

    `transport` is the way there, by default the one that this process's environment variables describe. `headers` are the
    user's own, by name (`custom_headers`). The user agent contains `run_url`, the address of a CI run. `log` notes every
    request, and stays open. `waiting` is called once for each pause that requests wait for.

    Raises `NotSent` if the address, a variable or a file cannot be used.
    """
    way = transport or Transport.of(os.environ)
    opens = open_transport(endpoint, way)
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
