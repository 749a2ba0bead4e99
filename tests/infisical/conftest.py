"""The real API, embedded, behind a client that is logged in; and servers that answer what a test says."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from reconciler.embedded import SimulatedApp, SimulatedOrg, infisical_app, issue_token
from reconciler.model import Credentials, Secret
from reconciler.wire import Client, Endpoint, connect
from tests.wire.raw import Behaviour, Raw, serving

HOST = "acme.my.salesforce.com"
KEY, SECRET = "3MVG9-consumer-key-of-acme", "0123456789-consumer-secret-of-acme"
TOKEN = "bearer-of-the-tests"

Answering = Callable[[Behaviour], AbstractAsyncContextManager[tuple[Raw, Client]]]


@pytest.fixture(autouse=True)
def quick(no_pauses: None) -> None:
    """Every test here."""


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "infisical.db"


@pytest.fixture
async def api(database: Path) -> AsyncIterator[Client]:
    """A client of the embedded API with the projects crm and erp."""
    app = infisical_app(database, [SimulatedOrg(HOST, (SimulatedApp(KEY, SECRET),))], ["crm", "erp"])
    async with connect(Endpoint("http://embedded", app)) as client:
        client.authorise(Secret(issue_token(database)))
        yield client
    app.close()


@pytest.fixture
def answering() -> Answering:
    """Serve one behaviour, with a client that is logged in."""

    @asynccontextmanager
    async def answering(behaviour: Behaviour) -> AsyncIterator[tuple[Raw, Client]]:
        async with serving(behaviour) as raw, connect(Endpoint(raw.url)) as client:
            client.authorise(Secret(TOKEN))
            yield raw, client

    return answering


def credentials(key: str = KEY, secret: str = SECRET) -> Credentials:
    return Credentials(Secret(key), Secret(secret))
