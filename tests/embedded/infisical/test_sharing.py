"""One file, many users of it: processes, servers, event loops."""

import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import anyio
import httpx
import jwt
import pytest
import uvicorn

from reconciler.embedded import DatabaseUnusableError, InfisicalApp, create_identity, infisical_app, issue_token
from reconciler.embedded.infisical import Permissions
from reconciler.embedded.infisical.database.store import Store
from tests.embedded.conftest import ORGS, SALESFORCE, body, in_process

RACER = """
import os, sys, anyio, httpx
from pathlib import Path
from reconciler.embedded import SimulatedApp, SimulatedOrg, infisical_app, issue_token

database = Path(sys.argv[1])
body = {"name": "crm", "method": "client-credentials",
        "credentials": {"instanceUrl": "acme.my.salesforce.com", "consumerKey": "k", "consumerSecret": "s"}}

async def main():
    app = infisical_app(database, [SimulatedOrg("acme.my.salesforce.com", (SimulatedApp("k", "s"),))], ["crm"])
    print("ready", flush=True)
    sys.stdin.readline()
    headers = {"Authorization": "Bearer " + issue_token(database)}
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://infisical.test", headers=headers) as client:
        created = await client.post("/api/v1/app-connections/salesforce", json=body)
        details = await client.get("/api/v1/identities/details")
        project = await client.get("/api/v1/projects/slug/crm")
        if sys.argv[2:] == ["--crash"]:
            os._exit(created.status_code - 200)
        print(created.status_code, details.json()["identityDetails"]["organization"]["id"], project.json()["id"])
    app.close()

anyio.run(main)
"""


def test_of_four_processes_that_make_the_database_and_one_name_at_once_exactly_one_wins(database: Path) -> None:
    command = [sys.executable, "-W", "error", "-c", RACER, str(database)]
    racers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    for racer in racers:
        assert racer.stdout is not None
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    ends = [racer.communicate(timeout=60) for racer in racers]

    assert [err for _, err in ends] == [""] * 4
    statuses, organisations, projects = zip(*(out.split() for out, _ in ends), strict=True)
    assert sorted(statuses) == ["200", "400", "400", "400"]
    assert len(set(organisations)) == len(set(projects)) == 1


def test_a_process_that_dies_loses_nothing_it_was_told_is_saved(database: Path) -> None:
    command = [sys.executable, "-c", RACER, str(database), "--crash"]
    assert subprocess.run(command, input="go\n", text=True, check=True, stdout=subprocess.DEVNULL).returncode == 0
    app = infisical_app(database)

    async def names() -> list[str]:
        async with in_process(app, issue_token(database)) as client:
            return [connection["name"] for connection in (await client.get(SALESFORCE)).json()["appConnections"]]

    assert anyio.run(names) == ["crm"]
    app.close()


@contextmanager
def served(app: InfisicalApp) -> Iterator[str]:
    """The app behind a real uvicorn on a free loopback port; gives its URL."""
    config = uvicorn.Config(app, port=0, log_level="warning", date_header=False, ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


def test_behind_uvicorn_it_answers_as_in_process(database: Path) -> None:
    headers = {"Authorization": f"Bearer {issue_token(database)}"}
    with (
        served(infisical_app(database, ORGS)) as url,
        httpx.Client(base_url=url, headers=headers, trust_env=False) as client,
    ):
        created = client.post(SALESFORCE, json=body())
        assert created.status_code == 200
        assert client.post(SALESFORCE, json=body()).status_code == 400
        assert client.post(SALESFORCE, content=b"{", headers={"Content-Type": "application/json"}).status_code == 500
        assert client.delete(f"{SALESFORCE}/x").status_code == 422
        assert client.get("/nothing").json()["error"] == "Not Found"
        assert len(created.headers.get_list("date")) == 1
    assert not database.with_name("embedded.db-wal").exists()


def test_one_app_serves_several_event_loops_in_turn(app: InfisicalApp, database: Path) -> None:
    token = issue_token(database)

    async def create(name: str) -> int:
        async with in_process(app, token) as client:
            return (await client.post(SALESFORCE, json=body(name))).status_code

    assert [anyio.run(create, f"crm-{number}") for number in range(3)] == [200] * 3


@pytest.mark.anyio
async def test_a_closed_app_opens_the_file_again(client: httpx.AsyncClient, app: InfisicalApp) -> None:
    assert (await client.post(SALESFORCE, json=body())).status_code == 200

    app.close()

    assert len((await client.get(SALESFORCE)).json()["appConnections"]) == 1


@pytest.mark.anyio
async def test_projects_added_later_join_those_that_are_there(database: Path) -> None:
    token = issue_token(database)
    for projects in (["crm"], ["erp", "crm"]):
        app = infisical_app(database, projects=projects)
        async with in_process(app, token) as client:
            listed = (await client.get("/api/v1/projects")).json()["projects"]
        app.close()

    assert [project["slug"] for project in listed] == ["crm", "erp"]


def test_making_the_app_touches_no_file(database: Path) -> None:
    infisical_app(database, ORGS, ["crm"])

    assert not database.parent.exists()


def test_a_project_that_is_not_a_slug_is_refused(database: Path) -> None:
    with pytest.raises(ValueError, match="'My CRM'"):
        infisical_app(database, projects=["My CRM"])


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not a database\n" * 100)

    with pytest.raises(DatabaseUnusableError, match=r"notes\.txt"):
        issue_token(tmp_path / "notes.txt")


def test_a_database_of_a_newer_version_is_refused_untouched(database: Path) -> None:
    with Store(database) as store, store.reading() as db:
        db.execute("PRAGMA user_version = 99")

    with pytest.raises(DatabaseUnusableError, match="schema 99"):
        issue_token(database)


VERSION_1 = (
    "CREATE TABLE installation (organisation_id TEXT NOT NULL, signing_key BLOB NOT NULL)",
    """CREATE TABLE projects (
        id TEXT PRIMARY KEY, slug TEXT NOT NULL UNIQUE, name TEXT NOT NULL, type TEXT NOT NULL, description TEXT,
        created_at TEXT NOT NULL, updated_at TEXT NOT NULL) WITHOUT ROWID""",
    """CREATE TABLE identities (
        id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, client_id TEXT UNIQUE, secret_salt BLOB, secret_hash BLOB,
        failures INTEGER NOT NULL DEFAULT 0, failed_at REAL NOT NULL DEFAULT 0, locked_until REAL NOT NULL DEFAULT 0
        ) WITHOUT ROWID""",
    """CREATE TABLE access_tokens (
        id TEXT PRIMARY KEY, identity_id TEXT NOT NULL REFERENCES identities (id) ON DELETE CASCADE,
        expires_at REAL, revoked INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID""",
    """CREATE TABLE connections (
        id TEXT PRIMARY KEY, name TEXT NOT NULL, description TEXT, app TEXT NOT NULL, method TEXT NOT NULL,
        credentials TEXT NOT NULL, credentials_hash TEXT NOT NULL,
        project_id TEXT REFERENCES projects (id) ON DELETE CASCADE,
        created_at TEXT NOT NULL, updated_at TEXT NOT NULL)""",
    "CREATE UNIQUE INDEX name_in_project ON connections (project_id, name) WHERE project_id IS NOT NULL",
    "CREATE UNIQUE INDEX name_in_organisation ON connections (name) WHERE project_id IS NULL",
    """CREATE TABLE connection_users (
        connection_id TEXT NOT NULL REFERENCES connections (id) ON DELETE RESTRICT, kind TEXT NOT NULL,
        PRIMARY KEY (connection_id, kind)) WITHOUT ROWID""",
    "INSERT INTO installation VALUES ('0c9e0000-0000-4000-8000-00000000000a', zeroblob(64))",
    "INSERT INTO identities (id, name) VALUES ('0c9e0000-0000-4000-8000-00000000000b', 'embedded')",
    """INSERT INTO connections VALUES ('0c9e0000-0000-4000-8000-00000000000c', 'crm', NULL, 'salesforce',
        'client-credentials', '{"instanceUrl":"acme.my.salesforce.com"}', 'aa', NULL,
        '2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z')""",
    """INSERT INTO access_tokens (id, identity_id, expires_at) VALUES
        ('0c9e0000-0000-4000-8000-00000000000d', '0c9e0000-0000-4000-8000-00000000000b', 4000000000)""",
    "PRAGMA user_version = 1",
)
"""A database as the first version made it, with a connection and a token."""


@pytest.mark.anyio
async def test_a_database_of_the_first_version_goes_on_with_all_it_held(database: Path) -> None:
    database.parent.mkdir()
    with closing(sqlite3.connect(database, isolation_level=None)) as db:
        for statement in VERSION_1:
            db.execute(statement)
    claims = {
        "identityId": "0c9e0000-0000-4000-8000-00000000000b",
        "identityAccessTokenId": "0c9e0000-0000-4000-8000-00000000000d",
        "iat": 1_700_000_000,
        "exp": 4_000_000_000,
    }
    app = infisical_app(database, ORGS, ["crm"])
    async with in_process(app, jwt.encode(claims, bytes(64), "HS256")) as client:
        assert [one["name"] for one in (await client.get(SALESFORCE)).json()["appConnections"]] == ["crm"]
        assert (await client.post(SALESFORCE, json=body("more"))).status_code == 200
        secret = {"workspaceSlug": "crm", "environment": "prod", "secretValue": "v"}
        assert (await client.post("/api/v3/secrets/raw/KEY", json=secret)).status_code == 200
    app.close()
    create_identity(database, "ci", Permissions(projects={}))


@pytest.mark.anyio
async def test_an_unusable_file_is_a_500_that_says_nothing_of_it(tmp_path: Path) -> None:
    app = infisical_app(tmp_path)
    async with in_process(app, "x") as client:
        response = await client.get(SALESFORCE)

    assert (response.status_code, response.json()["message"]) == (500, "Something went wrong")
