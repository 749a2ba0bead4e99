"""Takes requests: sockets, and uvicorn on them until the run is asked to end. uvicorn is an extra, imported only from here."""

import asyncio
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass

import anyio
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from reconciler.model import Stop, Stopped, error
from reconciler.operations.interruption import Interruption

_GRACE_SECONDS = 5
_HURRY_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Listening:
    """A socket that takes connections."""

    socket: socket.socket

    @property
    def port(self) -> int:
        """The port, also where any free one was asked for."""
        port: int = self.socket.getsockname()[1]
        return port

    @property
    def url(self) -> str:
        """The address for a client on this machine, or on a network that leads here."""
        host = self.socket.getsockname()[0]
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"


@contextmanager
def listen(host: str, port: int) -> Iterator[Listening]:
    """Take connections until the block ends. Raises `Stopped` when the host or the port cannot be used.

    The socket's protocol is named, because asyncio then sends at once on it.
    """
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    except OSError as wrong:
        raise _failed(f"{host} cannot be listened on: {wrong.strerror}.", "choose another --host") from None
    with listening:
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(address)
            listening.listen(128)
        except OSError as taken:
            hint = "choose another --host or port; 0 is any free one"
            raise _failed(f"{host}:{port} cannot be listened on: {taken.strerror}.", hint) from None
        yield Listening(listening)


class Connections:
    """The open connections by their client's address, so that a fault can break one."""

    def __init__(self) -> None:
        self._transports: dict[tuple[str, int], asyncio.Transport] = {}

    def add(self, transport: asyncio.Transport) -> None:
        """Note a connection that opened."""
        self._transports[_client(transport)] = transport

    def remove(self, transport: asyncio.Transport) -> None:
        """Forget a connection that closed."""
        self._transports.pop(_client(transport), None)

    def drop(self, client: tuple[str, int]) -> None:
        """Break the client's connection, at once and without a word."""
        if transport := self._transports.get(client):
            transport.abort()


def serve_until_stopped(
    app: ASGIApp,
    sockets: Sequence[Listening],
    connections: Connections,
    ready: Callable[[], None],
    interruption: Interruption,
) -> None:
    """Answer requests with `app` until `interruption` asks for the end, then the requests that began."""

    class Protocol(H11Protocol):
        """Notes its connection."""

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            connections.add(transport)
            super().connection_made(transport)

        def connection_lost(self, exc: Exception | None) -> None:
            connections.remove(self.transport)
            super().connection_lost(exc)

    config = uvicorn.Config(
        app,
        http=Protocol,
        ws="none",
        lifespan="off",
        date_header=False,
        server_header=False,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    _Server(config, ready, interruption).run([listening.socket for listening in sockets])


class _Server(uvicorn.Server):
    """Says when it is ready, and ends when it is asked to. It leaves signals alone: what they do is the caller's business."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None], interruption: Interruption) -> None:
        super().__init__(config)
        self._ready = ready
        self._interruption = interruption

    def capture_signals(self) -> AbstractContextManager[None]:  # type: ignore[override]
        return nullcontext()

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        ending = asyncio.create_task(self._end_when_asked())
        try:
            await super().serve(sockets)
        finally:
            ending.cancel()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    async def _end_when_asked(self) -> None:
        """Let requests that began end; once somebody asks again, break their connections."""
        await self._interruption.wait()
        self.should_exit = True
        while not self._interruption.repeated:  # noqa: ASYNC110  # the first request to end stays readable: no event for a second
            await anyio.sleep(_HURRY_SECONDS)
        self.force_exit = True


def _client(transport: asyncio.Transport) -> tuple[str, int]:
    host, port = transport.get_extra_info("peername")[:2]
    return host, port


def _failed(summary: str, hint: str) -> Stopped:
    return Stopped(Stop.FAILED, error(summary, hint=hint))
