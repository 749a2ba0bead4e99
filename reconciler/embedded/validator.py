"""Infisical tries credentials on Salesforce before it keeps them; this is that trial, on the simulated orgs."""

import ipaddress
import json
import re
import socket
from collections.abc import Iterable
from urllib.parse import SplitResult, urlsplit

from reconciler.embedded.build import CURRENT, Build
from reconciler.embedded.errors import BadRequestError, InternalError
from reconciler.embedded.orgs import Org
from reconciler.embedded.salesforce import HungUp, UnknownHost, ask_salesforce
from reconciler.embedded.validation import Credentials

_LOCAL_NAMES = frozenset({"localhost", "host.docker.internal"})
_HOST = re.compile(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_.])?")


async def try_credentials(orgs: Iterable[Org], credentials: Credentials, build: Build = CURRENT) -> None:
    """Raises BadRequestError unless Salesforce gives these credentials a bearer token.

    Infisical: the sentence is the HTTP client's own; what Salesforce said of the reason is never passed on. The real
    server tries three times on a 5xx, which takes it about 1.5 s; a simulated org answers the same each time, so once
    is enough here. Scopes are not looked at.
    """
    url = _parsed(credentials.instance_url, "http" if build.plain_http else "https")
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
    # The token path is put behind whatever was given, less one slash: below a path Salesforce has nothing.
    if url.path not in ("", "/") or url.query or url.fragment:
        raise _failed("Request failed with status code 404")
    if answer.location:  # it is followed with a GET, and no page is at the token's path there
        raise _failed("Request failed with status code 404")
    if not 200 <= answer.status < 300:
        raise _failed(f"Request failed with status code {answer.status}")
    if _token_type(answer.body) != "Bearer":
        raise BadRequestError("Unexpected token type received from Salesforce: expected Bearer")


def _token_type(body: bytes) -> object:
    """The HTTP client leaves a body that is no JSON as text, which has no fields."""
    try:
        return json.loads(body).get("token_type")
    except ValueError:
        return None


def _failed(reason: str) -> BadRequestError:
    return BadRequestError(f"Failed to validate credentials: {reason}")


def _parsed(instance_url: str, kept: str) -> SplitResult:
    """The URL as Infisical reads it: https is put in front unless the value starts with `kept`, "http" (older: "https").

    A bare host whose name starts with "http" is therefore no URL, there as here.
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
    """The host to ask, in lower case. Infisical: a URL with a user, or to a local or private address, is refused."""
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
        # A literal in the short, hex and octal spellings too: 127.1 is 127.0.0.1.
        address = ipaddress.ip_address(host if ":" in host else socket.inet_aton(host))
    except (OSError, ValueError, UnicodeError):
        return False
    return not address.is_global
