"""What came back, and whether it is an answer of the API at all."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from reconciler.model import Secret
from reconciler.wire.decoding import unpacked
from reconciler.wire.errors import AnswerLost, NotAnAnswer
from reconciler.wire.words import printable, repeats

LARGEST_ANSWER = 64 * 1024 * 1024
"""In bytes. Ten thousand connections are about 6 MB; what goes on beyond this is not the API."""
SAFE = frozenset({"GET", "HEAD"})
"""The methods that change nothing."""

_ITSELF = "check that infisical.url is the address of Infisical itself; a proxy or a log-in page may stand before it"
_DOWN = "run again later: Infisical, or a proxy before it, is down or starting"
_GATEWAY = frozenset({502, 503, 504})


@dataclass(frozen=True, slots=True)
class Answer:
    """A JSON answer of the API. `date` is the server's clock (HTTP date), "" when it sent none."""

    status: int
    body: Any
    date: str

    @property
    def refuses_the_bearer(self) -> bool:
        """Whether it was the token that was not accepted: 401, or 403 with the error `TokenError` (facts §3)."""
        if self.status == 401:
            return True
        return self.status == 403 and isinstance(self.body, dict) and self.body.get("error") == "TokenError"

    @property
    def request_id(self) -> str:
        """What the server's operators find the request by, "" when the answer has none."""
        found = self.body.get("reqId") if isinstance(self.body, dict) else ""
        return printable(found, 40) if isinstance(found, str) else ""


@dataclass(frozen=True, slots=True)
class Received:
    """What came back, unpacked, read to its end or to the largest an answer can be; `headers` are by lower-case names."""

    status: int
    headers: Mapping[str, str]
    content: bytes


async def received(response: httpx.Response) -> Received:
    """Read a response, but not endlessly, and close it. Raises `Undecodable`."""
    try:
        encodings = response.headers.get("content-encoding", "")
        content = await unpacked(response.aiter_raw(), encodings, LARGEST_ANSWER)
    finally:
        await response.aclose()
    return Received(response.status_code, response.headers, content)


def judged(url: str, method: str, came: Received, secrets: Sequence[Secret]) -> Answer:
    """Return the answer that `came` is. Raises `NotAnAnswer`; for a write that a gateway answered for, `AnswerLost`.

    No sentence repeats one of `secrets`.
    """
    if 300 <= came.status < 400:
        raise _not_an_answer(
            url, came, f"redirects to {_target(came, secrets)}", "use the address it redirects to, or log in to the proxy"
        )
    if len(came.content) > LARGEST_ANSWER:
        raise _not_an_answer(url, came, "answered more than an answer can be", _ITSELF)
    try:
        return Answer(came.status, json.loads(came.content), came.headers.get("date", ""))
    except (ValueError, RecursionError):
        pass
    what = f"answered {came.status} with {_first_line(came, secrets)}"
    if method not in SAFE and came.status >= 500:
        raise AnswerLost(f"{url} {what}, which says nothing about whether it was done.", "run again")
    raise _not_an_answer(url, came, what, _DOWN if came.status in _GATEWAY else _ITSELF)


def _not_an_answer(url: str, came: Received, what: str, hint: str) -> NotAnAnswer:
    return NotAnAnswer(f"{url} {what}, which is not Infisical's API.", hint, came.status)


def _target(came: Received, secrets: Sequence[Secret]) -> str:
    try:
        host = httpx.URL(came.headers.get("location", "")).host
    except httpx.InvalidURL:
        host = ""
    return printable(host, 100) if host and not repeats(host, secrets) else "another address"


def _first_line(came: Received, secrets: Sequence[Secret]) -> str:
    """What a person recognises a page by. The whole page is searched for secrets, before anything is cut."""
    text = came.content.decode("utf-8", "replace").strip()
    if not text:
        return "an empty body"
    if repeats(text, secrets):
        return "a page that repeats a credential and is not shown"
    return f"`{printable(text.splitlines()[0], 80)}`"
