"""The embedded API in a process of its own, with a count of its calls.

`python -m benchmarks.server DATABASE ORGS READY` serves it on a free port of loopback and writes port and token into READY.
"""

import json
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.processes import PYTHON, BenchmarkBrokenError, clean_environment
from benchmarks.stack import PROJECT, write_orgs

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

_ROOT = Path(__file__).parent.parent
_CALLS = "/benchmark/calls"
_PATIENCE_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Server:
    """A served API, and a token for it."""

    url: str
    token: str

    def calls(self) -> int:
        """Return how many requests it has had so far; this one is none."""
        with urllib.request.urlopen(f"{self.url}{_CALLS}", timeout=_PATIENCE_SECONDS) as answer:  # noqa: S310  # our own
            return int(answer.read())


@contextmanager
def serve(folder: Path, *, delay_ms: int = 0, apps: int = 0) -> Iterator[Server]:
    """Serve a new, empty API from the new `folder` until the block ends; its Salesforce answers after `delay_ms`.

    `apps` is how many apps its orgs have together, beside the one that each has.
    """
    folder.mkdir()
    orgs, ready = folder / "orgs.yaml", folder / "ready.json"
    write_orgs(orgs, delay_ms, apps)
    process = subprocess.Popen(  # noqa: S603  # our own command line
        [PYTHON, "-m", "benchmarks.server", str(folder / "infisical.db"), str(orgs), str(ready)],
        cwd=_ROOT,
        env=clean_environment({}),
    )
    try:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not ready.exists():
            if process.poll() is not None or time.monotonic() > deadline:
                raise BenchmarkBrokenError("The server did not start.")
            time.sleep(0.02)
        yield Server(**json.loads(ready.read_text()))
    finally:
        process.terminate()
        process.wait(_PATIENCE_SECONDS)


class _Counting:
    """Counts the requests of an app, and tells how many there were."""

    def __init__(self, app: "ASGIApp") -> None:
        self._app = app
        self._calls = 0

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        if scope["path"] == _CALLS:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": str(self._calls).encode()})
            return
        self._calls += 1
        await self._app(scope, receive, send)


class _ByHost:
    """Infisical and its Salesforce on one port: an org is told by the host that is asked for."""

    def __init__(self, infisical: "ASGIApp", salesforce: "ASGIApp", hosts: Collection[bytes]) -> None:
        self._infisical = infisical
        self._salesforce = salesforce
        self._hosts = hosts

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        org = any(name == b"host" and value in self._hosts for name, value in scope["headers"])
        await (self._salesforce if org else self._infisical)(scope, receive, send)


def _listen() -> socket.socket:
    """A socket that says it is TCP: asyncio leaves Nagle's algorithm on for others, and each answer then takes 40 ms."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    return listening


def _main(database: Path, orgs: Path, ready: Path) -> None:
    import uvicorn

    from reconciler import embedded
    from reconciler.operations.orgs import read_orgs

    known = read_orgs(orgs)
    hosts = {org.host.encode() for org in known}
    app = _Counting(_ByHost(embedded.infisical_app(database, known, [PROJECT]), embedded.salesforce_app(known), hosts))
    token = embedded.issue_token(database)
    listening = _listen()
    part = ready.with_suffix(".part")
    part.write_text(json.dumps({"url": f"http://127.0.0.1:{listening.getsockname()[1]}", "token": token}))
    part.replace(ready)
    config = uvicorn.Config(app, date_header=False, access_log=False, log_level="warning", lifespan="off")
    uvicorn.Server(config).run([listening])


if __name__ == "__main__":
    _main(*map(Path, sys.argv[1:]))
