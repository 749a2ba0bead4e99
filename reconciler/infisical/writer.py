"""The three calls that change something, each answering the connection as it is afterwards; and one that cannot."""

from urllib.parse import quote

from reconciler.infisical import errors
from reconciler.infisical.calls import call, value_at
from reconciler.infisical.reader import decode_connection
from reconciler.model import Credentials, LiveConnection, Scope, Secret
from reconciler.model.connection import METHOD
from reconciler.wire import VALIDATION_SECONDS, Client

_PATH = "/v1/app-connections/salesforce"


class Writer:
    """Creates, updates and deletes Salesforce connections. Raises `InfisicalError` or `WireError`; after `AnswerLost` or
    `ServerFailed` nobody knows whether the change happened."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def create(
        self, name: str, description: str, scope: Scope, instance_url: str, credentials: Credentials
    ) -> LiveConnection:
        """Create a connection. Infisical logs in to Salesforce first, so this can take a while."""
        body: dict[str, object] = {"name": name, "method": METHOD, "credentials": _body(instance_url, credentials)}
        if description:
            body["description"] = description
        if scope.project_id:
            body["projectId"] = scope.project_id
        answer = await call(
            self._client, "POST", _PATH, body=body, secrets=tuple(credentials), answer_seconds=VALIDATION_SECONDS
        )
        return decode_connection(value_at(answer, "appConnection"))

    async def update(
        self,
        connection_id: str,
        *,
        name: str | None = None,
        description: str | None = None,
        instance_url: str = "",
        credentials: Credentials | None = None,
    ) -> LiveConnection:
        """Change what is given and leave the rest. `description` "" means none; `instance_url` goes with `credentials`."""
        body: dict[str, object] = {}
        if name is not None:
            body["name"] = name
        if description is not None:
            body["description"] = description or None
        if credentials is not None:
            body["credentials"] = _body(instance_url, credentials)
        path = f"{_PATH}/{quote(connection_id, safe='')}"
        answer = await call(
            self._client,
            "PATCH",
            path,
            body=body,
            secrets=tuple(credentials or ()),
            answer_seconds=VALIDATION_SECONDS,
        )
        return decode_connection(value_at(answer, "appConnection"))

    async def delete(self, connection_id: str) -> None:
        """Delete a connection. Raises `NotFound` when it is gone already, `InUse` when something holds it."""
        await call(self._client, "DELETE", f"{_PATH}/{quote(connection_id, safe='')}")


def _body(instance_url: str, credentials: Credentials) -> dict[str, str]:
    """Return host, key and secret as the API takes them: all three or none."""
    return {"instanceUrl": instance_url} | {name: secret.reveal() for name, secret in credentials.named()}


class Prober:
    """Finds out what an identity may do by asking for what cannot be done."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def may_create(self, scope: Scope) -> bool | None:
        """Tell whether a connection could be created there, None where the server does not let it be seen.

        The host asked for is under `.invalid`, which no name ever is (RFC 2606). Infisical looks at the permission first (403)
        and then logs in to Salesforce (400): nothing can come into being. What a server without that log-in would make is
        deleted at once. Raises `InfisicalError` or `WireError`.
        """
        nobody = Credentials(Secret("none"), Secret("none"))
        host = "reconciler-login-check.invalid"
        try:
            made = await Writer(self._client).create("reconciler-login-check", "", scope, host, nobody)
        except errors.PermissionDenied:
            return False
        except errors.CredentialsRefused:
            return True
        except errors.ServerFailed:
            return None  # the first builds answer an unknown host so; the permission was looked at before
        await Writer(self._client).delete(made.id)
        return True
