"""A stack of files on disk, read as the commands read it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from reconciler import manifest
from reconciler.manifest import Manifests
from reconciler.model import Connection, Diagnostic, Written

UUID = "0c9e0000-0000-4000-8000-0000000000AB"


def connection(
    address: str, /, *, lifecycle: Mapping[str, Any] | None = None, credentials: Mapping[str, Any] | None = None, **spec: Any
) -> dict[str, Any]:
    """Return the content of a right manifest, with these parts of its spec, credentials and lifecycle."""
    given = {
        "instanceUrl": "acme.my.salesforce.com",
        "consumerKey": {"fromEnv": "CRM_KEY"},
        "consumerSecret": {"fromEnv": "CRM_SECRET"},
    }
    content: dict[str, Any] = {
        "apiVersion": "reconciler/v1",
        "kind": "SalesforceConnection",
        "metadata": {"name": address},
        "spec": {**spec, "credentials": {**given, **(credentials or {})}},
    }
    if lifecycle is not None:
        content["lifecycle"] = dict(lifecycle)
    return content


@dataclass(frozen=True)
class Stack:
    folder: Path

    def write(self, name: str, *documents: Mapping[str, Any] | str) -> Path:
        """Write `documents` into one file; a text is taken as it is."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        texts = [one if isinstance(one, str) else yaml.safe_dump(dict(one), sort_keys=False) for one in documents]
        path.write_text("---\n".join(texts))
        return path

    def load(self, *globs: str, allowed_hosts: tuple[str, ...] = ()) -> Manifests:
        return manifest.load_manifests(self.folder, [Written(glob) for glob in globs or ("**/*.yaml",)], allowed_hosts)

    def connections(self) -> dict[str, Connection]:
        """Return what the manifests want; nothing may be wrong with them."""
        loaded = self.load()
        assert loaded.diagnostics == ()
        return {one.address: one for one in loaded.connections}

    def only(self) -> Connection:
        (one,) = self.connections().values()
        return one

    def problem(self, *globs: str) -> Diagnostic:
        (one,) = self.load(*globs).diagnostics
        return one
