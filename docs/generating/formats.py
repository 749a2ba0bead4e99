"""The page of the formats that reconciler writes: plan files, states, and what `--format json` prints."""

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
Every format has a version. A new minor version only adds keys, so an older reader can still read it. A new major version can
change anything, so a reader that does not know it must refuse it. `reconciler version` shows the versions that reconciler
reads and writes.
"""
_STATE = """
The state is the record of what reconciler last applied. It is the file `.reconciler/state.json`, or the one that `state.path`
names.

The state holds no secret value. It holds fingerprints of the values and the key of these fingerprints. Somebody who has both
can check a guess, so keep the state out of Git and share it with nobody who does not need it. reconciler writes the file with
mode 0600 and always replaces it as a whole.
"""
_PLAN = """
`plan --out FILE` writes this file. `apply FILE`, `destroy FILE` and `show FILE` read it. It holds no secret value and no
fingerprint. `checksum` detects a file that was cut off or edited. It is not a signature. `apply --expect` compares `digest`.
"""
_JSON = """
`plan --format json` and `show --format json` print one document. It has the format of Terraform's JSON plan, so tools for
Terraform plans can read it. Facts that Terraform has no key for are under `reconciler`. The consumer key and the consumer
secret are `null`, and `before_sensitive` and `after_sensitive` mark them.
"""
_VALIDATION = """
`validate --format json` prints the format of `terraform validate -json`: `valid`, `error_count`, `warning_count` and
`diagnostics`. The number of files, connections and apps is under `reconciler`.

A diagnostic has `severity`, `summary`, `detail`, `range` (file, line and column), `next` (what to do) and `address`.
Diagnostics of plans and applies have the same keys.
"""
_LINES = """
`apply --format json` prints one JSON object on each line, in the format of Terraform's machine-readable output. `type` is one
of `version`, `planned_change`, `diagnostic`, `apply_start`, `apply_complete`, `apply_errored`, `apply_not_tried`, `waiting` and
`change_summary`. Terraform does not have `apply_not_tried` and `waiting`.

A `waiting` line means that the run waits for more than two seconds. It has `reason` (`rate-limit`, `failed-request` or
`state-lock`), `seconds`, `until`, `status` (the HTTP status, 0 if there was no answer) and `cause` (a sentence).
"""


def page() -> str:
    """Return the page."""
    state, plan = schemas.load("state"), schemas.load("plan-file")
    return _page(
        "File formats",
        _INTRODUCTION,
        f"## State, version {state_format.FORMAT_VERSION}",
        f"{_STATE.strip()} [The schema](../../schemas/state.schema.json).",
        _keys(state),
        "`records` holds one record for each address:",
        _keys(state["$defs"]["record"], state),
        f"## Plan file, version {plan_file.FORMAT_VERSION}",
        f"{_PLAN.strip()} [The schema](../../schemas/plan-file.schema.json).",
        _keys(plan),
        "`plan` holds:",
        _keys(plan["properties"]["plan"], plan),
        "Each item of `changes` and `unchanged` holds:",
        _keys(plan["$defs"]["change"], plan),
        f"## A plan as JSON, version {versions.VERSIONS[versions.PLAN]}",
        _JSON,
        table(("mark", "action in reconciler", "`actions` in Terraform's format"), _actions()),
        "An adopt also has `importing.id`. Held and protected connections are under `reconciler.kept`. The type of every "
        f"resource is `{terraform.TYPE}`.",
        f"## A validation as JSON, version {versions.VERSIONS[versions.VALIDATION]}",
        _VALIDATION,
        f"## An apply as lines, version {versions.VERSIONS[versions.APPLY]}",
        _LINES,
    )


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
    "array": "list",
    "object": "object",
    "boolean": "true or false",
    "null": "null",
}
