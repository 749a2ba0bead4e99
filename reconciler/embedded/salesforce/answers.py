"""How a simulated Salesforce org answers.

The answers are true to the real Salesforce wherever a client decides by them: the pairs of error and description of the
token endpoint, the rule about My Domain hosts, and a success body that names the org and the user.
"""

import base64
import hashlib
import hmac
import json
import string
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import anyio

from reconciler.embedded.salesforce.orgs import SimulatedApp, SimulatedOrg
from reconciler.embedded.salesforce.refusals import BROKEN_ANSWERS, TOKEN_REFUSALS

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
    """No simulated org has this host. A real client would find that the name does not resolve."""

    def __init__(self, host: str) -> None:
        super().__init__(f"no simulated Salesforce org has the host {host}")
        self.host = host


class HungUp(Exception):
    """The org breaks the connection instead of answering."""


@dataclass(frozen=True, slots=True)
class SalesforceAnswer:
    """An HTTP answer: status, content type, body, and where it redirects to ("" for nowhere).

    The body of a success holds a token, so `repr` leaves bodies out.
    """

    status: int
    content_type: str
    body: bytes = field(repr=False)
    location: str = ""


async def ask_salesforce(orgs: Iterable[SimulatedOrg], host: str, form: Mapping[str, str]) -> SalesforceAnswer:
    """Return Salesforce's answer to `POST https://{host}/services/oauth2/token` with these form fields.

    The same question gets the same answer, except for `issued_at` and `signature`: Salesforce gives the same token while
    it lives. Raises UnknownHost if no org has the host, and HungUp if the org is to break the connection.
    """
    name = host.lower()
    if name in _LOGIN_HOSTS:
        return _refusal("E2")
    org = _org_at(orgs, name)
    if org is None:
        raise UnknownHost(name)
    await anyio.sleep(org.delay_ms / 1000)
    app, fault = _app_or_fault(org, form)
    if fault in BROKEN_ANSWERS:
        return _broken_answer(fault, org)
    if app is None or fault is not None:
        return _refusal(fault or "E3")
    return SalesforceAnswer(200, _JSON, json.dumps(_token_body(org, app)).encode())


async def ask_versions(orgs: Iterable[SimulatedOrg], host: str) -> SalesforceAnswer:
    """Return Salesforce's answer to `GET https://{host}/services/data`: the versions of its API, without a log-in.

    An org with a broken answer or a maintenance page gives it here too. Raises UnknownHost and HungUp, as
    `ask_salesforce` does.
    """
    org = _org_at(orgs, host.lower())
    if org is None:
        raise UnknownHost(host.lower())
    await anyio.sleep(org.delay_ms / 1000)
    if org.fault in BROKEN_ANSWERS:
        return _broken_answer(org.fault, org)
    if org.fault == "E18":
        return _refusal(org.fault)
    return SalesforceAnswer(200, _JSON, json.dumps(_API_VERSIONS).encode())


def _org_at(orgs: Iterable[SimulatedOrg], host: str) -> SimulatedOrg | None:
    return next((org for org in orgs if org.host.lower() == host), None)


def _app_or_fault(org: SimulatedOrg, form: Mapping[str, str]) -> tuple[SimulatedApp | None, str | None]:
    """Return the app that logs in, and the name of the fault that stops the log-in.

    The checks have the order in which Salesforce reveals faults.
    """
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
    return app, app.fault or _missing_setup(org, app)


def _missing_setup(org: SimulatedOrg, app: SimulatedApp) -> str | None:
    """Return the name of the fault in the set-up of an app whose key and secret are right, or None."""
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
    refusal = TOKEN_REFUSALS[name]
    if not refusal.error:
        page = "<html><head><title>Maintenance</title></head><body>We are down for maintenance.</body></html>"
        return SalesforceAnswer(refusal.status, _HTML, page.encode())
    body = json.dumps({"error": refusal.error, "error_description": refusal.description})
    return SalesforceAnswer(refusal.status, _JSON, body.encode())


def _broken_answer(fault: str, org: SimulatedOrg) -> SalesforceAnswer:
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


def _token_body(org: SimulatedOrg, app: SimulatedApp) -> dict[str, str]:
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


def _keyed(app: SimulatedApp, *parts: str) -> bytes:
    return hmac.digest(app.consumer_secret.encode(), "\n".join((app.consumer_key, *parts)).encode(), "sha256")


def _record_id(prefix: str, *of: str) -> str:
    """Return a Salesforce id of 18 characters: 15 name the record, 3 say which of those are capitals."""
    digest = hashlib.sha256("\n".join(of).encode()).digest()
    short = prefix + "".join(_BASE62[byte % 62] for byte in digest[:12])
    chunks = (short[start : start + 5] for start in (0, 5, 10))
    return short + "".join(_CHECK_LETTERS[sum(c.isupper() << place for place, c in enumerate(x))] for x in chunks)
