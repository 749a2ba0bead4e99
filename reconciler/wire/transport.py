"""Where a client sends requests, and the way there: the address, the proxy, and the certificates of both ends."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

import httpx

from reconciler.model import Secret, is_loopback
from reconciler.wire import tls
from reconciler.wire.errors import NotSent
from reconciler.wire.words import printable

REACH = (
    f"check the address, the network, the proxy (HTTPS_PROXY, NO_PROXY), the certificates ({tls.CA_FILE}, {tls.SYSTEM_CA_FILE})"
)
_CONNECTIONS = 32


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a client sends requests: a base URL, and an ASGI app if this process answers instead of the network."""

    url: str
    app: Callable[..., Any] | None = None


@dataclass(frozen=True, slots=True)
class Transport:
    """The way over the network. Files are paths, "" for none.

    `proxies` are URLs by scheme (http, https, all), which can contain a password. `no_proxy` are hosts, `.suffixes`, networks
    or `*`.
    """

    ca: str = ""
    system_ca_file: str = ""
    system_ca_dir: str = ""
    certificate: str = ""
    key: str = ""
    key_password: Secret | None = None
    proxies: Mapping[str, Secret] = field(default_factory=dict)
    no_proxy: tuple[str, ...] = ()

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> "Transport":
        """Return the way that environment variables describe. It reads no file.

        Certificates: RECONCILER_CA_FILE (a file or a directory), then SSL_CERT_FILE, then SSL_CERT_DIR;
        RECONCILER_CLIENT_CERTIFICATE, _KEY and _KEY_PASSWORD. Proxies: HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY. Their
        names in lower case win, as for curl.
        """
        password = environ.get(tls.CLIENT_KEY_PASSWORD, "")
        proxies = {scheme: _either(environ, f"{scheme}_proxy") for scheme in ("http", "https", "all")}
        return cls(
            ca=environ.get(tls.CA_FILE, "").strip(),
            system_ca_file=environ.get(tls.SYSTEM_CA_FILE, "").strip(),
            system_ca_dir=environ.get(tls.SYSTEM_CA_DIR, "").strip(),
            certificate=environ.get(tls.CLIENT_CERTIFICATE, "").strip(),
            key=environ.get(tls.CLIENT_KEY, "").strip(),
            key_password=Secret(password) if password else None,
            proxies={scheme: Secret(url) for scheme, url in proxies.items() if url},
            no_proxy=tuple(name for part in _either(environ, "no_proxy").split(",") if (name := part.strip().lower())),
        )

    def proxy(self, url: str) -> tuple[str, Secret] | None:
        """Return the variable that names the proxy for `url`, and the proxy's URL. None if requests go directly.

        Requests to this machine never go to a proxy, whatever the variables say: they may be plain http, which it could read.
        """
        parts = urlsplit(url)
        if is_loopback(parts.hostname or "") or any(_is_spared(parts, one) for one in self.no_proxy):
            return None
        for scheme in (parts.scheme, "all"):
            proxy = self.proxies.get(scheme)
            if proxy is not None:
                text = proxy.reveal()
                return f"{scheme.upper()}_PROXY", proxy if "://" in text else Secret(f"http://{text}")
        return None

    def secrets(self, url: str) -> tuple[Secret, ...]:
        """Return the secrets that an error on the way to `url` must not show: the passwords of the proxy and of the key."""
        proxy = self.proxy(url)
        password = _password(proxy[1]) if proxy else None
        return tuple(secret for secret in (password, self.key_password) if secret)


def open_transport(endpoint: Endpoint, transport: Transport) -> httpx.AsyncBaseTransport:
    """Return the transport that carries requests to `endpoint`. Raises `NotSent` if it cannot be used."""
    if endpoint.app is not None:
        return httpx.ASGITransport(app=endpoint.app, raise_app_exceptions=False)
    try:
        url = httpx.URL(endpoint.url)
        proxy = transport.proxy(endpoint.url)
    except (httpx.InvalidURL, ValueError) as unusable:
        raise NotSent(f"{endpoint.url} cannot be reached: {printable(str(unusable)).rstrip('.')}.", REACH) from None
    secure = url.scheme == "https" or (proxy is not None and proxy[1].reveal().startswith("https:"))
    context = (
        tls.context(
            transport.ca,
            transport.system_ca_file,
            transport.system_ca_dir,
            transport.certificate,
            transport.key,
            transport.key_password,
        )
        if secure
        else tls.none()
    )
    limits = httpx.Limits(max_connections=_CONNECTIONS, max_keepalive_connections=_CONNECTIONS)
    try:
        way = None
        if proxy is not None:
            address = proxy[1].reveal()
            way = httpx.Proxy(address, ssl_context=context if address.startswith("https:") else None)
        return httpx.AsyncHTTPTransport(verify=context, limits=limits, proxy=way, trust_env=False)
    except (httpx.InvalidURL, ValueError, ImportError):
        # The library's message quotes the URL of the proxy, with its password, so it is not shown.
        variable = proxy[0] if proxy else ""
        raise NotSent(
            f"{endpoint.url} cannot be reached: the proxy in {variable} cannot be used.",
            f"set {variable} to http://HOST:PORT or https://HOST:PORT, or name the host in NO_PROXY",
        ) from None


def _either(environ: Mapping[str, str], name: str) -> str:
    return (environ.get(name) or environ.get(name.upper()) or "").strip()


def _is_spared(url: SplitResult, spared: str) -> bool:
    """Tell whether `spared` covers `url`, as curl does.

    It is `*`, an address, a network, or a host with all its subdomains. With a port it covers only that port.
    """
    host = (url.hostname or "").lower()
    if spared in {"*", host}:
        return True
    bare, _, port = spared.rpartition(":")
    if bare and port.isdecimal() and "]" not in port and (bare.count(":") == 0 or bare.endswith("]")):
        default = 443 if url.scheme == "https" else 80
        if int(port) != (url.port or default):
            return False
        spared = bare
    spared = spared.strip("[]")
    try:
        return ip_address(host) in ip_network(spared, strict=False)
    except ValueError:
        suffix = spared.removeprefix("*").removeprefix(".")
        return bool(suffix) and (host == suffix or host.endswith(f".{suffix}"))


def _password(proxy: Secret) -> Secret | None:
    try:
        password = urlsplit(proxy.reveal()).password
    except ValueError:
        return None
    return Secret(unquote(password)) if password else None
