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
from reconciler.reports import json as json_report
from reconciler.reports import terraform
from reconciler.state import format as state_format

_INTRODUCTION = """
Every format has a version. A new minor version adds, and an older reader may go on; a new major version breaks, and is refused
by a reader that does not know it. `reconciler version` names the versions that are read and written.
"""
_STATE = """
`.reconciler/state.json`, unless `state.path` says otherwise: what was last applied. No value of a credential is in it, but
fingerprints and the key they are made with are: whoever has both can check a guess. It is written with mode 0600. Keep it out
of Git, and give it to nobody who need not have it. It is replaced whole, never written in part.
"""
_PLAN = """
What `plan --out FILE` writes and `apply FILE` and `show FILE` read. It holds no secret and no fingerprint. `checksum` is over
`plan`, so that a file that was cut or edited is noticed; it is no signature. `digest` is what `apply --expect` compares.
"""
_JSON = """
`plan --format json` and `show --format json` print one document: Terraform's plan representation, so that tools for Terraform
plans read it. What Terraform has no place for stands under `reconciler`. Key and secret are `null` and marked in
`before_sensitive` and `after_sensitive`.
"""
_VALIDATION = """
`validate --format json` prints what `terraform validate -json` does: `valid`, `error_count`, `warning_count` and `diagnostics`,
with the number of files, connections and apps under `reconciler`. A diagnostic has `severity`, `summary`, `detail`, `range`
(file, line and column), `next` (what to do) and `address`; plans and applies have the same.
"""
_LINES = """
`apply --format json` prints a JSON object a line: Terraform's machine-readable output, with `apply_not_tried` and `waiting`
added. What `type` can be: `version`, `planned_change`, `diagnostic`, `apply_start`, `apply_complete`, `apply_errored`,
`apply_not_tried`, `waiting`, `change_summary`.

A `waiting` line comes when the run waits for more than two seconds: `reason` (`rate-limit`, `failed-request` or `state-lock`),
`seconds`, `until`, `status` (the HTTP status, 0 without one) and `cause` (a sentence).
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
        "A record, under its address:",
        _keys(state["$defs"]["record"], state),
        f"## Plan file, version {plan_file.FORMAT_VERSION}",
        f"{_PLAN.strip()} [The schema](../../schemas/plan-file.schema.json).",
        _keys(plan),
        "The plan in it:",
        _keys(plan["properties"]["plan"], plan),
        "A change:",
        _keys(plan["$defs"]["change"], plan),
        f"## A plan as JSON, version {terraform.FORMAT_VERSION}",
        _JSON,
        table(("mark", "action here", "`actions` there"), _actions()),
        "An adopt has `importing.id` too. Held and protected connections are under `reconciler.kept`; the type of every "
        f"resource is `{terraform.TYPE}`.",
        f"## A validation as JSON, version {json_report.VALIDATE_VERSION}",
        _VALIDATION,
        f"## An apply as lines, version {json_report.UI_VERSION}",
        _LINES,
    )


def _actions() -> Iterator[tuple[str, str, str]]:
    for action in Action:
        words = terraform.actions(Change("a", action))
        more = ', or `["update"]` when it also changes something' if action is Action.ADOPT else ""
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
