"""How a simulated Salesforce answers: one async function, asked by the Infisical API in process and served by an app.

Faithful where a client decides something: the error pairs of the token endpoint, the My Domain rule, and a success
body that names the org and the user.
"""

import base64
import hashlib
import hmac
import json
import string
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from urllib.parse import parse_qsl

import anyio
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from reconciler.embedded.dates import DateHeader
from reconciler.embedded.orgs import BROKEN, FAULTS, App, Org

_LOGIN_HOSTS = frozenset({"login.salesforce.com", "test.salesforce.com"})
_BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
_CHECK_LETTERS = string.ascii_uppercase + "012345"
_JSON = "application/json;charset=UTF-8"
_HTML = "text/html;charset=UTF-8"
_API_VERSIONS = [
    {"label": label, "url": f"/services/data/v{version}", "version": version}
    for label, version in (("Summer '25", "64.0"), ("Winter '26", "65.0"), ("Spring '26", "66.0"))
]


class UnknownHost(Exception):
    """No simulated org has this host: what a real client sees as a name that does not resolve."""

    def __init__(self, host: str) -> None:
        super().__init__(f"no simulated Salesforce org has the host {host}")
        self.host = host


class HungUp(Exception):
    """The org breaks the connection instead of answering."""


@dataclass(frozen=True, slots=True)
class SalesforceAnswer:
    """An HTTP answer: status, content type, body, where it redirects to. The body of a success holds a token, so it has no
    repr."""

    status: int
    content_type: str
    body: bytes = field(repr=False)
    location: str = ""


async def ask_salesforce(orgs: Iterable[Org], host: str, form: Mapping[str, str]) -> SalesforceAnswer:
    """Salesforce's answer to `POST https://{host}/services/oauth2/token` with these form fields.

    The answer to the same question stays the same but for `issued_at` and `signature`: Salesforce gives the same
    token while it lives. Raises UnknownHost when no org has the host, HungUp when the org is to break the connection.
    """
    name = host.lower()
    if name in _LOGIN_HOSTS:
        return _refusal("E2")
    org = _org_at(orgs, name)
    if org is None:
        raise UnknownHost(name)
    await anyio.sleep(org.delay_ms / 1000)
    app, fault = _decide(org, form)
    if fault in BROKEN:
        return _broken(fault, org)
    if app is None or fault is not None:
        return _refusal(fault or "E3")
    return SalesforceAnswer(200, _JSON, json.dumps(_token(org, app)).encode())


async def ask_versions(orgs: Iterable[Org], host: str) -> SalesforceAnswer:
    """Salesforce's answer to `GET https://{host}/services/data`, which needs no log-in: the versions of its API.

    An org that is down, or has something in front, has that here too. Raises as `ask_salesforce` does.
    """
    org = _org_at(orgs, host.lower())
    if org is None:
        raise UnknownHost(host.lower())
    await anyio.sleep(org.delay_ms / 1000)
    if org.fault in BROKEN:
        return _broken(org.fault, org)
    if org.fault == "E18":
        return _refusal(org.fault)
    return SalesforceAnswer(200, _JSON, json.dumps(_API_VERSIONS).encode())


Drop = Callable[[tuple[str, int]], None]
"""Breaks the connection of the client at this address."""


def salesforce_app(orgs: Iterable[Org], drop: Drop | None = None) -> Starlette:
    """The simulated orgs as an ASGI app that tells them apart by the Host header.

    `POST /services/oauth2/token` and `GET /services/data`; a host that no org has is a 404 page. Every answer carries
    a Date: run uvicorn with `date_header=False`, or it is there twice. `drop` is for orgs that break connections; without it
    they answer 500.
    """
    known = tuple(orgs)

    async def token(request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))
        return await _served(request, partial(ask_salesforce, known, _host_of(request), form), drop)

    async def versions(request: Request) -> Response:
        return await _served(request, partial(ask_versions, known, _host_of(request)), drop)

    return Starlette(
        routes=[
            Route("/services/oauth2/token", token, methods=["POST"]),
            Route("/services/data", versions),
            Route("/services/data/", versions),
        ],
        middleware=[Middleware(DateHeader)],
    )


async def _served(request: Request, ask: Callable[[], Awaitable[SalesforceAnswer]], drop: Drop | None) -> Response:
    try:
        answer = await ask()
    except UnknownHost:
        return HTMLResponse("<html><head><title>404 Not Found</title></head><body>Not Found</body></html>", 404)
    except HungUp:
        if drop is not None and request.client is not None:
            drop((request.client.host, request.client.port))
        return Response(status_code=500)
    headers = {"location": answer.location} if answer.location else None
    return Response(answer.body, answer.status, headers, media_type=answer.content_type)


def _org_at(orgs: Iterable[Org], host: str) -> Org | None:
    return next((org for org in orgs if org.host.lower() == host), None)


def _host_of(request: Request) -> str:
    return request.headers.get("host", "").partition(":")[0].lower()


def _decide(org: Org, form: Mapping[str, str]) -> tuple[App | None, str | None]:
    """The app that logs in, or the name of the fault that stops it, checked in the order Salesforce reveals them."""
    if org.fault:
        return None, org.fault
    if form.get("grant_type") != "client_credentials":
        return None, "E5"
    key = form.get("client_id", "")
    if not key:
        return None, "E4"
    app = next((app for app in org.apps if _same(app.consumer_key, key)), None)
    if app is None or not app.known:
        return None, "E3"
    if not _same(app.consumer_secret, form.get("client_secret", "")):
        return None, "E4"
    # Salesforce: this grant takes its scopes from the app; a request must not name any.
    if "scope" in form:
        return None, "E13"
    return app, app.fault or _unset(org, app)


def _unset(org: Org, app: App) -> str | None:
    """What is missing in the set-up of an app whose key and secret are right, None when nothing is."""
    if not app.flow_in_settings:
        return "E6"
    user = org.user(app.run_as) if app.run_as and app.flow_in_policies else None
    if user is None:
        return "E1"
    if not user.active:
        return "E10"
    return None if app.approved else "E7"


def _same(expected: str, given: str) -> bool:
    return hmac.compare_digest(expected.encode("utf-8", "surrogatepass"), given.encode("utf-8", "surrogatepass"))


def _refusal(name: str) -> SalesforceAnswer:
    fault = FAULTS[name]
    if not fault.error:
        page = "<html><head><title>Maintenance</title></head><body>We are down for maintenance.</body></html>"
        return SalesforceAnswer(fault.status, _HTML, page.encode())
    body = json.dumps({"error": fault.error, "error_description": fault.description})
    return SalesforceAnswer(fault.status, _JSON, body.encode())


def _broken(fault: str, org: Org) -> SalesforceAnswer:
    match fault:
        case "redirect":
            elsewhere = f"{org.host.partition('.')[0]}.lightning.force.com"
            return SalesforceAnswer(302, _HTML, b"", f"https://{elsewhere}/lightning")
        case "page":
            page = b"<!DOCTYPE html>\n<html><head><title>Login | Salesforce</title></head><body>Username</body></html>"
            return SalesforceAnswer(200, _HTML, page)
        case "half":
            return SalesforceAnswer(200, _JSON, b'{"access_token": "00D')
        case _:
            raise HungUp(org.host)


def _token(org: Org, app: App) -> dict[str, str]:
    host = org.host.lower()
    org_id = _record_id("00D", host)
    identity = f"https://{_login_host(host)}/id/{org_id}/{_record_id('005', host, app.run_as)}"
    issued_at = str(time.time_ns() // 1_000_000)
    session = base64.urlsafe_b64encode(_keyed(app, "session", host, app.run_as)).decode().rstrip("=")
    return {
        "access_token": f"{org_id[:15]}!AQEA{session}",
        "signature": base64.b64encode(_keyed(app, identity, issued_at)).decode(),
        "scope": " ".join(app.scopes),
        "instance_url": org.instance_url or f"https://{host}",
        "id": identity,
        "token_type": app.token_type,
        "issued_at": issued_at,
    }


def _login_host(host: str) -> str:
    return "test.salesforce.com" if ".sandbox." in host or ".scratch." in host else "login.salesforce.com"


def _keyed(app: App, *parts: str) -> bytes:
    return hmac.digest(app.consumer_secret.encode(), "\n".join((app.consumer_key, *parts)).encode(), "sha256")


def _record_id(prefix: str, *of: str) -> str:
    """An 18-character Salesforce id: 15 that name the record, 3 that tell which of those are capitals."""
    digest = hashlib.sha256("\n".join(of).encode()).digest()
    short = prefix + "".join(_BASE62[byte % 62] for byte in digest[:12])
    chunks = (short[start : start + 5] for start in (0, 5, 10))
    return short + "".join(_CHECK_LETTERS[sum(c.isupper() << place for place, c in enumerate(x))] for x in chunks)
