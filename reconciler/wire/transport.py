"""Where a client sends and by which way: the address, the proxy before it, and the certificates of both ends."""

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
    f"check the address, the network, a proxy (HTTPS_PROXY, NO_PROXY) and the certificate ({tls.CA_FILE}, {tls.SYSTEM_CA_FILE})"
)
_CONNECTIONS = 32


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a client sends: a base URL, and an ASGI app when it is answered in process instead of over the network."""

    url: str
    app: Callable[..., Any] | None = None


@dataclass(frozen=True, slots=True)
class Transport:
    """The way over the network. Files are paths, "" where there is none; `proxies` are URLs by scheme (http, https, all), which
    may hold a password; `no_proxy` are hosts, `.suffixes`, networks or `*`."""

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
        """Return what the variables say: RECONCILER_CA_FILE (a file or a directory), RECONCILER_CLIENT_CERTIFICATE, _KEY and
        _KEY_PASSWORD, else SSL_CERT_FILE and SSL_CERT_DIR; HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY, in small letters too
        (those win, as for curl). Reads no file."""
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
            no_proxy=tuple(name for one in _either(environ, "no_proxy").split(",") if (name := one.strip().lower())),
        )

    def proxy(self, url: str) -> tuple[str, Secret] | None:
        """Return which variable names the proxy for `url` and that proxy's URL, None for the direct way.

        Requests to this machine never go to a proxy, whatever the variables say: they may be plain http, which it would read.
        """
        parts = urlsplit(url)
        if is_loopback(parts.hostname or "") or any(_is_spared(parts, one) for one in self.no_proxy):
            return None
        for scheme in (parts.scheme, "all"):
            found = self.proxies.get(scheme)
            if found is not None:
                text = found.reveal()
                return f"{scheme.upper()}_PROXY", found if "://" in text else Secret(f"http://{text}")
        return None

    def secrets(self, url: str) -> tuple[Secret, ...]:
        """Return what a failure on the way to `url` must not show: the password of the proxy and that of the key."""
        found = self.proxy(url)
        password = _password(found[1]) if found else None
        return tuple(one for one in (password, self.key_password) if one)


def opened(endpoint: Endpoint, transport: Transport) -> httpx.AsyncBaseTransport:
    """Return what carries requests to `endpoint`. Raises `NotSent` when the address, a proxy or a file cannot be used."""
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
        # The library's words quote the proxy's URL, and with it its password.
        variable = proxy[0] if proxy else ""
        raise NotSent(
            f"{endpoint.url} cannot be reached: {variable} names no proxy that can be used.",
            f"set {variable} to http://HOST:PORT or https://HOST:PORT, or name the host in NO_PROXY",
        ) from None


def _either(environ: Mapping[str, str], name: str) -> str:
    return (environ.get(name) or environ.get(name.upper()) or "").strip()


def _is_spared(url: SplitResult, spared: str) -> bool:
    """As curl: `*`, an address, a network, or a host with all below it; any with a port, then only that."""
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
        found = urlsplit(proxy.reveal()).password
    except ValueError:
        return None
    return Secret(unquote(found)) if found else None
