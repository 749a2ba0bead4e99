"""A team's repository: a git copy of `examples/gitops-repo` that commits change, and its stacks."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.config.repository import Repository
from tests.serving import ROOT
from tests.stacks import Stack

EXAMPLE = ROOT / "examples" / "gitops-repo"
STACKS = ("staging", "production", "shared")


def values() -> dict[str, str]:
    """The made-up values of the example."""
    lines = (EXAMPLE / "demo.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def orgs() -> list[dict[str, Any]]:
    """All simulated orgs of the example, the apps of a host together."""
    apps: dict[str, list[dict[str, Any]]] = {}
    for file in sorted(EXAMPLE.glob("*/salesforce-orgs.yaml")):
        for org in yaml.safe_load(file.read_text())["orgs"]:
            apps.setdefault(org["host"], []).extend(org["apps"])
    return [{"host": host, "apps": found} for host, found in apps.items()]


@dataclass(frozen=True)
class Team:
    """The repository, and what its commands have in their environment."""

    repository: Repository
    environ: dict[str, str]

    @classmethod
    def at(cls, folder: Path) -> "Team":
        """A repository with the example as its only commit, without what somebody's own runs left in it."""
        ignored = shutil.ignore_patterns(".reconciler", "plan-*")
        shutil.copytree(EXAMPLE, folder, ignore=ignored)
        team = cls(Repository.at(folder), values())
        team.commit("the example")
        return team

    @property
    def folder(self) -> Path:
        """Where it is checked out."""
        return self.repository.folder

    def stack(self, name: str) -> Stack:
        """One of its stacks, as the command line is run in it."""
        return Stack(self.folder / name, self.environ)

    def commit(self, message: str) -> None:
        """Commit what the team would: all but what is ignored; there must be something."""
        self.repository.git("add", "--all")
        self.repository.git("commit", "--quiet", f"--message={message}")

    def edit(self, path: str, old: str, new: str) -> None:
        """Replace `old`, which must be there, in a file."""
        file = self.folder / path
        text = file.read_text()
        assert old in text, f"{old!r} is not in {path}"
        file.write_text(text.replace(old, new))

    def move(self, path: str, to: str, more: str = "") -> None:
        """Move a file, and write `more` at its end."""
        target = self.folder / to
        target.parent.mkdir(exist_ok=True)
        (self.folder / path).rename(target)
        with target.open("a") as opened:
            opened.write(more)

    def remove(self, path: str) -> None:
        """Remove a file."""
        (self.folder / path).unlink()


def changes(plan: Mapping[str, Any]) -> dict[str, str]:
    """The actions of a JSON plan by address."""
    return {one["address"]: one["action"] for one in plan["reconciler"]["changes"]}


def kept(plan: Mapping[str, Any]) -> dict[str, str]:
    """What a JSON plan leaves as it is, and why, by address."""
    return {one["address"]: one["why"] for one in plan["reconciler"]["kept"]}
