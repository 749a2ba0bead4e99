"""The embedded API in a process of its own: `python -m tests.serving DATABASE ORGS READY` serves it on a free port of
loopback and writes the port into READY."""

import json
import os
import signal
import socket
import ssl
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from reconciler import embedded
from reconciler.operations.orgs import read_orgs
from tests.forking import environment, starter

ROOT = Path(__file__).parent.parent
_PATIENCE_SECONDS = 30
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Loopback has none; without this, every client reads all the certificates of the machine."""


@dataclass(frozen=True)
class Server:
    """A served API: where it is and how to log in."""

    url: str
    database: Path
    client_id: str
    client_secret: str
    salesforce_url: str = ""

    @property
    def environ(self) -> dict[str, str]:
        """The variables a runner has to log in."""
        return {
            "INFISICAL_UNIVERSAL_AUTH_CLIENT_ID": self.client_id,
            "INFISICAL_UNIVERSAL_AUTH_CLIENT_SECRET": self.client_secret,
            "RECONCILER_SALESFORCE_ENDPOINT": self.salesforce_url,
        }

    def client(self) -> httpx.Client:
        """A logged-in plain HTTP client, for looking at what the tool did without the tool."""
        login = {"clientId": self.client_id, "clientSecret": self.client_secret}
        answer = httpx.post(f"{self.url}/api/v1/auth/universal-auth/login", json=login, verify=NO_TLS)
        token = answer.raise_for_status().json()["accessToken"]
        return httpx.Client(base_url=f"{self.url}/api/v1", headers={"authorization": f"Bearer {token}"}, verify=NO_TLS)

    def connections(self) -> list[dict[str, object]]:
        """All connections there are."""
        with self.client() as client:
            found: list[dict[str, object]] = client.get("/app-connections").raise_for_status().json()["appConnections"]
            return found


@contextmanager
def serve(folder: Path, orgs: Path, projects: tuple[str, ...] = ("crm",)) -> Iterator[Server]:
    """Serve a new embedded API from `folder` until the block ends."""
    database, ready = folder / "infisical.db", folder / "ready.json"
    arguments = [str(database), str(orgs), str(ready), *projects]
    with Path(os.devnull).open() as nothing:
        process = starter().start("tests.serving", arguments, ROOT, environment({}), (nothing.fileno(), 1, 2))
    try:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not ready.exists():
            assert not process.ended(), "the server ended at its start"
            assert time.monotonic() < deadline, "the server did not start"
            time.sleep(0.005)
        told = json.loads(ready.read_text())
        yield Server(told["url"], database, told["clientId"], told["clientSecret"], told["salesforceUrl"])
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(_PATIENCE_SECONDS)


def _main() -> None:
    import uvicorn

    database, orgs, ready, *projects = sys.argv[1:]
    known = read_orgs(Path(orgs))
    app, salesforce = embedded.infisical_app(Path(database), known, projects), embedded.salesforce_app(known)
    identity = embedded.create_identity(Path(database), "tests")
    sockets = [_listening(), _listening()]
    ports = [one.getsockname()[1] for one in sockets]

    async def both(scope: Any, receive: Any, send: Any) -> None:
        await (salesforce if scope["server"][1] == ports[1] else app)(scope, receive, send)

    told = {
        "url": f"http://127.0.0.1:{ports[0]}",
        "salesforceUrl": f"http://127.0.0.1:{ports[1]}",
        "clientId": identity.client_id,
        "clientSecret": identity.client_secret,
    }
    part = Path(f"{ready}.part")
    part.write_text(json.dumps(told))
    part.replace(ready)
    config = uvicorn.Config(both, date_header=False, log_level="warning", lifespan="off")
    uvicorn.Server(config).run(sockets)


def _listening() -> socket.socket:
    """A free port of loopback; asyncio sends at once on a socket whose protocol is named."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    return listening


if __name__ == "__main__":
    _main()
