"""Reads what came back, and tells whether it is an answer of the API."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from reconciler.model import Secret
from reconciler.wire.decoding import unpack
from reconciler.wire.errors import AnswerLost, NotAnAnswer
from reconciler.wire.words import printable, repeats

LARGEST_ANSWER = 64 * 1024 * 1024
"""In bytes. Ten thousand connections are about 6 MB, so something longer than this is not the API."""
SAFE = frozenset({"GET", "HEAD"})
"""The methods that change nothing."""

_ITSELF = "check that infisical.url is the address of Infisical itself; a proxy or a log-in page may answer instead"
_DOWN = "run again later: Infisical, or a proxy in front of it, is down or starting"
_GATEWAY = frozenset({502, 503, 504})


@dataclass(frozen=True, slots=True)
class Answer:
    """A JSON answer of the API. `date` is the server's clock (an HTTP date), "" if it sent none."""

    status: int
    body: Any
    date: str

    @property
    def refuses_the_bearer(self) -> bool:
        """Whether the server refused the token: 401, or 403 with the error `TokenError` (facts §3)."""
        if self.status == 401:
            return True
        return self.status == 403 and isinstance(self.body, dict) and self.body.get("error") == "TokenError"

    @property
    def request_id(self) -> str:
        """The id by which the server's operators find the request, "" if the answer has none."""
        request_id = self.body.get("reqId") if isinstance(self.body, dict) else ""
        return printable(request_id, 40) if isinstance(request_id, str) else ""


@dataclass(frozen=True, slots=True)
class Received:
    """What came back, unpacked, up to its end or to the longest possible answer. `headers` are by lower-case names."""

    status: int
    headers: Mapping[str, str]
    content: bytes


async def receive(response: httpx.Response) -> Received:
    """Read a response up to the longest possible answer, and close it. Raises `Undecodable`."""
    try:
        encodings = response.headers.get("content-encoding", "")
        content = await unpack(response.aiter_raw(), encodings, LARGEST_ANSWER)
    finally:
        await response.aclose()
    return Received(response.status_code, response.headers, content)


def judge_answer(url: str, method: str, came: Received, secrets: Sequence[Secret]) -> Answer:
    """Return `came` as an answer of the API.

    Raises `NotAnAnswer` if it is none, and `AnswerLost` if a gateway answered a write. No message repeats one of `secrets`.
    """
    if 300 <= came.status < 400:
        raise _not_an_answer(
            url, came, f"redirects to {_target(came, secrets)}", "use the address it redirects to, or log in to the proxy"
        )
    if len(came.content) > LARGEST_ANSWER:
        raise _not_an_answer(url, came, "sent an answer that is too long", _ITSELF)
    try:
        return Answer(came.status, json.loads(came.content), came.headers.get("date", ""))
    except (ValueError, RecursionError):
        pass
    what = f"answered {came.status} with {_first_line(came, secrets)}"
    if method not in SAFE and came.status >= 500:
        raise AnswerLost(f"{url} {what}. Nobody can tell whether the write happened.", "run again")
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
    """Return the line by which a person recognises a page. The whole page is searched for secrets before it is cut."""
    text = came.content.decode("utf-8", "replace").strip()
    if not text:
        return "an empty body"
    if repeats(text, secrets):
        return "a page that is not shown because it repeats a credential"
    return f"`{printable(text.splitlines()[0], 80)}`"
