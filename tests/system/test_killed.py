"""An apply of many creates that is killed at a random moment, and run again: exactly those, and an empty plan.

A few moments of 100 creates in the suite; `make soak` tries many more of 200.
"""

import os
import random
import signal
import sqlite3
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.serving import Server, serve
from tests.stacks import Stack, write_orgs

SOAK = bool(os.environ.get("RECONCILER_SOAK"))
CREATES = 200 if SOAK else 100
MOMENTS = 200 if SOAK else 20


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all moments; each has a project of its own."""
    folder = tmp_path_factory.mktemp("killed")
    write_orgs(folder / "orgs.yaml", delayMs=10)
    with serve(folder, folder / "orgs.yaml") as server:
        yield server


def _names(server: Server, project: str) -> Counter[object]:
    with server.client() as client:
        answer = client.get("/app-connections", params={"projectId": project}).raise_for_status()
        return Counter(one["name"] for one in answer.json()["appConnections"])


@pytest.mark.parametrize("moment", range(MOMENTS))
def test_a_killed_apply_is_finished_by_the_next(moment: int, shared: Server, tmp_path: Path) -> None:
    slug = f"killed-{uuid.uuid4().hex[:12]}"
    with shared.client() as client:
        body = {"projectName": slug, "slug": slug, "type": "secret-manager"}
        project = client.post("/projects", json=body).raise_for_status().json()["project"]["id"]
    stack = Stack.at(tmp_path, shared.url, shared.environ)
    for number in range(CREATES):
        stack.manifest(f"c{number:03}", project=slug, description="one of many")

    process = stack.start("apply", "--auto-approve")
    # From before the log-in until after the last outcome: moments are spread over the whole run, on a slow machine too.
    wanted = CREATES * random.Random(f"{moment}-{os.getpid()}-{slug}").uniform(0, 1.1)
    deadline = time.monotonic() + 60
    with closing(sqlite3.connect(shared.database)) as db:
        while not process.ended() and time.monotonic() < deadline:
            if db.execute("SELECT count(*) FROM connections WHERE project_id = ?", (project,)).fetchone()[0] >= wanted:
                break
            time.sleep(random.uniform(0, 0.03))
    process.send_signal(signal.SIGKILL)
    process.wait(30)

    again = stack.run("apply", "--auto-approve")
    assert again.code == 0, again.all
    assert _names(shared, project) == {f"c{number:03}": 1 for number in range(CREATES)}
    plan = stack.run("plan", "--detailed-exitcode")
    assert plan.code == 0, plan.all
    assert len(stack.state()["records"]) == CREATES
    assert stack.state()["intents"] == []
