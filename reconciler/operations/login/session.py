"""Opens the Infisical that the settings name, over the network or embedded, and logs in to it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import anyio.to_thread

from reconciler.config import Embedded, Settings
from reconciler.infisical import Grant, InfisicalError, Reader, explain_failure, obtain_access_token, renew_access_token
from reconciler.model import Secret, Stop, Stopped, error, is_loopback, warning
from reconciler.operations.location import StackLocation, run_url
from reconciler.operations.login import aws
from reconciler.operations.login.choose import Login, choose
from reconciler.operations.login.proof import NoProof
from reconciler.wire import Client, Endpoint, HttpLog, NotSent, Transport, WireError, connect, custom_headers
from reconciler.workspace import place_to_write


@dataclass(frozen=True, slots=True)
class Session:
    """A log-in to Infisical, for as long as its block lasts.

    `client` sends requests with it, and `reader` reads through that client. `method` is how the run logged in; `origin` says in
    words where the credentials for that came from. `token` is the access token that Infisical gave.
    """

    client: Client
    reader: Reader
    method: str
    origin: str
    token: Secret


@asynccontextmanager
async def open_session(settings: Settings, location: StackLocation) -> AsyncIterator[Session]:
    """Log in for the block. Raises `Stopped` (FAILED) if that is not possible."""
    async with AsyncExitStack() as opened:
        try:
            log = opened.enter_context(_open_log(location.log_http)) if location.log_http else None
            if settings.embedded:
                session = await opened.enter_async_context(_embedded(settings.embedded, log))
            else:
                session = await opened.enter_async_context(_network(settings, location, log))
        except WireError as failure:
            raise Stopped(Stop.FAILED, explain_failure(failure, f"log in to {settings.url}")) from None
        yield session
        if session.client.log_failure:
            location.notice(warning(session.client.log_failure, hint="check the disk, or choose another file with --log-http"))


def _open_log(path: Path) -> HttpLog:
    try:
        place_to_write(path)
    except OSError as refused:
        hint = "correct --log-http, or leave it out"
        raise Stopped(Stop.FAILED, error(f"The HTTP log {path} cannot be written: {refused.strerror}.", hint=hint)) from None
    return HttpLog(path)


@asynccontextmanager
async def _network(settings: Settings, location: StackLocation, log: HttpLog | None) -> AsyncIterator[Session]:
    environ = location.environ
    _refuse_plain_http(settings.url, environ)
    login = choose(settings.auth, environ, settings.url)
    headers, transport = custom_headers(environ), Transport.of(environ)
    async with connect(
        Endpoint(settings.url), transport, headers=headers, run_url=run_url(environ), log=log, waiting=location.waiting
    ) as client:
        try:
            token = await _authorise(client, login)
        except NotSent:
            raise
        except (InfisicalError, WireError) as failure:
            doing = f"log in to {settings.url} ({login.method}: {login.origin})"
            raise Stopped(Stop.FAILED, explain_failure(failure, doing)) from None
        except NoProof as missing:
            cause = error(
                f"Could not log in to {settings.url}: {missing}.", detail=f"Method: {login.method}.", hint=missing.hint
            )
            raise Stopped(Stop.FAILED, cause) from None
        yield Session(client, Reader(client), login.method, login.origin, token)


async def _authorise(client: Client, login: Login) -> Secret:
    """Log in and return the token. Tell the client how to get a new token: it renews the old one, or logs in again."""
    grant = await _grant(client, login)

    async def renew() -> Secret:
        nonlocal grant
        try:
            grant = await renew_access_token(client, grant.token)
        except InfisicalError:
            if login.method == "token":
                raise
            grant = await _grant(client, login)
        return grant.token

    client.authorise(grant.token, renew, expires_in=grant.seconds)
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
    return await obtain_access_token(client, login.method, body, secrets)


@asynccontextmanager
async def _embedded(settings: Embedded, log: HttpLog | None) -> AsyncIterator[Session]:
    from reconciler import embedded
    from reconciler.operations.orgs import read_orgs

    orgs = read_orgs(settings.salesforce_orgs)
    app = embedded.infisical_app(settings.database, orgs, settings.projects)
    try:
        token = await anyio.to_thread.run_sync(embedded.issue_token, settings.database)
        async with connect(Endpoint("http://embedded", app), Transport(), log=log) as client:
            client.authorise(Secret(token))
            yield Session(client, Reader(client), "embedded", "no log-in is needed", Secret(token))
    except embedded.DatabaseUnusableError as broken:
        unusable = error(
            f"The embedded Infisical cannot be used: {broken}.", hint="check `embedded.database` and its directory"
        )
        raise Stopped(Stop.FAILED, unusable) from None
    finally:
        app.close()


def _refuse_plain_http(url: str, environ: Mapping[str, str]) -> None:
    parts = urlsplit(url)
    if parts.scheme == "https" or environ.get("RECONCILER_ALLOW_HTTP") == "1" or is_loopback(parts.hostname or ""):
        return
    raise Stopped(
        Stop.FAILED,
        error(
            f"{url} uses plain http, so anybody on the network could read the credentials.",
            hint="use https, or set RECONCILER_ALLOW_HTTP=1 if you trust the network",
        ),
    )
