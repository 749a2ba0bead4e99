"""A plan in Terraform's plan representation, so that its tools can read it. Our own facts are under `reconciler`."""

from collections.abc import Sequence
from typing import Any

from reconciler.model import Action, Diagnostic
from reconciler.model.action import CONSUMER_KEY, CONSUMER_SECRET, DESCRIPTION, INSTANCE_URL
from reconciler.planning import Attributes, Change, Drift, Guarded, Kept, Plan, digest
from reconciler.reports import words
from reconciler.reports.json.shapes import diagnostic_document, organization
from reconciler.reports.versions import PLAN, TERRAFORM_VERSION, VERSIONS
from reconciler.reports.words import WORDS

TYPE = "infisical_app_connection_salesforce"
PROVIDER = "infisical/infisical"

_REASONS = {
    Action.REPLACE: "replace_because_cannot_update",
    Action.DELETE: "delete_because_no_resource_config",
}
_SENSITIVE = {"credentials": {"consumer_key": True, "consumer_secret": True}}  # nosec B105  # no password


def plan_document(plan: Plan) -> dict[str, Any]:
    """Return `plan` as the document of `terraform show -json`. Key and secret are null and marked sensitive."""
    everything = [*plan.changes, *plan.unchanged]
    return {
        "format_version": VERSIONS[PLAN],
        "terraform_version": TERRAFORM_VERSION,
        "planned_values": _values([_resource(change.address, change.after, change) for change in everything if _stays(change)]),
        "resource_changes": [_resource_change(change) for change in everything],
        "resource_drift": [drift_document(drift) for drift in plan.drift],
        "prior_state": {
            "format_version": "1.0",
            "terraform_version": TERRAFORM_VERSION,
            "values": _values(
                [_resource(_before_address(change), change.before, change) for change in everything if change.before]
            ),
        },
        "configuration": _configuration(plan, everything),
        "timestamp": plan.basis.created_at,
        "applyable": plan.applyable,
        "complete": plan.complete,
        "errored": plan.errored,
        "reconciler": {
            "version": plan.basis.tool_version,
            "stack": plan.target.stack,
            "url": plan.target.url,
            "organization": organization(plan.target.organisation_id, plan.target.organisation_name),
            "lineage": plan.basis.lineage,
            "serial": plan.basis.serial,
            "digest": digest(plan) if not plan.basis.base else None,
            "unmanaged": plan.unmanaged,
            "destroy": plan.choices.destroy,
            "only": list(plan.part.only),
            "left_out": list(plan.part.left_out),
            "base": plan.basis.base or None,
            "changes": [_own_facts(change) for change in plan.changes],
            "kept": [_kept(kept) for kept in plan.kept],
            "guarded": [_guarded(guarded) for guarded in plan.guarded],
            "diagnostics": [diagnostic_document(diagnostic) for diagnostic in plan.diagnostics],
        },
    }


def stopped_document(diagnostics: Sequence[Diagnostic], tool_version: str) -> dict[str, Any]:
    """Return the document of a plan that could not be made."""
    return {
        "format_version": VERSIONS[PLAN],
        "terraform_version": TERRAFORM_VERSION,
        "applyable": False,
        "complete": False,
        "errored": True,
        "reconciler": {"version": tool_version, "diagnostics": [diagnostic_document(diagnostic) for diagnostic in diagnostics]},
    }


def _kept(kept: Kept) -> dict[str, Any]:
    return {
        "address": kept.address,
        "id": kept.id,
        "why": kept.why,
        "reason": words.reason(kept.reason),
        "next": words.next_step(kept),
        "location": str(kept.location) if kept.location else None,
    }


def _guarded(guarded: Guarded) -> dict[str, Any]:
    what, hint = words.guard(guarded)
    return {
        "what": guarded.what,
        "number": guarded.number,
        "recorded": guarded.recorded,
        "limit": guarded.limit,
        "allowed": guarded.allowed,
        "reason": what,
        "next": hint,
    }


def resource_address(address: str) -> str:
    """Return the address as Terraform writes one."""
    return f"{TYPE}.{address}"


def actions(change: Change) -> list[str]:
    """Return Terraform's words for what a change does."""
    if change.action is Action.ADOPT and change.fields:
        return ["update"]
    return list(WORDS[change.action].terraform)


def _resource_change(change: Change) -> dict[str, Any]:
    body: dict[str, Any] = {
        "actions": actions(change),
        "before": _attributes(change.before, change.id, change.hash),
        "after": None if change.action.unmanages else _after(change),
        "after_unknown": _unknown(change),
        "before_sensitive": _SENSITIVE if change.before else False,
        "after_sensitive": _SENSITIVE if change.after else False,
    }
    if change.action is Action.ADOPT:
        body["importing"] = {"id": change.id}
    if change.action is Action.REPLACE:
        body["replace_paths"] = [["project_id"]]
    document = _head(change.address) | {"change": body}
    if change.superseded:
        document["deposed"] = change.id.replace("-", "")[:8]
    if change.previous_address:
        document["previous_address"] = resource_address(change.previous_address)
    if change.action in _REASONS:
        document["action_reason"] = _REASONS[change.action]
    return document


def drift_document(drift: Drift) -> dict[str, Any]:
    """Return what was changed outside as Terraform's `resource_drift` has it."""
    return _head(drift.address) | {
        "change": {
            "actions": ["update"] if drift.after else ["delete"],
            "before": _attributes(drift.before, drift.id, None),
            "after": _attributes(drift.after, drift.id, None),
            "after_unknown": {},
            "before_sensitive": _SENSITIVE,
            "after_sensitive": _SENSITIVE if drift.after else False,
        }
    }


def _own_facts(change: Change) -> dict[str, Any]:
    return {
        "address": change.address,
        "action": change.action,
        "symbol": change.action.symbol,
        "reason": words.reason(change.reason),
        "fields": list(change.fields),
        "compared": change.compared,
        "location": str(change.declared) or None,
        "waits_for": list(change.waits_for),
        "references": {
            "consumer_key": change.after.references.get(CONSUMER_KEY, "") if change.after else None,
            "consumer_secret": change.after.references.get(CONSUMER_SECRET, "") if change.after else None,
        },
    }


def _configuration(plan: Plan, everything: list[Change]) -> dict[str, Any]:
    resources = [
        {
            "address": resource_address(change.address),
            "mode": "managed",
            "type": TYPE,
            "name": change.address,
            "provider_config_key": "infisical",
            "schema_version": 0,
            "expressions": _expressions(change.after),
        }
        for change in everything
        if change.after is not None
    ]
    provider = {"name": "infisical", "full_name": PROVIDER, "expressions": {"host": {"constant_value": plan.target.url}}}
    return {"provider_config": {"infisical": provider}, "root_module": {"resources": resources}}


def _expressions(wanted: Attributes) -> dict[str, Any]:
    return {
        "name": {"constant_value": wanted.name},
        "description": {"constant_value": wanted.values[DESCRIPTION] or None},
        "credentials": {
            "instance_url": {"constant_value": wanted.values[INSTANCE_URL]},
            "consumer_key": {"references": [wanted.references.get(CONSUMER_KEY, "")]},
            "consumer_secret": {"references": [wanted.references.get(CONSUMER_SECRET, "")]},
        },
    }


def _head(address: str) -> dict[str, Any]:
    return {
        "address": resource_address(address),
        "mode": "managed",
        "type": TYPE,
        "name": address,
        "provider_name": PROVIDER,
    }


def _values(resources: list[dict[str, Any]]) -> dict[str, Any]:
    return {"root_module": {"resources": sorted(resources, key=lambda resource: str(resource["address"]))}}


def _resource(address: str, attributes: Attributes | None, change: Change) -> dict[str, Any]:
    new = change.action.creates and attributes is change.after
    return _head(address) | {
        "schema_version": 0,
        "values": _attributes(attributes, "" if new else change.id, None if new else change.hash),
        "sensitive_values": _SENSITIVE,
    }


def _stays(change: Change) -> bool:
    return change.after is not None


def _before_address(change: Change) -> str:
    return change.previous_address or change.address


def _after(change: Change) -> dict[str, Any] | None:
    """Return what will be there. Values that only the server will know are missing, and named in `after_unknown`."""
    after = _attributes(change.after, change.id, change.hash)
    return {key: value for key, value in after.items() if key not in _unknown(change)} if after is not None else None


def _unknown(change: Change) -> dict[str, Any]:
    if change.action.creates:
        return {"id": True, "credentials_hash": True}
    return {"credentials_hash": True} if change.sends_credentials else {}


def _attributes(attributes: Attributes | None, connection_id: str, credentials_hash: str | None) -> dict[str, Any] | None:
    if attributes is None:
        return None
    return {
        "id": connection_id or None,
        "name": attributes.name,
        "description": attributes.values[DESCRIPTION] or None,
        "project_id": attributes.scope.project_id,
        "method": "client-credentials",
        "credentials": {"instance_url": attributes.values[INSTANCE_URL], "consumer_key": None, "consumer_secret": None},  # nosec B105  # no password
        "credentials_hash": credentials_hash,
    }
