"""From a machine identity's credentials to a bearer token."""

from reconciler.infisical import errors
from reconciler.infisical.calls import call, text
from reconciler.model import Secret
from reconciler.wire import Client


async def log_in(client: Client, client_id: Secret, client_secret: Secret) -> Secret:
    """Return the access token of a universal-auth identity. A refused log-in is never repeated.

    Raises `LoginRefused`, another `InfisicalError` or `WireError`.
    """
    body = {"clientId": client_id.reveal(), "clientSecret": client_secret.reveal()}
    try:
        answer = await call(client, "POST", "/v1/auth/universal-auth/login", body=body, secrets=(client_secret,))
    except errors.TokenRefused as refused:
        raise errors.LoginRefused(refused.status, refused.message, refused.request_id) from None
    return Secret(text(answer, "accessToken"))
