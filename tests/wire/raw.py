"""An HTTP server on loopback that does exactly what a test says, misbehaviour included."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Asked:
    """One request as it arrived."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        """The path alone."""
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, list[str]]:
        """The query."""
        return parse_qs(urlsplit(self.target).query)


class Cut(bytes):
    """Bytes after which the connection is closed."""


class Trickle(bytes):
    """Bytes after which more follow, one now and then, without end."""


Behaviour = Callable[[Asked], Awaitable[bytes | None]]
"""Gives the bytes that are answered, or None: the connection is closed without an answer."""


@dataclass
class Raw:
    """A server under way: where it is, and what was asked so far, in the order of arrival."""

    url: str
    behaviour: Behaviour
    asked: list[Asked] = field(default_factory=list)

    @property
    def methods(self) -> list[str]:
        """The methods in the order of arrival."""
        return [one.method for one in self.asked]


def reply(status: int, body: bytes | str = b"", **headers: str) -> bytes:
    """A whole answer; `retry_after` is the header retry-after."""
    content = body.encode() if isinstance(body, str) else body
    head = [f"HTTP/1.1 {status} Whatever", f"content-length: {len(content)}"]
    head += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*head, "", ""]).encode("latin-1") + content


def replied(status: int, value: Any, **headers: str) -> bytes:
    """A whole JSON answer."""
    return reply(status, json.dumps(value), **({"content_type": "application/json"} | headers))


def refusal(status: int, error: str, message: Any, **headers: str) -> bytes:
    """A refusal in the API's envelope."""
    return replied(status, {"reqId": "req-Abc123", "statusCode": status, "message": message, "error": error}, **headers)


def always(answer: bytes | None) -> Behaviour:
    """The same to everything."""

    async def behave(_asked: Asked) -> bytes | None:
        return answer

    return behave


def in_turn(*answers: bytes | None) -> Behaviour:
    """One after the other; the last one to all that follow."""
    left = list(answers)

    async def behave(_asked: Asked) -> bytes | None:
        return left.pop(0) if len(left) > 1 else left[0]

    return behave


@asynccontextmanager
async def serving(behaviour: Behaviour, tls: ssl.SSLContext | None = None) -> AsyncIterator[Raw]:
    """Serve until the block ends, in the test's own event loop; with `tls` as https://localhost."""
    writers: set[asyncio.StreamWriter] = set()
    tasks: set[asyncio.Task[None]] = set()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.add(writer)
        try:
            while (asked := await _read(reader)) is not None:
                raw.asked.append(asked)
                answer = await raw.behaviour(asked)
                if answer is None:
                    return
                writer.write(answer)
                await writer.drain()
                while isinstance(answer, Trickle):
                    await asyncio.sleep(0.01)
                    writer.write(b"1")
                    await writer.drain()
                if isinstance(answer, Cut):
                    return
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writers.discard(writer)
            writer.close()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(talk(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(accept, "127.0.0.1", 0, limit=2**22, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    raw = Raw(f"https://localhost:{port}" if tls else f"http://127.0.0.1:{port}", behaviour)
    try:
        yield raw
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _read(reader: asyncio.StreamReader) -> Asked | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.decode("latin-1").strip().split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return Asked(method, target, headers, await reader.readexactly(int(headers.get("content-length", "0"))))
