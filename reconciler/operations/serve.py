"""Serves the embedded Infisical and its simulated Salesforce over HTTP, for other programs and for tests."""

import contextlib
import json
import random
import socket
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from reconciler import embedded
from reconciler.embedded.faults import Fault, Faulty
from reconciler.model import Stop, Stopped, error
from reconciler.operations.orgs import read_orgs
from reconciler.workspace import write_file

if TYPE_CHECKING:  # uvicorn is an extra
    import asyncio

    from starlette.types import ASGIApp, Receive, Scope, Send

IDENTITY = "serve"
"""The name of the machine identity whose credentials are given at the first start."""
_GRACE_SECONDS = 5
_Address = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Serving:
    """What is served and where. A port of 0 is any free one; limits are requests a window,
    None for none."""

    host: str
    port: int
    salesforce_port: int
    database: Path
    orgs: Path | None = None
    projects: tuple[str, ...] = ()
    read_limit: int | None = None
    write_limit: int | None = None
    limit_window_seconds: float = 60
    older_build: bool = False
    faults: Mapping[Fault, float] = field(default_factory=dict)
    delay_seconds: float = 0
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Served:
    """Where it is. `client_id` and `client_secret` are None when an earlier start gave them."""

    url: str
    salesforce_url: str
    organisation_id: str
    client_id: str | None = None
    client_secret: str | None = field(default=None, repr=False)

    def told(self) -> dict[str, str]:
        """Return what a client needs, by the names it is told with."""
        keys = {"url": self.url, "salesforceUrl": self.salesforce_url, "organizationId": self.organisation_id}
        if self.client_id and self.client_secret:
            keys |= {"clientId": self.client_id, "clientSecret": self.client_secret}
        return keys


def serve(serving: Serving, ready: Callable[[Served], None]) -> None:
    """Serve until SIGINT or SIGTERM, and let requests that began end. `ready` is called once requests are taken.

    Raises `Stopped`: without uvicorn, for a port that is taken, a database or an org file that cannot be used.
    """
    try:
        import uvicorn
        from uvicorn.protocols.http.h11_impl import H11Protocol
    except ImportError:
        hint = "pip install 'infisical-reconciler[serve]'"
        raise _failed("`reconciler serve` needs uvicorn, which is not installed.", hint) from None
    transports: dict[_Address, asyncio.BaseTransport] = {}

    class Protocol(H11Protocol):
        """Knows its transport by its client's address, so that a fault can break it."""

        def connection_made(self, transport: "asyncio.Transport") -> None:  # type: ignore[override]
            transports[transport.get_extra_info("peername")[:2]] = transport
            super().connection_made(transport)

        def connection_lost(self, exc: Exception | None) -> None:
            transports.pop(self.transport.get_extra_info("peername")[:2], None)
            super().connection_lost(exc)

    def drop(client: _Address) -> None:
        transport = transports.get(client)
        if transport is not None:
            transport.abort()  # type: ignore[attr-defined]

    class Server(uvicorn.Server):
        """Says when it is ready, and ends well when it is asked to: uvicorn would raise the signal once more behind it."""

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            ready(served)

        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            self.force_exit, self.should_exit = self.should_exit, True

    orgs = read_orgs(serving.orgs)
    app, identity, organisation = _infisical(serving, orgs)
    with (
        contextlib.closing(app),
        _listening(serving.host, serving.port) as infisical,
        _listening(serving.host, serving.salesforce_port) as salesforce,
    ):
        draw = random.Random(serving.seed).random  # noqa: S311  # which requests fail is no secret
        faulty = Faulty(app, serving.faults, drop, draw, serving.delay_seconds)
        hosts = frozenset(org.host.lower() for org in orgs)
        config = uvicorn.Config(
            _Dispatch(faulty, embedded.salesforce_app(orgs, drop), hosts, salesforce.getsockname()[1]),
            http=Protocol,
            ws="none",
            lifespan="off",
            date_header=False,
            server_header=False,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
        served = Served(_url(infisical), _url(salesforce), organisation, *identity)
        Server(config).run([infisical, salesforce])


def credentials_file(path: Path, served: Served) -> None:
    """Write what a client needs to know as one JSON object, mode 0600.

    The credentials of an earlier start are kept where they are of the same organisation: only addresses move. Raises
    `Stopped` when the file cannot be written.
    """
    told = served.told()
    try:
        if not served.client_secret and path.exists():
            earlier = json.loads(path.read_text("utf-8"))
            if isinstance(earlier, dict) and earlier.get("organizationId") == served.organisation_id:
                told = earlier | told
        write_file(path, (json.dumps(told, indent=2) + "\n").encode(), mode=0o600)
    except (OSError, ValueError) as broken:
        said = getattr(broken, "strerror", None) or "it holds something else"
        raise _failed(f"The credentials cannot be written to {path}: {said}.", "name another --credentials-file") from None


class _Dispatch:
    """One server for both: Salesforce by its port or by the host that is asked for, Infisical for all else."""

    def __init__(self, infisical: "ASGIApp", salesforce: "ASGIApp", hosts: frozenset[str], port: int) -> None:
        self._infisical = infisical
        self._salesforce = salesforce
        self._hosts = hosts
        self._port = port

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        to_salesforce = scope["type"] == "http" and (scope["server"][1] == self._port or _host(scope) in self._hosts)
        await (self._salesforce if to_salesforce else self._infisical)(scope, receive, send)


def _host(scope: "Scope") -> str:
    named = next((value for name, value in scope["headers"] if name == b"host"), b"")
    return str(named.decode("latin-1").partition(":")[0].lower())


def _infisical(
    serving: Serving, orgs: Sequence[embedded.Org]
) -> tuple[embedded.InfisicalApp, tuple[str, str] | tuple[None, None], str]:
    """Return the app, the first run's client id and secret, and the organisation's id."""
    try:
        app = embedded.infisical_app(
            serving.database,
            orgs,
            serving.projects,
            build=embedded.OLDER if serving.older_build else embedded.CURRENT,
            limits=_limits(serving),
        )
        return app, _identity(serving.database), app.organisation_id
    except ValueError as wrong:
        raise _failed(f"This cannot be served: {wrong}.", "a project's slug is lower-case words joined by hyphens") from None
    except (embedded.DatabaseUnusableError, sqlite3.Error, OSError) as broken:
        raise _failed(f"The database cannot be used: {broken}.", "name another file with --db") from None


def _limits(serving: Serving) -> embedded.Limits | None:
    if serving.read_limit is None and serving.write_limit is None:
        return None
    return embedded.Limits(serving.read_limit, serving.write_limit, serving.read_limit, serving.limit_window_seconds)


def _identity(database: Path) -> tuple[str, str] | tuple[None, None]:
    """Return the client id and secret that the first start makes, and no other one sees."""
    try:
        made = embedded.create_identity(database, IDENTITY)
    except ValueError:  # there is one of that name
        return None, None
    return made.client_id, made.client_secret


def _listening(host: str, port: int) -> socket.socket:
    """Return a socket that takes connections. Its protocol is named, so that asyncio sends at once on it."""
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    except OSError as wrong:
        raise _failed(f"{host} cannot be listened on: {wrong.strerror}.", "choose another --host") from None
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(128)
    except OSError as taken:
        listening.close()
        hint = "choose another --host or port; 0 is any free one"
        raise _failed(f"{host}:{port} cannot be listened on: {taken.strerror}.", hint) from None
    return listening


def _url(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _failed(summary: str, hint: str) -> Stopped:
    return Stopped(Stop.FAILED, error(summary, hint=hint))
