"""Exchanges the credentials of a machine identity for an access token, and renews the token."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.infisical import errors
from reconciler.infisical.calls import call, text_at
from reconciler.model import Secret
from reconciler.wire import Client


@dataclass(frozen=True, slots=True)
class Grant:
    """An access token, and the seconds that it lives. 0 means that it has no end, or that its end is not known."""

    token: Secret
    seconds: float = field(default=0)


async def obtain_access_token(client: Client, method: str, body: Mapping[str, str], secrets: Sequence[Secret]) -> Grant:
    """Log in to Infisical by `method`, such as universal-auth. `secrets` are the secrets in `body`.

    It never repeats a log-in that was refused. Raises `LoginRefused`, another `InfisicalError` or `WireError`.
    """
    try:
        return _grant(await call(client, "POST", f"/v1/auth/{method}/login", body=body, secrets=secrets))
    except (errors.TokenRefused, errors.PermissionDenied, errors.NotFound) as refused:
        # Infisical answers 401 to wrong credentials, to a locked identity and to claims that do not fit. It answers 403 to an
        # address that it does not allow, and 404 if the identity or the organisation does not exist.
        raise errors.LoginRefused(refused.status, refused.message, refused.request_id) from None


async def renew_access_token(client: Client, token: Secret) -> Grant:
    """Return a new token for one that still lives. Raises `InfisicalError` if it cannot be renewed, and `WireError`."""
    body = {"accessToken": token.reveal()}
    return _grant(await call(client, "POST", "/v1/auth/token/renew", body=body, secrets=(token,)))


def _grant(answer: Mapping[str, object]) -> Grant:
    seconds = answer.get("expiresIn")
    return Grant(Secret(text_at(answer, "accessToken")), float(seconds) if isinstance(seconds, int | float) else 0)
