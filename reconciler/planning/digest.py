"""What a plan is known by: equal decisions have one digest, on a branch without values and after the merge with them."""

import hashlib
import json
from typing import Any

from reconciler.planning.plan import VALUE_FIELDS, Action, Attributes, Change, Plan


def digest(plan: Plan) -> str:
    """Return the SHA-256 (64 hex digits) of what `plan` decides: of each address its action, changed fields, non-secret
    values before and after, references and live id. Commit, serial, time, drift and what only a value shows are not in it.
    """
    rows = sorted(row for change in plan.changes if (row := _row(change)) is not None)
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()


def lasting_fields(change: Change) -> tuple[str, ...]:
    """Return the changed fields that do not hang on a value being at hand."""
    return tuple(field for field in change.fields if field not in VALUE_FIELDS)


def _row(change: Change) -> str | None:
    fields = lasting_fields(change)
    if change.action is Action.CONDITIONAL:
        return None
    if change.action in {Action.UPDATE, Action.RECORD} and change.fields and not fields:
        return None
    return json.dumps(
        [
            change.key,
            change.action,
            sorted(fields),
            attributes(change.before),
            attributes(change.after),
            change.id,
        ],
        ensure_ascii=False,
        sort_keys=True,
        separators=(",", ":"),
    )


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
            "on_removal": lifecycle.on_removal,
            "on_credential_drift": lifecycle.on_credential_drift,
            "ignore_changes": list(lifecycle.ignore_changes),
            "adopt": lifecycle.adopt,
            "renamed_from": lifecycle.renamed_from,
        },
        "consumer_key": found.consumer_key,
        "consumer_secret": found.consumer_secret,
    }
