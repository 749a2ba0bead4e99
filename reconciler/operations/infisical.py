"""Chooses the Infisical of the settings, over the network or embedded, and logs in to it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from ipaddress import ip_address
from urllib.parse import urlsplit

import anyio.to_thread

from reconciler.config import Embedded, Settings
from reconciler.infisical import InfisicalError, explain, log_in
from reconciler.model import Secret, Stop, Stopped, error
from reconciler.wire import Client, Endpoint, WireError, connect

TOKENS = ("INFISICAL_UNIVERSAL_AUTH_ACCESS_TOKEN", "INFISICAL_TOKEN")
CLIENT_ID = "INFISICAL_UNIVERSAL_AUTH_CLIENT_ID"
CLIENT_SECRET = "INFISICAL_UNIVERSAL_AUTH_CLIENT_SECRET"  # noqa: S105  # the name of a variable


@asynccontextmanager
async def infisical(settings: Settings, environ: Mapping[str, str]) -> AsyncIterator[Client]:
    """Open a client that is logged in. Raises `Stopped` (FAILED) when that is not possible."""
    if settings.embedded:
        async with _embedded(settings.embedded) as client:
            yield client
        return
    _refuse_plain_http(settings.url, environ)
    credentials = _credentials(settings, environ)
    async with AsyncExitStack() as stack:
        try:
            client = await stack.enter_async_context(connect(Endpoint(settings.url)))
            client.authorise(credentials if isinstance(credentials, Secret) else await log_in(client, *credentials))
        except (InfisicalError, WireError) as refused:
            raise Stopped(Stop.FAILED, explain(refused, f"log in to {settings.url}")) from None
        yield client


@asynccontextmanager
async def _embedded(found: Embedded) -> AsyncIterator[Client]:
    from reconciler import embedded
    from reconciler.operations.orgs import read_orgs

    orgs = read_orgs(found.salesforce_orgs)
    app = embedded.infisical_app(found.database, orgs, found.projects)
    try:
        token = await anyio.to_thread.run_sync(embedded.issue_token, found.database)
        async with connect(Endpoint("http://embedded", app)) as client:
            client.authorise(Secret(token))
            yield client
    except embedded.DatabaseUnusableError as broken:
        unusable = error(
            f"The embedded Infisical cannot be used: {broken}.", hint="check `embedded.database` and its directory"
        )
        raise Stopped(Stop.FAILED, unusable) from None
    finally:
        app.close()


def _credentials(settings: Settings, environ: Mapping[str, str]) -> Secret | tuple[Secret, Secret]:
    """A ready token wins over universal auth, unless `infisical.auth.method` says which to use."""
    token = next((environ[name].strip() for name in TOKENS if environ.get(name, "").strip()), "")
    pair = [environ.get(name, "").strip() for name in (CLIENT_ID, CLIENT_SECRET)]
    if token and settings.auth_method in {None, "token"}:
        return Secret(token)
    if all(pair) and settings.auth_method in {None, "universal-auth"}:
        return Secret(pair[0]), Secret(pair[1])
    wanted = {
        "token": f"set {TOKENS[1]}",
        "universal-auth": f"set {CLIENT_ID} and {CLIENT_SECRET}",
    }
    hint = wanted.get(settings.auth_method or "", f"{wanted['universal-auth']}, or {wanted['token']}")
    half = next((name for name, value in zip((CLIENT_ID, CLIENT_SECRET), pair, strict=True) if any(pair) and not value), "")
    detail = f"{half} is not set." if half and settings.auth_method != "token" else ""
    raise Stopped(Stop.FAILED, error(f"There is nothing to log in to {settings.url} with.", detail=detail, hint=hint))


def _refuse_plain_http(url: str, environ: Mapping[str, str]) -> None:
    parts = urlsplit(url)
    if parts.scheme == "https" or environ.get("RECONCILER_ALLOW_HTTP") == "1" or _is_loopback(parts.hostname or ""):
        return
    raise Stopped(
        Stop.FAILED,
        error(
            f"{url} is plain http: credentials would cross the network in clear.",
            hint="use https, or set RECONCILER_ALLOW_HTTP=1 where the network is trusted",
        ),
    )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
