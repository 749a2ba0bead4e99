"""Chooses the Infisical of the settings, over the network or embedded, and logs in to it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

import anyio.to_thread

from reconciler.config import Embedded, Settings
from reconciler.infisical import Grant, InfisicalError, explain, log_in, renew
from reconciler.model import Secret, Stop, Stopped, error, warning
from reconciler.operations import aws
from reconciler.operations.login import Login, choose
from reconciler.operations.stack import Where, run_url
from reconciler.operations.tokens import NoToken
from reconciler.wire import Client, Endpoint, HttpLog, NotSent, Transport, WireError, connect, custom_headers


@dataclass(frozen=True, slots=True)
class Session:
    """A client that is logged in, and how: the method, in words where its credentials came from, and the token it got."""

    client: Client
    method: str
    told: str
    token: Secret


@asynccontextmanager
async def infisical(settings: Settings, where: Where) -> AsyncIterator[Session]:
    """Open a client that is logged in. Raises `Stopped` (FAILED) when that is not possible."""
    async with AsyncExitStack() as stack:
        try:
            log = stack.enter_context(HttpLog(where.log_http)) if where.log_http else None
            if settings.embedded:
                session = await stack.enter_async_context(_embedded(settings.embedded, log))
            else:
                session = await stack.enter_async_context(_network(settings, where, log))
        except WireError as refused:
            raise Stopped(Stop.FAILED, explain(refused, f"log in to {settings.url}")) from None
        yield session
        if session.client.log_failure:
            where.notice(warning(session.client.log_failure, hint="look at the disk, or name another --log-http"))


@asynccontextmanager
async def _network(settings: Settings, where: Where, log: HttpLog | None) -> AsyncIterator[Session]:
    _refuse_plain_http(settings.url, where.environ)
    login = choose(settings.auth, where.environ, settings.url)
    headers, way = custom_headers(where.environ), Transport.of(where.environ)
    run = run_url(where.environ)
    async with connect(Endpoint(settings.url), way, headers=headers, run_url=run, log=log, waiting=where.waiting) as client:
        try:
            token = await _authorise(client, login)
        except NotSent:
            raise
        except (InfisicalError, WireError) as refused:
            raise Stopped(Stop.FAILED, explain(refused, f"log in to {settings.url} ({login.method}: {login.told})")) from None
        except NoToken as missing:
            cause = error(f"Could not log in to {settings.url}: {missing}.", detail=f"Way: {login.method}.", hint=missing.hint)
            raise Stopped(Stop.FAILED, cause) from None
        yield Session(client, login.method, login.told, token)


async def _authorise(client: Client, login: Login) -> Secret:
    """Log in, return the token, and teach the client how to get a younger token: by renewing, else by logging in again."""
    grant = await _grant(client, login)

    async def younger() -> Secret:
        nonlocal grant
        try:
            grant = await renew(client, grant.token)
        except InfisicalError:
            if login.method == "token":
                raise
            grant = await _grant(client, login)
        return grant.token

    client.authorise(grant.token, younger, expires_in=grant.seconds)
    return grant.token


async def _grant(client: Client, login: Login) -> Grant:
    if login.token:
        return Grant(login.token)
    body: dict[str, str] = {"organizationSlug": login.organisation_slug} if login.organisation_slug else {}
    secrets: tuple[Secret, ...] = ()
    if login.client_secret:
        body |= {"clientId": login.client_id, "clientSecret": login.client_secret.reveal()}
        secrets = (login.client_secret,)
    elif login.jwt:
        jwt = Secret(await login.jwt.read())
        body |= {"identityId": login.identity_id, "jwt": jwt.reveal()}
        secrets = (jwt,)
    else:
        signed = await anyio.to_thread.run_sync(aws.signed_question)
        body |= {"identityId": login.identity_id, **signed}
        secrets = (Secret(signed["iamRequestHeaders"]),)
    return await log_in(client, login.method, body, secrets)


@asynccontextmanager
async def _embedded(found: Embedded, log: HttpLog | None) -> AsyncIterator[Session]:
    from reconciler import embedded
    from reconciler.operations.orgs import read_orgs

    orgs = read_orgs(found.salesforce_orgs)
    app = embedded.infisical_app(found.database, orgs, found.projects)
    try:
        token = await anyio.to_thread.run_sync(embedded.issue_token, found.database)
        async with connect(Endpoint("http://embedded", app), Transport(), log=log) as client:
            client.authorise(Secret(token))
            yield Session(client, "embedded", "no log-in is needed", Secret(token))
    except embedded.DatabaseUnusableError as broken:
        unusable = error(
            f"The embedded Infisical cannot be used: {broken}.", hint="check `embedded.database` and its directory"
        )
        raise Stopped(Stop.FAILED, unusable) from None
    finally:
        app.close()


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
