"""Five hundred random changes over a wire that drops, delays, truncates, lies and limits: all of them done, each once."""

import json
import os
import random
import select
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.forking import environment, starter
from tests.serving import serve
from tests.stacks import Stack, write_orgs

ROUNDS, CHANGES = 5, 100
MOST_APPLIES = 30
FAULTS = {"drop": 4, "drop-after": 4, "500": 2, "500-after": 3, "503": 3, "truncate-after": 4, "html": 1}
"""In percent of the requests."""


@contextmanager
def faulty(folder: Path, seed: int) -> Iterator[str]:
    """Serve the same database over a bad wire; give its address."""
    chances = [part for kind, percent in FAULTS.items() for part in ("--fault", f"{kind}={percent / 100}")]
    limits = ["--read-limit", "20", "--write-limit", "150", "--limit-window", "1"]
    command = [*starter().command("-m reconciler"), "serve", "--port", "0", "--db", str(folder / "infisical.db")]
    command += ["--orgs", str(folder / "orgs.yaml"), "--delay", "5", "--seed", str(seed), *chances, *limits]
    process = subprocess.Popen(command, cwd=folder, env=environment({}), stdout=subprocess.PIPE, text=True)
    assert process.stdout
    try:
        assert select.select([process.stdout], [], [], 30)[0], "it did not start"
        yield json.loads(process.stdout.readline())["url"]
    finally:
        process.terminate()
        process.wait(20)
        process.stdout.close()


class World:
    """What the manifests say, changed at random."""

    def __init__(self, stack: Stack, chance: random.Random) -> None:
        self.stack = stack
        self.chance = chance
        self.wanted: dict[str, dict[str, Any]] = {}
        self.made = 0

    def change(self) -> None:
        """One change: more often an edit than a new connection, more often that than a removal."""
        kinds = ["create"] * 3 + (["describe"] * 3 + ["rename", "rotate", "move", "remove", "remove"] if self.wanted else [])
        kind = self.chance.choice(kinds)
        if kind == "create":
            self.made += 1
            self.wanted[f"c{self.made:03}"] = {"name": f"c{self.made:03}", "description": f"the connection number {self.made}"}
            return
        address = self.chance.choice(sorted(self.wanted))
        spec = self.wanted[address]
        match kind:
            case "describe":
                spec["description"] = f"described {self.chance.random()}"
            case "rename":
                spec["name"] = f"{address}-{self.chance.randrange(10**6)}"
            case "rotate":
                spec["credentials"] = {"version": str(self.chance.random())}
            case "move":
                spec["project"] = self.chance.choice(["crm", "erp"])
            case "remove":
                del self.wanted[address]

    def write(self) -> None:
        """Write the manifests."""
        for path in (self.stack.folder / "connections").glob("*.yaml"):
            path.unlink()
        for address, spec in self.wanted.items():
            self.stack.manifest(address, **spec)


def test_all_changes_are_done_once_whatever_the_wire_does(tmp_path: Path) -> None:
    seed = int(os.environ.get("RECONCILER_CHAOS_SEED", "20261124"))
    write_orgs(tmp_path / "orgs.yaml")
    with serve(tmp_path, tmp_path / "orgs.yaml", ("crm", "erp")) as good, faulty(tmp_path, seed) as bad:
        assert good.connections() == []
        stack = Stack.at(tmp_path / "stack", bad, good.environ)
        stack.configure(infisical={"url": bad}, guards={"maxDeletePercent": 100, "maxUpdatePercent": 100})
        world = World(stack, random.Random(seed))
        codes: list[int] = []
        for _ in range(ROUNDS):
            for _ in range(CHANGES):
                world.change()
            world.write()
            for _ in range(MOST_APPLIES):
                ran = stack.run("apply", "--auto-approve")
                codes.append(ran.code)
                if ran.code == 0:
                    break
                assert ran.code in {1, 7}, f"{ran.code}: {ran.all[-3000:]}"
            else:
                raise AssertionError(ran.all)
        assert set(codes) > {0}, "the wire was too good to show anything"

        live = good.connections()
        projects = {one["projectId"]: one["project"] and one["project"]["slug"] for one in live}  # type: ignore[index]
        found = Counter((one["name"], projects[one["projectId"]], one["description"]) for one in live)
        expected = Counter((spec["name"], spec.get("project"), spec["description"]) for spec in world.wanted.values())
        assert found == expected
        state = stack.state()
        assert {record["id"] for record in state["records"].values()} == {one["id"] for one in live}
        assert not state["intents"]
        stack.configure(infisical={"url": good.url})
        plan = stack.run("plan", "--detailed-exitcode")
        assert plan.code == 0, plan.all
