"""The stacks that are measured: as many connections as asked for, each like the README's, over a handful of orgs."""

import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from benchmarks.processes import RECONCILER, Run, run

PROJECT = "crm"
_ORGS = ("acme", "globex", "initech", "umbrella")
_TIERS = ("critical", "standard", "sandbox")

_MANIFEST = """\
apiVersion: reconciler/v1
kind: SalesforceConnection
metadata:
  name: {name}
  labels: {{ team: {org}, tier: {tier} }}
spec:
  description: {description}
{project}  credentials:
    instanceUrl: {host}
    consumerKey: {{ fromEnv: {variable}_CONSUMER_KEY }}
    consumerSecret: {{ fromEnv: {variable}_CONSUMER_SECRET }}
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The connection of one number, of which the manifest and the bare request are made alike."""

    number: int

    @property
    def name(self) -> str:
        """Its address and its name in Infisical."""
        return f"{self.org}-connection-{self.number:05}"

    @property
    def org(self) -> str:
        """Whose Salesforce it is for."""
        return _ORGS[self.number % len(_ORGS)]

    @property
    def in_project(self) -> bool:
        """Every second one is in the project, the others in the organisation."""
        return self.number // len(_ORGS) % 2 == 0

    @property
    def description(self) -> str:
        """What it says."""
        return f"Salesforce org {self.number} of {self.org.title()}"

    def manifest(self) -> str:
        """Return its YAML document."""
        return _MANIFEST.format(
            name=self.name,
            org=self.org,
            tier=_TIERS[self.number % len(_TIERS)],
            description=self.description,
            project=f"  project: {PROJECT}\n" if self.in_project else "",
            host=_host(self.org),
            variable=_variable(self.org),
        )

    def body(self) -> dict[str, Any]:
        """Return what creates it, the project as its slug."""
        body: dict[str, Any] = {
            "name": self.name,
            "method": "client-credentials",
            "credentials": {
                "instanceUrl": _host(self.org),
                "consumerKey": _key(self.org),
                "consumerSecret": _secret(self.org),
            },
            "description": self.description,
        }
        return body | ({"projectId": PROJECT} if self.in_project else {})


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack in a folder, and what its commands have in their environment beside the credentials of the orgs."""

    folder: Path
    environ: dict[str, str] = field(default_factory=dict)

    def run(self, *arguments: str) -> Run:
        """Run the console script on it."""
        return run([RECONCILER, *arguments], folder=self.folder, environ=_values() | self.environ)

    def forget(self) -> None:
        """Remove the state."""
        shutil.rmtree(self.folder / ".reconciler", ignore_errors=True)


def write_stack(folder: Path, count: int, *, stream: bool = False, url: str = "http://127.0.0.1", token: str = "") -> Stack:
    """Write a stack of `count` connections: a file each, or one file of all (`stream`). `token` is what logs in to `url`."""
    connections = folder / "connections"
    connections.mkdir(parents=True)
    point_at(folder, url)
    documents = ((one.name, one.manifest()) for one in _all(count))
    if stream:
        (connections / "all.yaml").write_text("---\n".join(text for _, text in documents))
    else:
        for name, text in documents:
            (connections / f"{name}.yaml").write_text(text)
    return Stack(folder, {"INFISICAL_TOKEN": token} if token else {})


def point_at(folder: Path, url: str) -> None:
    """Write the reconciler.yaml of a stack whose Infisical is at `url`."""
    configuration = {
        "apiVersion": "reconciler/v1",
        "kind": "Configuration",
        "metadata": {"name": "benchmark"},
        "infisical": {"url": url},
        "manifests": ["connections/**/*.yaml"],
        "secretSources": {"env": {"allow": ["CRM_*"]}},
        "salesforce": {"preflight": "off"},
    }
    (folder / "reconciler.yaml").write_text(yaml.safe_dump(configuration, sort_keys=False))


def write_bodies(path: Path, count: int) -> None:
    """Write what creates the same `count` connections without the tool."""
    path.write_text(json.dumps([one.body() for one in _all(count)]))


def write_orgs(path: Path, delay_ms: int, apps: int = 0) -> None:
    """Write the simulated orgs, each answering after `delay_ms`; `apps` of their own are shared out among them."""
    orgs = [
        {
            "host": _host(org),
            "delayMs": delay_ms,
            "apps": [
                {"consumerKey": _key(name), "consumerSecret": _secret(name), "runAs": f"integration@{org}.example"}
                for name in (org, *(_own(number) for number in range(apps) if _ORGS[number % len(_ORGS)] == org))
            ],
        }
        for org in _ORGS
    ]
    path.write_text(yaml.safe_dump({"apiVersion": "reconciler/v1", "kind": "SimulatedSalesforceOrgs", "orgs": orgs}))


def write_logins(folder: Path, count: int, url: str) -> Stack:
    """Write a stack of `count` connections that log in with an app each; Salesforce is at `url`."""
    write_stack(folder, count)
    for one in _all(count):
        file = folder / "connections" / f"{one.name}.yaml"
        file.write_text(one.manifest().replace(_variable(one.org), _variable(_own(one.number))))
    values = _values([_own(number) for number in range(count)])
    return Stack(folder, values | {"RECONCILER_SALESFORCE_ENDPOINT": url})


def write_forms(path: Path, count: int) -> None:
    """Write what the same log-ins send: host, key and secret."""
    path.write_text(json.dumps([[_host(one.org), _key(_own(one.number)), _secret(_own(one.number))] for one in _all(count)]))


def _own(number: int) -> str:
    return f"app{number:05}"


def _all(count: int) -> Iterator[Wanted]:
    return (Wanted(number) for number in range(count))


def _values(orgs: Sequence[str] = _ORGS) -> dict[str, str]:
    keys = {f"{_variable(org)}_CONSUMER_KEY": _key(org) for org in orgs}
    return keys | {f"{_variable(org)}_CONSUMER_SECRET": _secret(org) for org in orgs}


def _host(org: str) -> str:
    return f"{org}.my.salesforce.com"


def _variable(org: str) -> str:
    return f"CRM_{org.upper()}"


def _key(org: str) -> str:
    return f"{org}-consumer-key-of-the-benchmark"


def _secret(org: str) -> str:
    return f"{org}-consumer-secret-of-the-benchmark"
