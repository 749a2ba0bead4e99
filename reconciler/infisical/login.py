"""From a machine identity's credentials to a bearer token, and to a younger one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.infisical import errors
from reconciler.infisical.calls import call, text_at
from reconciler.model import Secret
from reconciler.wire import Client


@dataclass(frozen=True, slots=True)
class Grant:
    """An access token and how many seconds it lives; 0: without end, or not known."""

    token: Secret
    seconds: float = field(default=0)


async def obtain_token(client: Client, method: str, body: Mapping[str, str], secrets: Sequence[Secret]) -> Grant:
    """Log in by `method`, such as universal-auth; `secrets` are those in `body`. A refused log-in is never repeated.

    Raises `LoginRefused`, another `InfisicalError` or `WireError`.
    """
    try:
        return _grant(await call(client, "POST", f"/v1/auth/{method}/login", body=body, secrets=secrets))
    except (errors.TokenRefused, errors.PermissionDenied, errors.NotFound) as refused:
        # 401 is what Infisical says of wrong credentials, a locked identity and claims that do not fit; 403 and 404 are
        # those of an address that is not allowed and of an identity or organisation that is not there.
        raise errors.LoginRefused(refused.status, refused.message, refused.request_id) from None


async def renew_token(client: Client, token: Secret) -> Grant:
    """Return a younger token for one that still lives. Raises `InfisicalError` (it cannot be renewed) or `WireError`."""
    body = {"accessToken": token.reveal()}
    return _grant(await call(client, "POST", "/v1/auth/token/renew", body=body, secrets=(token,)))


def _grant(answer: Mapping[str, object]) -> Grant:
    seconds = answer.get("expiresIn")
    return Grant(Secret(text_at(answer, "accessToken")), float(seconds) if isinstance(seconds, int | float) else 0)
