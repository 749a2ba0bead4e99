"""An embedded Infisical on a real file, one simulated org that accepts `KEY` and `SECRET`, and a client with a token."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, TypeAlias

import httpx
import pytest

from reconciler.embedded import InfisicalApp, SimulatedApp, SimulatedOrg, infisical_app, issue_token

HOST = "acme.my.salesforce.com"
KEY = "3MVG9.key.of.the.acme.app"
SECRET = "0123456789ABCDEF-secret-of-the-acme-app"
BASE = "/api/v1/app-connections"
SALESFORCE = f"{BASE}/salesforce"
ORGS = (
    SimulatedOrg(
        HOST,
        (
            SimulatedApp(KEY, SECRET),
            SimulatedApp("key-of-a-mac-app", SECRET, token_type="mac"),
            SimulatedApp("key-without-run-as", SECRET, run_as=""),
            SimulatedApp("key-of-a-down-app", SECRET, fault="E18"),
        ),
    ),
    SimulatedOrg("down.my.salesforce.com", fault="E18"),
)

Json: TypeAlias = dict[str, Any]
Connect: TypeAlias = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]


class Clock:
    """Seconds since the epoch, moved by hand."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


def body(name: str = "crm", **changes: object) -> Json:
    """A create body that is accepted, with these top-level keys set; a value of None stays null."""
    return {"name": name, "method": "client-credentials", "credentials": credentials(), **changes}


def credentials(instance_url: str = HOST, key: str = KEY, secret: str = SECRET) -> Json:
    return {"instanceUrl": instance_url, "consumerKey": key, "consumerSecret": secret}


@asynccontextmanager
async def in_process(app: Any, token: str | None = None) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with httpx.AsyncClient(transport=transport, base_url="http://infisical.test", headers=headers) as client:
        yield client


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "data" / "embedded.db"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def app(database: Path) -> Iterator[InfisicalApp]:
    app = infisical_app(database, ORGS, ["crm", "erp"])
    yield app
    app.close()


@pytest.fixture
async def client(app: InfisicalApp, database: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with in_process(app, issue_token(database)) as client:
        yield client


@pytest.fixture
async def anonymous(app: InfisicalApp) -> AsyncIterator[httpx.AsyncClient]:
    async with in_process(app) as client:
        yield client


async def project_id(client: httpx.AsyncClient, slug: str = "crm") -> str:
    return str((await client.get(f"/api/v1/projects/slug/{slug}")).json()["id"])


async def created(client: httpx.AsyncClient, name: str = "crm", **changes: object) -> Json:
    response = await client.post(SALESFORCE, json=body(name, **changes))
    assert response.status_code == 200, response.text
    connection: Json = response.json()["appConnection"]
    return connection
