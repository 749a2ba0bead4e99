"""Creates, updates and deletes Salesforce connections, and finds out whether an identity may create one."""

from urllib.parse import quote

from reconciler.infisical import errors
from reconciler.infisical.calls import call, value_at
from reconciler.infisical.reader import decode_connection
from reconciler.model import Credentials, LiveConnection, Scope, Secret
from reconciler.model.connection import METHOD
from reconciler.wire import VALIDATION_SECONDS, Client

_PATH = "/v1/app-connections/salesforce"


class Writer:
    """Creates, updates and deletes Salesforce connections.

    Every method raises `InfisicalError` or `WireError`. After `AnswerLost` or `ServerFailed` nobody knows whether the change
    happened.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    async def create(
        self, name: str, description: str, scope: Scope, instance_url: str, credentials: Credentials
    ) -> LiveConnection:
        """Create a connection and return it. Infisical first logs in to Salesforce, so this can take a while."""
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
        """Change the given fields of a connection and return it. Fields that are None stay as they are.

        A `description` of "" removes the description. Infisical takes `instance_url` only together with `credentials`.
        """
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
        """Delete a connection. Raises `NotFound` if it does not exist any more, and `InUse` if something uses it."""
        await call(self._client, "DELETE", f"{_PATH}/{quote(connection_id, safe='')}")


def _body(instance_url: str, credentials: Credentials) -> dict[str, str]:
    """Return the credentials as the API takes them: host, key and secret always go together."""
    return {"instanceUrl": instance_url} | {name: secret.reveal() for name, secret in credentials.named()}


class Prober:
    """Finds out what an identity may do, by asking Infisical for something that cannot succeed."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def may_create(self, scope: Scope) -> bool | None:
        """Tell whether the identity may create a connection in `scope`. None means that the server does not show it.

        It tries to create a connection to a host under `.invalid`, where no host can exist (RFC 2606). Infisical first checks
        the permission (403), and then logs in to Salesforce, which fails (400). So no connection is created. If a server skips
        that log-in, the connection is deleted at once. Raises `InfisicalError` or `WireError`.
        """
        nobody = Credentials(Secret("none"), Secret("none"))
        host = "reconciler-login-check.invalid"
        try:
            connection = await Writer(self._client).create("reconciler-login-check", "", scope, host, nobody)
        except errors.PermissionDenied:
            return False
        except errors.CredentialsRefused:
            return True
        except errors.ServerFailed:
            return None  # the first builds answer this to an unknown host
        await Writer(self._client).delete(connection.id)
        return True
