"""A stack in a folder, and the real command line run on it in a process of its own."""

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.forking import Running, can_run, environment, starter

HOST = "acme.my.salesforce.com"
EMBEDDED = {"infisical": {"url": "embedded"}, "embedded": {"projects": ["crm", "sales"], "salesforceOrgs": "orgs.yaml"}}
"""The sections of a reconciler.yaml for the embedded Infisical."""
KEY, SECRET = "acme-consumer-key-000001", "acme-consumer-secret-001"


@dataclass(frozen=True)
class Ran:
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def all(self) -> str:
        """Both streams."""
        return self.out + self.err

    @property
    def json(self) -> Any:
        """Standard output as one JSON document."""
        return json.loads(self.out)


@dataclass
class Stack:
    """A stack. `environ` is what every command of it has beside the bare necessities; `module` is the command line."""

    folder: Path
    environ: dict[str, str] = field(default_factory=lambda: {"CRM_KEY": KEY, "CRM_SECRET": SECRET})
    module: str = "reconciler"

    @classmethod
    def embedded(cls, folder: Path, projects: tuple[str, ...] = ("crm", "sales")) -> "Stack":
        """A new stack on the embedded Infisical with one simulated org."""
        stack = cls(folder)
        stack.configure(
            infisical={"url": "embedded"},
            embedded={"projects": list(projects), "salesforceOrgs": "orgs.yaml"},
        )
        stack.orgs()
        return stack

    @classmethod
    def at(cls, folder: Path, url: str, environ: Mapping[str, str]) -> "Stack":
        """A new stack on a served Infisical."""
        stack = cls(folder)
        stack.configure(infisical={"url": url})
        stack.environ |= environ
        return stack

    def configure(self, **sections: Any) -> None:
        """Write reconciler.yaml."""
        self.folder.mkdir(parents=True, exist_ok=True)
        document = {"apiVersion": "reconciler/v1", "kind": "Configuration", "metadata": {"name": "test"}} | sections
        (self.folder / "reconciler.yaml").write_text(yaml.safe_dump(document))

    def orgs(self, secrets: Mapping[str, str] | None = None, **org: Any) -> None:
        """Write the simulated orgs: a secret a host, and what else each org has."""
        write_orgs(self.folder / "orgs.yaml", secrets, **org)

    def manifest(self, address: str, *, lifecycle: Mapping[str, Any] | None = None, **spec: Any) -> Path:
        """Write the manifest of `address`; `spec` keys over sensible defaults."""
        document: dict[str, Any] = {
            "apiVersion": "reconciler/v1",
            "kind": "SalesforceConnection",
            "metadata": {"name": address, **spec.pop("metadata", {})},
            "spec": {"credentials": credentials(**spec.pop("credentials", {})), **spec},
        }
        if lifecycle:
            document["lifecycle"] = dict(lifecycle)
        path = self.folder / "connections" / f"{address}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(document, sort_keys=False, allow_unicode=True))
        return path

    def write(self, path: str, text: str) -> Path:
        """Write any file of the stack."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text))
        return file

    def remove(self, address: str) -> None:
        """Remove a manifest."""
        (self.folder / "connections" / f"{address}.yaml").unlink()

    def popen(self, *arguments: str, **options: Any) -> "subprocess.Popen[str]":
        """Start a command."""
        return subprocess.Popen(
            [sys.executable, "-m", self.module, *arguments],
            cwd=self.folder,
            env=environment(self.environ),
            text=True,
            **({"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options),
        )

    def start(self, *arguments: str) -> Running:
        """Start a command that nobody listens to, to be killed."""
        with Path(os.devnull).open("r+") as nothing:
            streams = (nothing.fileno(), nothing.fileno(), nothing.fileno())
            return starter().start(self.module, arguments, self.folder, environment(self.environ), streams)

    def run(self, *arguments: str, **environ: str) -> Ran:
        """Run a command and wait for it; `environ` for this run alone ("" takes a variable away)."""
        mine = {name: value for name, value in (self.environ | environ).items() if value}
        env = environment(mine)
        if can_run(env):
            done = starter().run(self.module, arguments, self.folder, env, timeout=120)
        else:
            done = subprocess.run(
                [sys.executable, "-m", self.module, *arguments],
                cwd=self.folder,
                env=env,
                text=True,
                capture_output=True,
                stdin=subprocess.DEVNULL,
                timeout=120,
                check=False,
            )
        assert "Traceback" not in done.stderr, done.stderr
        return Ran(done.returncode, done.stdout, done.stderr)

    def apply(self) -> Ran:
        """Apply, and expect all of it to be done."""
        ran = self.run("apply", "--auto-approve")
        assert ran.code == 0, ran.all
        return ran

    def state(self) -> Any:
        """The state document."""
        return json.loads((self.folder / ".reconciler/state.json").read_text())


def credentials(**changes: Any) -> dict[str, Any]:
    """The credentials of a manifest."""
    return {
        "instanceUrl": HOST,
        "consumerKey": {"fromEnv": "CRM_KEY"},
        "consumerSecret": {"fromEnv": "CRM_SECRET"},
    } | changes


def write_orgs(path: Path, secrets: Mapping[str, str] | None = None, **org: Any) -> None:
    """Write a file of simulated orgs, each with one app; `secrets` are by host, `org` is what else each has."""
    orgs = [
        {"host": host, "apps": [{"consumerKey": KEY, "consumerSecret": secret, "runAs": "integration@acme.example"}], **org}
        for host, secret in (secrets or {HOST: SECRET}).items()
    ]
    path.write_text(yaml.safe_dump({"apiVersion": "reconciler/v1", "kind": "SimulatedSalesforceOrgs", "orgs": orgs}))
