"""Infisical tries credentials on Salesforce before it accepts them. Here it tries them on the simulated orgs."""

import ipaddress
import json
import re
import socket
from collections.abc import Iterable
from urllib.parse import SplitResult, urlsplit

from reconciler.embedded.infisical.builds import CURRENT, Build
from reconciler.embedded.infisical.errors import BadRequestError, InternalError
from reconciler.embedded.infisical.requests.bodies import SubmittedCredentials
from reconciler.embedded.salesforce import HungUp, SimulatedOrg, UnknownHost, ask_salesforce

_LOCAL_NAMES = frozenset({"localhost", "host.docker.internal"})
_HOST = re.compile(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_.])?")


async def try_credentials(orgs: Iterable[SimulatedOrg], credentials: SubmittedCredentials, build: Build = CURRENT) -> None:
    """Raise BadRequestError unless Salesforce gives a bearer token for these credentials.

    Infisical: the message is the HTTP client's own sentence. It never passes on the reason that Salesforce gave, and does
    not look at scopes. The real server tries up to three times if it gets a 5xx, which takes about 1.5 s. A
    simulated org gives the same answer each time, so one request is enough here.
    """
    url = _parse_url(credentials.instance_url, "http" if build.plain_http else "https")
    host = _public_host(url)
    form = {
        "grant_type": "client_credentials",
        "client_id": credentials.consumer_key,
        "client_secret": credentials.consumer_secret,
    }
    try:
        answer = await ask_salesforce(orgs, host, form)
    except UnknownHost:
        if not build.resolves_in_try:
            raise InternalError from None
        raise _failed(f"getaddrinfo ENOTFOUND {host}") from None
    except HungUp:
        raise _failed("socket hang up") from None
    # Infisical appends the token path to the URL it is given, and Salesforce has nothing below another path.
    if url.path not in ("", "/") or url.query or url.fragment:
        raise _failed("Request failed with status code 404")
    if answer.location:  # the HTTP client follows with a GET, and there is no page at the token path
        raise _failed("Request failed with status code 404")
    if not 200 <= answer.status < 300:
        raise _failed(f"Request failed with status code {answer.status}")
    if _token_type(answer.body) != "Bearer":
        raise BadRequestError("Unexpected token type received from Salesforce: expected Bearer")


def _token_type(body: bytes) -> object:
    """Return the token type of an answer, None if it has none. A body that is not JSON has no fields."""
    try:
        return json.loads(body).get("token_type")
    except ValueError:
        return None


def _failed(reason: str) -> BadRequestError:
    return BadRequestError(f"Failed to validate credentials: {reason}")


def _parse_url(instance_url: str, kept: str) -> SplitResult:
    """Return the URL as Infisical reads it. It puts `https://` in front of a value that does not begin with `kept`.

    `kept` is "http", in older builds "https". So a bare host whose name begins with "http" is not a URL, here and there.
    """
    text = instance_url if instance_url.startswith(kept) else f"https://{instance_url}"
    try:
        url = urlsplit(text)
        _ = url.port
    except ValueError:
        raise _failed("Invalid URL") from None
    if url.scheme not in ("http", "https") or not url.hostname:
        raise _failed("Invalid URL")
    return url


def _public_host(url: SplitResult) -> str:
    """Return the host to ask, in lower case.

    Infisical refuses a URL that has a user, or that leads to a local or private address: BadRequestError.
    """
    if url.username is not None or url.password is not None:
        raise BadRequestError("URLs with user credentials (user:pass@) are not allowed")
    host = (url.hostname or "").rstrip(".")
    if host in _LOCAL_NAMES or _is_private(host):
        raise BadRequestError("Local and private IP addresses are not allowed as URL")
    try:
        name = host if ":" in host else host.encode("idna").decode().lower()
    except UnicodeError:
        raise _failed("Invalid URL") from None
    if ":" not in host and not _HOST.fullmatch(name):
        raise _failed("Invalid URL")
    return name


def _is_private(host: str) -> bool:
    try:
        # Addresses also have short, hexadecimal and octal spellings: 127.1 is 127.0.0.1.
        address = ipaddress.ip_address(host if ":" in host else socket.inet_aton(host))
    except (OSError, ValueError, UnicodeError):
        return False
    return not address.is_global
