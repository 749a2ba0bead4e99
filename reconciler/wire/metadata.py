"""Asks the metadata service of a cloud, at an address that leads nowhere but to this machine's own cloud."""

from collections.abc import Mapping

import httpx

from reconciler.wire.decoding import ACCEPTED, Undecodable, unpack
from reconciler.wire.errors import NotAnAnswer, NotSent
from reconciler.wire.words import printable

_SECONDS = 10.0
_LARGEST = 256 * 1024


async def ask_metadata(url: str, headers: Mapping[str, str]) -> str:
    """Return the text that a metadata service answers to a GET. It uses no proxy and follows no redirect.

    Raises `NotSent` if nothing answers, and `NotAnAnswer` if the service refuses. Of the answer, messages contain only the
    status.
    """
    place = printable(httpx.URL(url).host)
    try:
        async with (
            httpx.AsyncClient(trust_env=False, timeout=_SECONDS) as http,
            http.stream("GET", url, headers={**headers, "accept-encoding": ACCEPTED}) as answer,
        ):
            body = await unpack(answer.aiter_raw(), answer.headers.get("content-encoding", ""), _LARGEST)
    except (httpx.HTTPError, Undecodable) as failure:
        why = type(failure).__name__
        raise NotSent(
            f"The metadata service at {place} does not answer ({why}).", "run reconciler on a machine of that cloud"
        ) from None
    if answer.status_code != httpx.codes.OK:
        hint = "give the machine an identity, as its cloud's documentation says"
        raise NotAnAnswer(f"The metadata service at {place} answered {answer.status_code}.", hint, answer.status_code)
    return body.decode("utf-8", "replace").strip()
