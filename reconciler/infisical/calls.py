"""Makes one call of the API, and takes values out of its answer."""

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
    """Send a request to `path`, below `/api`, and return the object in the answer. Raises `InfisicalError` or `WireError`.

    `secrets` are the secrets in `body`. If a refusal repeats one of them, the error does not have the refusal's text.
    """
    answer = await client.request(method, f"/api{path}", query=query, body=body, secrets=secrets, answer_seconds=answer_seconds)
    if answer.status >= 400:
        refused = errors.answer_error(answer)
        if client.repeats_a_secret(f"{refused.message} {refused.request_id}", secrets):
            raise type(refused)(refused.status, _WITHHELD)
        raise refused
    if not isinstance(answer.body, dict):
        raise errors.unexpected_answer(answer.status)
    return answer.body


def value_at(body: Mapping[str, Any], *path: str) -> Any:
    """Return the value at `path` in an answer's body. Raises `InfisicalError` if there is none."""
    value: Any = body
    for key in path:
        if not isinstance(value, dict) or key not in value:
            raise errors.unexpected_answer(200, ".".join(path))
        value = value[key]
    return value


def text_at(body: Mapping[str, Any], *path: str) -> str:
    """Return the text at `path`. Raises `InfisicalError` if there is none, or if it is empty."""
    value = value_at(body, *path)
    if not isinstance(value, str) or not value:
        raise errors.unexpected_answer(200, ".".join(path))
    return value


def objects_at(body: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    """Return the list of objects at `key`. Raises `InfisicalError` if there is none."""
    items = value_at(body, key)
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise errors.unexpected_answer(200, key)
    return items


_WITHHELD = "(not shown, because the message repeats a credential)"
