"""A plan as a file: JSON for people to read and for `apply FILE` to compare. It contains no secret and no fingerprint key."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import fields as fields_of
from datetime import datetime
from typing import Any

from reconciler.model import (
    ORGANISATION,
    Action,
    Diagnostic,
    Doubt,
    Lifecycle,
    Location,
    Reason,
    ReconcilerError,
    Scope,
    Severity,
    Why,
)
from reconciler.model.stored_json import NotJson, UnusableJson, has_major_of, parse_json
from reconciler.planning.digest import digest, plain
from reconciler.planning.kind import Attributes, Effect
from reconciler.planning.plan import (
    Basis,
    Change,
    Choices,
    Declared,
    Drift,
    Guarded,
    GuardedWhat,
    Kept,
    KeptWhy,
    Part,
    Plan,
    Subject,
    Target,
)
from reconciler.planning.salesforce_connection import SALESFORCE_CONNECTION

PLAN_FORMAT = "2.0"
_KIND = "reconciler-plan"


class PlanFileError(ReconcilerError):
    """The bytes are not a plan, or a plan that is cut, edited, or of another format."""

    hint = "make a new one with `reconciler plan --out FILE`"


def encode(plan: Plan) -> bytes:
    """Return the bytes of the file. Its `checksum` covers the plan itself, so that `decode` notices a cut or edited file."""
    content = _plain_plan(plan)
    document = {
        "format_version": PLAN_FORMAT,
        "kind": _KIND,
        "digest": digest(plan),
        "checksum": _checksum(content),
        "plan": content,
    }
    # UTF-8 has no lone surrogates: each becomes its JSON escape.
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode("utf-8", "backslashreplace")


def is_plan(data: bytes) -> bool:
    """Tell whether these are the bytes of a plan, even a damaged or newer one, or no bytes at all."""
    return not data.strip() or (data.lstrip().startswith(b"{") and f'"kind": "{_KIND}"'.encode() in data[:400])


def decode(data: bytes, violation: Callable[[Any], str]) -> Plan:
    """Return the plan of a file. Raises `PlanFileError`.

    `violation` says what in a document breaks the schema of plan files, "" if nothing does: whoever makes a file can make its
    checksum too. Keys that this version does not know are ignored: a newer minor version of the format adds them.
    """
    try:
        document = parse_json(data)
    except NotJson:
        raise PlanFileError("it is not JSON, or its end is missing") from None
    except UnusableJson as broken:
        raise PlanFileError(str(broken)) from None
    if not isinstance(document, dict) or document.get("kind") != _KIND:
        raise PlanFileError("it is not a plan of reconciler")
    version = document.get("format_version")
    if isinstance(version, str) and not has_major_of(version, PLAN_FORMAT):
        raise PlanFileError(f"it has format {version}, but this version of reconciler reads {PLAN_FORMAT}")
    content, should = document.get("plan"), document.get("checksum")
    if isinstance(content, dict) and isinstance(should, str) and (checksum := _checksum(content)) != should:
        raise PlanFileError(f"somebody cut or edited it (its checksum is {checksum}, but it states {should})")
    if problem := violation(document):
        raise PlanFileError(problem)
    if not _is_moment_or_never(document["plan"]["expires_at"]):
        raise PlanFileError("`plan.expires_at` is not a time with its offset from UTC")
    return _plan(document["plan"])


def _checksum(content: dict[str, Any]) -> str:
    canonical = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


def _is_moment_or_never(text: str) -> bool:
    try:
        return not text or datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


# -- plain values of a plan --------------------------------------------------------------------------------------


def _plain_plan(plan: Plan) -> dict[str, Any]:
    choices = {**_flat(plan.choices), "accept": sorted(plan.choices.accept), "reassert": sorted(plan.choices.reassert)}
    return {
        **_flat(plan.target),
        **_flat(plan.basis),
        **choices,
        "only": list(plan.part.only),
        "left_out": list(plan.part.left_out),
        "changes": [_plain_change(change) for change in plan.changes],
        "unchanged": [_plain_change(change) for change in plan.unchanged],
        "kept": [
            {**_flat(kept), "reason": _plain_reason(kept.reason), "location": _plain_location(kept.location)}
            for kept in plan.kept
        ],
        "drift": [
            {
                **_flat(drift),
                "fields": list(drift.fields),
                "before": _plain_attributes(drift.before),
                "after": _plain_attributes(drift.after),
            }
            for drift in plan.drift
        ],
        "unmanaged": plan.unmanaged,
        "guarded": [_flat(guarded) for guarded in plan.guarded],
        "diagnostics": [
            {**_flat(diagnostic), "location": _plain_location(diagnostic.location)} for diagnostic in plan.diagnostics
        ],
        "interrupted": {address: _plain_reason(reason) for address, reason in plan.interrupted.items()},
        "expires_at": plan.expires_at,
    }


def _plain_change(change: Change) -> dict[str, Any]:
    return {
        "address": change.address,
        "action": change.action,
        "reason": _plain_reason(change.reason),
        "id": change.id,
        "hash": change.hash,
        "before": _plain_attributes(change.before),
        "after": _plain_attributes(change.after),
        "fields": list(change.fields),
        "compared": change.compared,
        "first_sent": change.first_sent,
        "location": _plain_location(change.location),
        "file": change.declared.file,
        "waits_for": list(change.waits_for),
        "superseded": change.superseded,
        "previous_address": change.previous_address,
    }


def _plain_reason(reason: Reason | None) -> dict[str, Any] | None:
    """Return a reason with the arguments that it has."""
    if reason is None:
        return None
    arguments = _flat(reason) | {"fields": list(reason.fields)}
    return {key: value for key, value in arguments.items() if value}


def _plain_attributes(attributes: Attributes | None) -> dict[str, Any] | None:
    body = plain(attributes)
    if attributes is None or body is None:
        return None
    return body | {"scope": {"project_id": body.pop("project_id"), "project_slug": attributes.scope.project_slug}}


def _plain_location(location: Location | None) -> dict[str, Any] | None:
    """Return a place, without the text of its file."""
    return {"file": location.file, "line": location.line, "column": location.column} if location else None


def _flat(value: Any) -> dict[str, Any]:
    return {each.name: getattr(value, each.name) for each in fields_of(value)}


# -- and back ----------------------------------------------------------------------------------------------------


def _plan(content: dict[str, Any]) -> Plan:
    choices = _only(Choices, content)
    return Plan(
        target=Target(**_only(Target, content)),
        basis=Basis(**_only(Basis, content)),
        choices=Choices(**{**choices, "accept": frozenset(content["accept"]), "reassert": frozenset(content["reassert"])}),
        part=Part(tuple(content["only"]), tuple(content["left_out"])),
        changes=tuple(_change(item) for item in content["changes"]),
        unchanged=tuple(_change(item) for item in content["unchanged"]),
        kept=tuple(
            Kept(
                **{
                    **_only(Kept, item),
                    "why": KeptWhy(item["why"]),
                    "reason": _reason(item["reason"]),
                    "location": _location(item["location"]),
                }
            )
            for item in content["kept"]
        ),
        drift=tuple(
            Drift(
                **{
                    **_only(Drift, item),
                    "fields": tuple(item["fields"]),
                    "before": _attributes(item["before"]),
                    "after": _attributes(item["after"]) if item["after"] else None,
                }
            )
            for item in content["drift"]
        ),
        unmanaged=content["unmanaged"],
        guarded=tuple(Guarded(**{**_only(Guarded, item), "what": GuardedWhat(item["what"])}) for item in content["guarded"]),
        diagnostics=tuple(
            Diagnostic(
                **{
                    **_only(Diagnostic, item),
                    "severity": Severity(item["severity"]),
                    "location": _location(item["location"]),
                }
            )
            for item in content["diagnostics"]
        ),
        interrupted={address: _reason(reason) for address, reason in content["interrupted"].items()},
        expires_at=content["expires_at"],
    )


def _change(item: dict[str, Any]) -> Change:
    return Change(
        address=item["address"],
        action=Action(item["action"]),
        reason=_reason(item["reason"]) if item["reason"] else None,
        subject=Subject(item["id"], item["hash"]) if item["id"] else None,
        before=_attributes(item["before"]) if item["before"] else None,
        after=_attributes(item["after"]) if item["after"] else None,
        fields=tuple(item["fields"]),
        compared=item["compared"],
        first_sent=item["first_sent"],
        declared=Declared(_location(item["location"]), item["file"]),
        waits_for=tuple(item["waits_for"]),
        superseded=item["superseded"],
        previous_address=item["previous_address"],
    )


def _reason(item: dict[str, Any]) -> Reason:
    doubt = Doubt(item["doubt"]) if "doubt" in item else None
    texts = {name: item.get(name, "") for name in ("file", "adopts", "waits_for")}
    return Reason(Why(item["why"]), doubt, fields=tuple(item.get("fields", ())), **texts)


def _attributes(item: dict[str, Any]) -> Attributes:
    project_id, project_slug = item["scope"]["project_id"], item["scope"]["project_slug"]
    scope = Scope(project_id, project_slug) if project_id else ORGANISATION
    flat = {**item, "project_id": scope.project_id}
    read = [each for each in SALESFORCE_CONNECTION.fields if each.effect is not Effect.WRITE_ONLY]
    hidden = [each for each in SALESFORCE_CONNECTION.fields if each.effect is Effect.WRITE_ONLY and item[each.key]]
    return Attributes(
        scope=scope,
        values={each.path: flat[each.key] for each in read},
        labels=item["labels"],
        lifecycle=Lifecycle.of(item["lifecycle"]),
        references={each.path: item[each.key] for each in hidden},
    )


def _location(item: dict[str, Any] | None) -> Location | None:
    return Location(item["file"], item["line"], item["column"]) if item is not None else None


def _only(kind: type, content: dict[str, Any]) -> dict[str, Any]:
    """Return the part of `content` that belongs to the fields of a dataclass."""
    return {each.name: content[each.name] for each in fields_of(kind)}
