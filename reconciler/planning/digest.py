"""The digest of a plan. Equal decisions have the same digest: on a branch without values, and after the merge with them."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from reconciler.model import Action
from reconciler.model.action import LOCAL_FIELDS, RECORD, VALUE_FIELDS
from reconciler.planning.kind import Attributes
from reconciler.planning.plan import Change, Plan
from reconciler.planning.salesforce_connection import SALESFORCE_CONNECTION


def digest(plan: Plan) -> str:
    """Return the SHA-256 (64 hex digits) of what `plan` decides.

    For each address it covers the action, the changed fields, the values before and after that are no secret, the references
    and the live id. It leaves out commit, serial, time, drift and what only a secret value shows.
    """
    rows = sorted(row for change in plan.changes if (row := _row(change)) is not None)
    return hashlib.sha256("\n".join(rows).encode("utf-8", "surrogatepass")).hexdigest()


def decides_something(plan: Plan) -> bool:
    """Tell whether the digest of `plan` covers anything: it leaves out what only secret values show."""
    return any(lasting(change)[0] is not Action.NOTHING for change in plan.changes)


def lasting(change: Change) -> tuple[Action, tuple[str, ...]]:
    """Return the part of the action and the changed fields that does not depend on whether values are available."""
    fields = tuple(field for field in change.fields if field not in VALUE_FIELDS and field != RECORD)
    if change.action.depends_on_fields:
        if not fields:
            return Action.NOTHING, ()
        return (Action.RECORD if LOCAL_FIELDS.issuperset(fields) else Action.UPDATE), fields
    return change.action, fields


def plain(attributes: Attributes | None) -> dict[str, Any] | None:
    """Return attributes as plain JSON values, which stay the same in every version of a format."""
    if attributes is None:
        return None
    values: Mapping[str, str | None] = {**attributes.values, **attributes.references}
    body: dict[str, Any] = {each.key: values.get(each.path, "") for each in SALESFORCE_CONNECTION.fields}
    return body | {"labels": dict(attributes.labels), "lifecycle": attributes.lifecycle.plain()}


def _row(change: Change) -> str | None:
    action, fields = lasting(change)
    if action is Action.NOTHING:
        return None
    row = [change.key, action, sorted(fields), plain(change.before), plain(change.after), change.id]
    return json.dumps(row, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
