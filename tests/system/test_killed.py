"""An apply of 200 creates that is killed at a random moment, and run again: exactly those 200, and an empty plan.

A few moments in the suite; `make soak` tries many more.
"""

import os
import random
import signal
import subprocess
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serving import Server, serve
from tests.stacks import Stack, write_orgs

CREATES = 200
MOMENTS = 200 if os.environ.get("RECONCILER_SOAK") else 20


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all moments; each has a project of its own."""
    folder = tmp_path_factory.mktemp("killed")
    write_orgs(folder / "orgs.yaml", delayMs=10)
    with serve(folder, folder / "orgs.yaml") as server:
        yield server


def _names(server: Server, project: str) -> Counter[object]:
    found = (one for one in server.connections() if one["projectId"] == project)
    return Counter(one["name"] for one in found)


@pytest.mark.parametrize("moment", range(MOMENTS))
def test_a_killed_apply_is_finished_by_the_next(moment: int, shared: Server, tmp_path: Path) -> None:
    slug = f"killed-{uuid.uuid4().hex[:12]}"
    with shared.client() as client:
        body = {"projectName": slug, "slug": slug, "type": "secret-manager"}
        project = client.post("/projects", json=body).raise_for_status().json()["project"]["id"]
    stack = Stack.at(tmp_path, shared.url, shared.environ)
    for number in range(CREATES):
        stack.manifest(f"c{number:03}", project=slug, description="one of many")

    process = stack.popen("apply", "--auto-approve", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    # From before the log-in until after the last outcome: moments are spread over the whole run, on a slow machine too.
    wanted = CREATES * random.Random(f"{moment}-{os.getpid()}-{slug}").uniform(0, 1.1)
    deadline = time.monotonic() + 60
    with shared.client() as client:
        while process.poll() is None and time.monotonic() < deadline:
            if len(client.get("/app-connections", params={"projectId": project}).json()["appConnections"]) >= wanted:
                break
            time.sleep(random.uniform(0, 0.03))
    process.send_signal(signal.SIGKILL)
    process.wait()

    again = stack.run("apply", "--auto-approve")
    assert again.code == 0, again.all
    assert _names(shared, project) == {f"c{number:03}": 1 for number in range(CREATES)}
    plan = stack.run("plan", "--detailed-exitcode")
    assert plan.code == 0, plan.all
    assert len(stack.state()["records"]) == CREATES
    assert stack.state()["intents"] == []
