"""Makes the page of the formats that reconciler writes: plan files, states, and the reports of `--format json`."""

from collections.abc import Iterator
from typing import Any

from generating.keys import Schema, resolved
from generating.markdown import code, table
from generating.markdown import page as _page
from reconciler import schemas
from reconciler.model import Action
from reconciler.planning import file as plan_file
from reconciler.planning.plan import Change
from reconciler.reports import versions
from reconciler.reports.json import terraform
from reconciler.state import format as state_format

_INTRODUCTION = """
Every format has a version. A new minor version only adds keys, so an older program can still read it. A new major version can
change anything, so a program that does not know it must refuse the document. `reconciler version` shows the versions that
reconciler reads and writes.
"""
_STATE = """
The state is the record of what reconciler last applied. It is the file `.reconciler/state.json`, or the file that `state.path`
names.

The state holds no secret value. It holds fingerprints of the values, and the key of these fingerprints. Somebody who has both
can test whether a guess is right. So keep the state out of Git, and share it only with people who need it. reconciler writes
the file with mode 0600, and always replaces the whole file.
"""
_PLAN = """
`plan --out FILE` writes this file. `apply FILE`, `destroy FILE` and `show FILE` read it. It holds no secret value and no
fingerprint. `checksum` shows that somebody edited the file, or that a part of it is missing. It is not a signature.
`apply --expect` compares `digest`.
"""
_REPORTS = """
Every command that prints a report has `--format json`. With it, `apply` and `destroy` print one JSON object on each line. All
other commands print one document. `state pull` has no such option, because it always prints the state, which is JSON.

All documents follow one convention:

- `format_version` is the version of the document. Each command has its own.
- Keys are in snake_case. Keys below `labels` are yours.
- An organisation is under `organization`, as in Infisical's API.
- Problems are under `diagnostics`, and `errored` says whether there is an error. In the documents of `plan`, `show` and
  `validate`, these keys are where Terraform has them.
- If a problem stops a command, the command prints [a document with the problems](#when-a-command-is-stopped) instead of its
  report. It also prints the problems to standard error, and its [exit code](exit-codes.md) says why it stopped.

A problem has:
"""
_JSON = """
Tools that read Terraform plans can read the document. The values of the consumer key and the consumer secret are `null`.
`before_sensitive` and `after_sensitive` mark these two keys.
"""
_SERVE = """
## What `serve` prints

`reconciler serve` prints one line of JSON, or writes it to the file that `--credentials-file` names. The line is for programs
that log in to the simulated Infisical, so its keys are written as in Infisical's API: `url`, `salesforceUrl`, `organizationId`,
and at the first start also `clientId` and `clientSecret`. It is not a report, so it has no `format_version`.
"""
_TITLES = {
    versions.PLAN: "A plan as JSON",
    versions.APPLY: "An apply as lines",
    versions.VALIDATION: "A validation as JSON",
    versions.DRIFT: "Drift as JSON",
    versions.EXPORT: "An export as JSON",
    versions.LOGIN: "A log-in as JSON",
    versions.SALESFORCE_CHECK: "A check of Salesforce as JSON",
    versions.METADATA: "Metadata as JSON",
    versions.METADATA_COMPARISON: "A comparison of metadata as JSON",
    versions.STATE_LIST: "Recorded connections as JSON",
    versions.STATE_SHOW: "A record as JSON",
    versions.STATE_RM: "Removed records as JSON",
    versions.STATE_MV: "A moved record as JSON",
    versions.STATE_PUSH: "A pushed state as JSON",
    versions.VERSION_REPORT: "Versions as JSON",
    versions.STOPPED: "When a command is stopped",
}


def page() -> str:
    """Return the page."""
    state, plan = schemas.load("state"), schemas.load("plan-file")
    shared = schemas.load(versions.STOPPED)
    return _page(
        "File formats",
        _INTRODUCTION,
        f"## State, version {state_format.STATE_FORMAT}",
        f"{_STATE.strip()} {_schema('state')}",
        _keys(state),
        "`records` holds one record for each address:",
        _keys(state["$defs"]["record"], state),
        f"## Plan file, version {plan_file.PLAN_FORMAT}",
        f"{_PLAN.strip()} {_schema('plan-file')}",
        _keys(plan),
        "`plan` holds:",
        _keys(plan["properties"]["plan"], plan),
        "Each item of `changes` and `unchanged` holds:",
        _keys(plan["$defs"]["change"], plan),
        "## What `--format json` prints",
        _REPORTS,
        _keys(shared["$defs"]["diagnostic"], shared),
        *(part for name in versions.VERSIONS for part in _report(name)),
        _SERVE,
    )


def _schema(name: str) -> str:
    return f"[The schema](../../schemas/{name}.schema.json)."


def _report(name: str) -> Iterator[str]:
    """Yield the section of one report."""
    schema = schemas.load(name)
    # The heading of the document that several commands print has no version, so that links to it last.
    version = f", version {versions.VERSIONS[name]}" if name != versions.STOPPED else ""
    yield f"## {_TITLES[name]}{version}"
    yield f"{schema['description']} {_schema(name)}"
    if name == versions.PLAN:
        yield _JSON
    yield _keys(schema)
    if name == versions.PLAN:
        yield "`reconciler` holds:"
        yield _keys(schema["$defs"]["reconciler"], schema)
        yield table(("mark", "action in reconciler", "`actions` in Terraform's format"), _actions())
        yield (
            "An adopt also has `importing.id`. Held and protected connections are under `reconciler.kept`. The type of every "
            f"resource is `{terraform.TYPE}`."
        )
    if name == versions.APPLY:
        yield "A `waiting` line says that the run waits for more than two seconds. Its key `waiting` holds:"
        yield _keys(schema["properties"]["waiting"], schema)


def _actions() -> Iterator[tuple[str, str, str]]:
    for action in Action:
        words = terraform.actions(Change("a", action))
        more = ', or `["update"]` if it also changes something' if action is Action.ADOPT else ""
        listed = ", ".join(f'"{word}"' for word in words)
        yield code(action.symbol.strip()), action.value, f"`[{listed}]`{more}"


def _keys(schema: Schema, root: Schema | None = None) -> str:
    top = root or schema
    properties = schema["properties"].items()
    rows = [(code(key), _type(one, top), _meaning(one, top)) for key, one in properties]
    if any(row[2] for row in rows):
        return table(("key", "type", "meaning"), rows)
    return table(("key", "type"), [row[:2] for row in rows])


def _meaning(schema: Schema, root: Schema) -> str:
    return str(resolved(schema, root).get("description", ""))


def _type(schema: Schema, root: Schema) -> str:
    found: dict[str, Any] = dict(resolved(schema, root))
    if "anyOf" in found:
        return " or ".join(_type(one, root) for one in found["anyOf"])
    if "const" in found:
        return code(found["const"])
    if "enum" in found:
        return ", ".join(code(one) for one in found["enum"])
    kinds = found["type"] if isinstance(found["type"], list) else [found["type"]]
    named = schema.get("$ref", "").rpartition("/")[2]
    return named or " or ".join(_KINDS[kind] for kind in kinds)


_KINDS = {
    "string": "text",
    "integer": "number",
    "number": "number",
    "array": "list",
    "object": "object",
    "boolean": "true or false",
    "null": "null",
}
