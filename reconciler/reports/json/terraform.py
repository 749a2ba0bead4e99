"""A plan in Terraform's plan representation, so that its tools read it; our own facts stand under `reconciler`."""

from typing import Any

from reconciler.model import Action, Diagnostic
from reconciler.model.action import CONSUMER_KEY, CONSUMER_SECRET, DESCRIPTION, INSTANCE_URL
from reconciler.planning import Attributes, Change, Drift, Guarded, Plan, digest
from reconciler.reports import guards, words
from reconciler.reports.words import WORDS

FORMAT_VERSION = "1.2"
TERRAFORM_VERSION = "1.11.4"
"""The level of Terraform whose representation this is, not a Terraform that is used."""
TYPE = "infisical_app_connection_salesforce"
PROVIDER = "infisical/infisical"

_REASONS = {
    Action.REPLACE: "replace_because_cannot_update",
    Action.DELETE: "delete_because_no_resource_config",
}
_SENSITIVE = {"credentials": {"consumer_key": True, "consumer_secret": True}}


def plan_document(plan: Plan) -> dict[str, Any]:
    """Return `plan` as the document of `terraform show -json`. Key and secret are null and marked sensitive."""
    everything = [*plan.changes, *plan.unchanged]
    return {
        "format_version": FORMAT_VERSION,
        "terraform_version": TERRAFORM_VERSION,
        "planned_values": _values([_resource(one.address, one.after, one) for one in everything if _stays(one)]),
        "resource_changes": [_resource_change(one) for one in everything],
        "resource_drift": [drift(one) for one in plan.drift],
        "prior_state": {
            "format_version": "1.0",
            "terraform_version": TERRAFORM_VERSION,
            "values": _values([_resource(_before_address(one), one.before, one) for one in everything if one.before]),
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
            "organisation": {"id": plan.target.organisation_id, "name": plan.target.organisation_name},
            "lineage": plan.basis.lineage,
            "serial": plan.basis.serial,
            "digest": digest(plan) if not plan.basis.base else None,
            "unmanaged": plan.unmanaged,
            "destroy": plan.choices.destroy,
            "only": list(plan.part.only),
            "left_out": list(plan.part.left_out),
            "base": plan.basis.base or None,
            "changes": [_own_facts(one) for one in plan.changes],
            "kept": [
                {
                    "address": one.address,
                    "id": one.id,
                    "why": one.why,
                    "reason": words.reason(one.reason),
                    "next": words.next_step(one),
                    "location": str(one.location) if one.location else None,
                }
                for one in plan.kept
            ],
            "guarded": [_guarded(one) for one in plan.guarded],
            "diagnostics": [diagnostic(one) for one in plan.diagnostics],
        },
    }


def _guarded(one: Guarded) -> dict[str, Any]:
    what, hint = guards.words(one)
    return {
        "what": one.what,
        "number": one.number,
        "recorded": one.recorded,
        "limit": one.limit,
        "allowed": one.allowed,
        "reason": what,
        "next": hint,
    }


def diagnostic(one: Diagnostic) -> dict[str, Any]:
    """Return a diagnostic as Terraform's JSON has it, our hint and address beside."""
    found: dict[str, Any] = {"severity": one.severity, "summary": one.summary, "detail": one.detail}
    if one.location:
        start = {"line": one.location.line, "column": one.location.column}
        found["range"] = {"filename": one.location.file, "start": start, "end": start}
        if excerpt := one.location.excerpt:
            found["range"]["end"] = {"line": one.location.line, "column": start["column"] + excerpt.end - excerpt.start}
            found["snippet"] = {
                "context": None,
                "code": excerpt.code,
                "start_line": one.location.line,
                "highlight_start_offset": excerpt.start,
                "highlight_end_offset": excerpt.end,
                "values": [],
            }
    return found | {"next": one.hint, "address": one.address}


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
    found = _head(change.address) | {"change": body}
    if change.superseded:
        found["deposed"] = change.id.replace("-", "")[:8]
    if change.previous_address:
        found["previous_address"] = resource_address(change.previous_address)
    if change.action in _REASONS:
        found["action_reason"] = _REASONS[change.action]
    return found


def drift(one: Drift) -> dict[str, Any]:
    """Return what was changed outside as Terraform's `resource_drift` has it."""
    return _head(one.address) | {
        "change": {
            "actions": ["update"] if one.after else ["delete"],
            "before": _attributes(one.before, one.id, None),
            "after": _attributes(one.after, one.id, None),
            "after_unknown": {},
            "before_sensitive": _SENSITIVE,
            "after_sensitive": _SENSITIVE if one.after else False,
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
            "address": resource_address(one.address),
            "mode": "managed",
            "type": TYPE,
            "name": one.address,
            "provider_config_key": "infisical",
            "schema_version": 0,
            "expressions": _expressions(one.after),
        }
        for one in everything
        if one.after is not None
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
    return {"root_module": {"resources": sorted(resources, key=lambda one: str(one["address"]))}}


def _resource(address: str, found: Attributes | None, change: Change) -> dict[str, Any]:
    new = change.action.creates and found is change.after
    return _head(address) | {
        "schema_version": 0,
        "values": _attributes(found, "" if new else change.id, None if new else change.hash),
        "sensitive_values": _SENSITIVE,
    }


def _stays(change: Change) -> bool:
    return change.after is not None


def _before_address(change: Change) -> str:
    return change.previous_address or change.address


def _after(change: Change) -> dict[str, Any] | None:
    """What will be; what only the server will know is left out, and named in `after_unknown`."""
    after = _attributes(change.after, change.id, change.hash)
    return {key: value for key, value in after.items() if key not in _unknown(change)} if after is not None else None


def _unknown(change: Change) -> dict[str, Any]:
    if change.action.creates:
        return {"id": True, "credentials_hash": True}
    return {"credentials_hash": True} if change.sends_credentials else {}


def _attributes(found: Attributes | None, connection_id: str, credentials_hash: str | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "id": connection_id or None,
        "name": found.name,
        "description": found.values[DESCRIPTION] or None,
        "project_id": found.scope.project_id,
        "method": "client-credentials",
        "credentials": {"instance_url": found.values[INSTANCE_URL], "consumer_key": None, "consumer_secret": None},
        "credentials_hash": credentials_hash,
    }
