"""One call of the API: the answer's body, or the error it is."""

from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.infisical import errors
from reconciler.model import Secret
from reconciler.wire import ANSWER_SECONDS, Client


async def call(
    client: Client,
    method: str,
    path: str,
    *,
    query: Mapping[str, str] | None = None,
    body: Mapping[str, Any] | None = None,
    secrets: Sequence[Secret] = (),
    answer_seconds: float = ANSWER_SECONDS,
) -> dict[str, Any]:
    """Send a request below `/api` and return the object it answers. Raises `InfisicalError` or `WireError`.

    `secrets` are those in `body`: a refusal that repeats one of them is passed on without its text.
    """
    answer = await client.request(method, f"/api{path}", query=query, body=body, secrets=secrets, answer_seconds=answer_seconds)
    if answer.status >= 400:
        refused = errors.refusal(answer)
        if client.repeats_a_secret(f"{refused.message} {refused.request_id}", secrets):
            raise type(refused)(refused.status, _WITHHELD)
        raise refused
    if not isinstance(answer.body, dict):
        raise errors.unexpected_answer(answer.status)
    return answer.body


def value_at(body: Mapping[str, Any], *path: str) -> Any:
    """Return the value at `path` of an answer's body. Raises `InfisicalError` when the answer lacks it."""
    found: Any = body
    for key in path:
        if not isinstance(found, dict) or key not in found:
            raise errors.unexpected_answer(200, ".".join(path))
        found = found[key]
    return found


def text_at(body: Mapping[str, Any], *path: str) -> str:
    """Return the text at `path`. Raises `InfisicalError` when the answer has none there."""
    found = value_at(body, *path)
    if not isinstance(found, str) or not found:
        raise errors.unexpected_answer(200, ".".join(path))
    return found


def objects_at(body: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    """Return the list of objects at `key`. Raises `InfisicalError` when the answer has none there."""
    found = value_at(body, key)
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise errors.unexpected_answer(200, key)
    return found


_WITHHELD = "(its words repeat a credential and are not shown)"
