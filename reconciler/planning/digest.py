"""What a plan is known by: equal decisions have one digest, on a branch without values and after the merge with them."""

import hashlib
import json
from typing import Any

from reconciler.planning.plan import LOCAL_FIELDS, REFRESHED, VALUE_FIELDS, Action, Attributes, Change, Plan


def digest(plan: Plan) -> str:
    """Return the SHA-256 (64 hex digits) of what `plan` decides: of each address its action, changed fields, non-secret
    values before and after, references and live id. Commit, serial, time, drift and what only a value shows are not in it.
    """
    rows = sorted(row for change in plan.changes if (row := _row(change)) is not None)
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()


def decides_something(plan: Plan) -> bool:
    """Tell whether there is anything in the digest of `plan`: what only values show is not."""
    return any(lasting(change)[0] is not Action.NOTHING for change in plan.changes)


def lasting(change: Change) -> tuple[Action, tuple[str, ...]]:
    """Return the action and the changed fields of a change as they are whether or not values are at hand."""
    fields = tuple(field for field in change.fields if field not in VALUE_FIELDS and field != REFRESHED)
    if change.action in {Action.UPDATE, Action.RECORD, Action.CONDITIONAL}:
        if not fields:
            return Action.NOTHING, ()
        return (Action.RECORD if LOCAL_FIELDS.issuperset(fields) else Action.UPDATE), fields
    return change.action, fields


def _row(change: Change) -> str | None:
    action, fields = lasting(change)
    if action is Action.NOTHING:
        return None
    row = [change.key, action, sorted(fields), attributes(change.before), attributes(change.after), change.id]
    return json.dumps(row, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def attributes(found: Attributes | None) -> dict[str, Any] | None:
    """Return attributes as plain JSON values, the same in every version of a format."""
    if found is None:
        return None
    lifecycle = found.lifecycle
    return {
        "name": found.name,
        "description": found.description,
        "project_id": found.scope.project_id,
        "instance_url": found.instance_url,
        "version": found.version,
        "labels": dict(found.labels),
        "lifecycle": {
            "prevent_destroy": lifecycle.prevent_destroy,
            "on_removal": lifecycle.on_removal.value,
            "on_credential_drift": lifecycle.on_credential_drift.value,
            "ignore_changes": list(lifecycle.ignore_changes),
            "adopt": lifecycle.adopt,
            "renamed_from": lifecycle.renamed_from,
        },
        "consumer_key": found.consumer_key,
        "consumer_secret": found.consumer_secret,
    }
