"""One call of the API: the answer's body, or the error it is."""

from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.infisical import errors
from reconciler.model import Secret
from reconciler.wire import ANSWER_SECONDS, Client, WireError


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
    try:
        answer = await client.request(method, f"/api{path}", query=query, body=body, answer_seconds=answer_seconds)
    except WireError as failure:
        if _repeats(str(failure), secrets):
            failure.args = (_WITHHELD,)
        raise
    if answer.status >= 400:
        refused = errors.of(answer)
        if _repeats(refused.message, secrets):
            refused.message = _WITHHELD
            refused.args = (_WITHHELD,)
        raise refused
    if not isinstance(answer.body, dict):
        raise errors.unexpected(answer.status)
    return answer.body


def field(body: Mapping[str, Any], *path: str) -> Any:
    """Return the value at `path` of an answer's body. Raises `InfisicalError` when the answer lacks it."""
    found: Any = body
    for key in path:
        if not isinstance(found, dict) or key not in found:
            raise errors.unexpected(200, ".".join(path))
        found = found[key]
    return found


def _repeats(text: str, secrets: Sequence[Secret]) -> bool:
    return any(secret and secret.reveal() in text for secret in secrets)


_WITHHELD = "(its words repeat a credential and are not shown)"
