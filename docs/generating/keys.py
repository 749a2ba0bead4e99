"""Makes the pages of the YAML files from the JSON Schemas. The defaults come from the code: it reads a very short file."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from generating.markdown import block, code, page, table
from reconciler import config, schemas
from reconciler.config import Settings
from reconciler.embedded.salesforce import BROKEN_ANSWERS, TOKEN_REFUSALS, SimulatedApp, SimulatedOrg, SimulatedUser
from reconciler.manifest.apps import LATEST
from reconciler.model import Lifecycle

Schema = Mapping[str, Any]
_EDITOR = """
Editors with the YAML Language Server can complete and check the file. Make
`# yaml-language-server: $schema=PATH/{name}.schema.json` its first line, with the path of
[the schema](../../schemas/{name}.schema.json).
"""


@dataclass(frozen=True)
class Key:
    """One key of a YAML file: its path, with dots and `[]`, and its schema."""

    path: str
    schema: Schema
    required: bool


def manifest() -> str:
    """Return the page of manifests."""
    schema = schemas.load("salesforce-connection")
    lifecycle = Lifecycle()
    defaults = {
        "spec.name": "the address",
        "spec.description": "no description",
        "lifecycle.preventDestroy": lifecycle.prevent_destroy,
        "lifecycle.onRemoval": lifecycle.on_removal.value,
        "lifecycle.onCredentialDrift": lifecycle.on_credential_drift.value,
        "lifecycle.ignoreChanges": list(lifecycle.ignore_changes),
        "lifecycle.adopt": lifecycle.adopt,
    }
    return page(
        "Manifest",
        "A manifest is a YAML document of kind `SalesforceConnection`. It declares one connection that should exist in "
        "Infisical. A file can hold several manifests, with `---` between them. A key that is not on this page is an error.",
        _tables(schema, defaults),
        _REFERENCES,
        _table(_keys(schema["$defs"]["reference"], schema), {}, required=False),
        _VALUES,
        _EDITOR.format(name="salesforce-connection"),
        _FULL,
    )


_REFERENCES = """
## References

`consumerKey` and `consumerSecret` are references: they say where the value comes from. A reference has exactly one of the
keys below. Never write the value itself in a manifest. reconciler refuses text that looks like a value.
"""
_VALUES = """
reconciler removes spaces and line breaks at both ends of a value, as Infisical does. It never converts a value to another
type, and never inserts a value into other text.
"""
_FULL = """
## Example with every key

```yaml
apiVersion: reconciler/v1
kind: SalesforceConnection
metadata:
  name: crm-production
  labels: { team: crm, tier: critical }
spec:
  name: crm-production
  description: Production CRM org
  project: crm
  method: client-credentials
  credentials:
    instanceUrl: acme.my.salesforce.com
    consumerKey: { fromEnv: CRM_CONSUMER_KEY }
    consumerSecret: { fromFile: secrets/crm-production }
    version: "2026-11"
lifecycle:
  preventDestroy: true
  onRemoval: destroy
  onCredentialDrift: hold
  ignoreChanges: [description]
  renamedFrom: crm-prod
```
"""


def app() -> str:
    """Return the page of External Client Apps."""
    schema = schemas.load("external-client-app")
    return page(
        "External Client App",
        "A manifest of kind `ExternalClientApp` declares the app in Salesforce that connections log in with. `reconciler "
        "salesforce metadata` writes it as a Salesforce DX project. See [Set up Salesforce, and check "
        "it](../how-to/salesforce.md).",
        _tables(schema, _APP_DEFAULTS),
        _EDITOR.format(name="external-client-app"),
    )


_APP_DEFAULTS = {
    "spec.scopes": ["api"],
    "spec.flows.clientCredentials": True,
    "spec.flows.tokenExchange": True,
    "spec.security.secretForWebServerFlow": True,
    "spec.security.secretForRefreshTokenFlow": True,
    "spec.security.secretForTokenExchangeFlow": True,
    "spec.security.pkce": True,
    "spec.policies.permittedUsers": "all",
    "spec.policies.ipRelaxation": "enforce",
    "spec.secretsOverRest": True,
    "spec.rotationTarget": False,
    "spec.connections": [],
    "spec.salesforceApiVersion": LATEST,
}


def configuration() -> str:
    """Return the page of reconciler.yaml."""
    found, embedded = _made_of(_LEAST), _made_of(f"{_LEAST}infisical: {{ url: embedded }}\n")
    inside = embedded.embedded
    if inside is None:
        raise TypeError("`url: embedded` made no settings of it")
    defaults = {
        "metadata.name": "the path of the stack",
        "infisical.url": found.url,
        "infisical.auth.method": "detected from the environment",
        "embedded.database": inside.database.relative_to(embedded.stack).as_posix(),
        "embedded.projects": list(inside.projects),
        "manifests": [glob.text for glob in found.manifests],
        "state.backend": "local",
        "state.path": found.state.relative_to(found.stack).as_posix(),
        "secretSources.env.allow": "all except the runner's own",
        "secretSources.file.roots": "this directory",
        "secretSources.infisical.allow": list(found.infisical_secrets.allow),
        "guards.maxDeletePercent": found.guards.max_delete_percent,
        "guards.maxUpdatePercent": found.guards.max_update_percent,
        "salesforce.allowedHosts": list(found.allowed_hosts),
        "salesforce.preflight": found.preflight.value,
    }
    return page(
        "reconciler.yaml",
        "A directory with a `reconciler.yaml` is a stack. reconciler looks for the file in the working directory, and then "
        "in each directory above it. `--chdir` starts from another directory, and `--config` names the file. Paths in the "
        "file are relative to its directory. Never write a secret in it.",
        _tables(schemas.load("configuration"), defaults),
        _EDITOR.format(name="configuration"),
        "If `RECONCILER_TRUSTED_CONFIG` is set, some of these keys come from there. See [Trust](../explanation/trust.md).",
        "## The smallest possible file",
        block(_LEAST, "yaml"),
    )


_LEAST = "apiVersion: reconciler/v1\nkind: Configuration\n"


def _made_of(text: str) -> Settings:
    """Return the settings that the code makes of a configuration."""
    with TemporaryDirectory() as folder:
        file = Path(folder).resolve() / "reconciler.yaml"
        file.write_text(text)
        return config.load_settings(file.parent, None, {})


def orgs() -> str:
    """Return the page of the file of simulated orgs."""
    org, app = SimulatedOrg("host"), SimulatedApp("key", "secret")
    defaults = {
        "orgs[].delayMs": org.delay_ms,
        "orgs[].apps": list(org.apps),
        "orgs[].apps[].runAs": app.run_as,
        "orgs[].apps[].scopes": list(app.scopes),
        "orgs[].apps[].tokenType": app.token_type,
        "orgs[].apps[].flowInSettings": app.flow_in_settings,
        "orgs[].apps[].flowInPolicies": app.flow_in_policies,
        "orgs[].apps[].approved": app.approved,
        "orgs[].apps[].knownAfterMs": app.known_after_ms,
        "orgs[].users[].active": SimulatedUser("name").active,
    }
    faults = [
        (code(name), str(fault.status), code(fault.error), fault.description or "A maintenance page in HTML.")
        for name, fault in TOKEN_REFUSALS.items()
    ]
    faults += [(code(name), "", "", what) for name, what in zip(BROKEN_ANSWERS, _BROKEN, strict=True)]
    return page(
        "Simulated Salesforce orgs",
        "With `url: embedded`, reconciler simulates Infisical and Salesforce. A file of kind `SimulatedSalesforceOrgs` says "
        "which log-ins the simulated Salesforce accepts. Name the file in `embedded.salesforceOrgs` of `reconciler.yaml`, or "
        "with `reconciler serve --orgs`. You may write keys and secrets into this file, because they are made up. With a real "
        "Infisical, reconciler does not read it.",
        _tables(schemas.load("simulated-salesforce-orgs"), defaults),
        "## Faults\n\nThe values of `fault`, and the answer of the simulated Salesforce for each. The simulated Infisical "
        "hides the reason, as a real one does. `reconciler salesforce check` [names it](refusals.md). The last four are not "
        "answers of Salesforce: they simulate a wrong host or a broken network.",
        table(("fault", "status", "error", "description"), faults),
        _EDITOR.format(name="simulated-salesforce-orgs"),
    )


_BROKEN = ("A redirect to a Lightning page.", "A log-in page.", "Only a part of an answer.", "The connection breaks.")


def _tables(schema: Schema, defaults: Mapping[str, Any]) -> str:
    """Return a table of the top keys that hold a value, and then a section for each top key that holds other keys."""
    keys = list(_keys(schema, schema))
    unused = defaults.keys() - {key.path for key in keys}
    if unused:
        raise KeyError(f"not in the schema: {unused}")
    single = [key for key in keys if key.path in schema["properties"]]
    parts = [_table(single, defaults)]
    for name, written in schema["properties"].items():
        below = [key for key in keys if key.path.startswith((f"{name}.", f"{name}[]."))]
        if below:
            parts += [f"## {name}", resolved(written, schema).get("description", ""), _table(below, defaults, f"{name}.")]
    return "\n\n".join(part for part in parts if part)


def _table(keys: Iterable[Key], defaults: Mapping[str, Any], within: str = "", *, required: bool = True) -> str:
    rows = []
    for key in keys:
        default = "required" if key.required and required else _default(defaults.get(key.path))
        rows.append((code(key.path.removeprefix(within)), _type(key.schema), default, key.schema.get("description", "")))
    return table(("key", "type", "default", "meaning"), rows)


def _keys(schema: Schema, root: Schema, prefix: str = "") -> Iterator[Key]:
    """Yield every key that holds a value. For a key that holds other keys, yield those keys instead."""
    needed = schema.get("required", ())
    for name, written in schema.get("properties", {}).items():
        found = resolved(written, root)
        path = f"{prefix}{name}"
        if "not" in found:
            continue
        if "properties" in found and "writeOnly" not in found:
            yield from _keys(found, root, f"{path}.")
            continue
        yield Key(path, found, name in needed)
        items = resolved(found.get("items", {}), root)
        if "properties" in items:
            yield from _keys(items, root, f"{path}[].")


def resolved(schema: Schema, root: Schema) -> Schema:
    """Return a schema with what it refers to; what it says itself wins."""
    if "$ref" not in schema:
        return schema
    target = root["$defs"][schema["$ref"].rpartition("/")[2]]
    return {**target, **{key: value for key, value in schema.items() if key != "$ref"}}


def _type(schema: Schema) -> str:
    if "const" in schema:
        return code(str(schema["const"]))
    if "enum" in schema:
        return (
            "a [fault](#faults)"
            if TOKEN_REFUSALS.keys() <= set(schema["enum"])
            else " or ".join(code(str(one)) for one in schema["enum"])
        )
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return " or ".join(_kind(kind, schema) for kind in kinds)


def _kind(kind: str, schema: Schema) -> str:
    match kind:
        case "array" if "enum" in schema["items"]:
            return f"list of {', '.join(code(one) for one in schema['items']['enum'])}"
        case "array":
            return "list"
        case "object" if "minProperties" in schema:
            return "[reference](#references)"
        case "object":
            return "map of text"
        case "string" if "maxLength" in schema and schema.get("pattern", "").startswith(_SLUG):
            return f"slug, up to {schema['maxLength']}"
        case "string" if "maxLength" in schema:
            return f"text, up to {schema['maxLength']}"
        case "string":
            return "text"
        case "boolean":
            return "`true` or `false`"
        case "integer" if "maximum" in schema:
            return f"{schema['minimum']} to {schema['maximum']}"
        case _:
            return {"null": "null", "integer": "whole number"}[kind]


_SLUG = "^[a-z0-9]+(-"


def _default(value: Any) -> str:
    """In code what can be written, as it is what is said in words."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value if " " in value else code(value)
    return code(json.dumps(value))
