"""A plan as a file: JSON that holds no secret and no fingerprint key, to be read by people and compared by `apply FILE`."""

import hashlib
import json
import re
from dataclasses import asdict
from typing import Any

from reconciler.model import (
    ORGANISATION,
    CredentialDrift,
    Diagnostic,
    Lifecycle,
    Location,
    OnRemoval,
    Scope,
    Severity,
)
from reconciler.planning.digest import digest
from reconciler.planning.plan import Action, Attributes, Change, Drift, Guarded, GuardedWhat, Kept, KeptWhy, Plan

FORMAT_VERSION = "1.2"
_KIND = "reconciler-plan"
_ADDRESS = re.compile("[a-z0-9-]{1,64}")
"""What no address can be must not be shown as one: whoever makes a file can make its checksum too."""


class PlanFileError(Exception):
    """The bytes are no plan, or one that was cut, edited, or made by a newer version. `hint` is the next step."""

    hint = "make a new one with `reconciler plan --out FILE`"


def encode(plan: Plan) -> bytes:
    """Return the file's bytes. `checksum` is over the plan itself, so that a cut or edited file is noticed."""
    content = asdict(plan, dict_factory=_kept)
    document = {
        "format_version": FORMAT_VERSION,
        "kind": _KIND,
        "digest": digest(plan),
        "checksum": _checksum(content),
        "plan": content,
    }
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


def is_plan(data: bytes) -> bool:
    """Tell whether these are the bytes of a plan, a damaged or newer one included, or of nothing."""
    return not data.strip() or (data.lstrip().startswith(b"{") and f'"kind": "{_KIND}"'.encode() in data[:400])


def decode(data: bytes) -> Plan:
    """Return the plan of a file. Raises `PlanFileError`."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        raise PlanFileError("it is not JSON, or it was cut") from None
    if not isinstance(document, dict) or document.get("kind") != _KIND:
        raise PlanFileError("it is not a plan of reconciler")
    version = str(document.get("format_version"))
    if version.partition(".")[0] != FORMAT_VERSION.partition(".")[0]:
        raise PlanFileError(f"it is of format {version}; this version reads {FORMAT_VERSION}")
    content = document.get("plan")
    if not isinstance(content, dict) or document.get("checksum") != _checksum(content):
        found, should = (_checksum(content) if isinstance(content, dict) else "none"), document.get("checksum")
        raise PlanFileError(f"it was cut or edited after it was made (its checksum is {found}, and it says {should})")
    try:
        plan = _plan(content)
    except (KeyError, TypeError, ValueError, AttributeError) as broken:
        raise PlanFileError(f"it lacks something a plan has ({type(broken).__name__})") from None
    changes = (*plan.changes, *plan.unchanged)
    named = {one.address for one in changes} | {one.address for one in plan.kept} | {one.address for one in plan.drift}
    named |= {one.previous_address for one in changes if one.previous_address}
    if not all(_ADDRESS.fullmatch(address) for address in named):
        raise PlanFileError("an address in it is none")
    return plan


def _kept(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A place is kept without the text of its file."""
    return {key: value for key, value in pairs if key != "source"}


def _checksum(content: dict[str, Any]) -> str:
    canonical = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _plan(content: dict[str, Any]) -> Plan:
    values = dict(content)
    values["changes"] = tuple(_change(item) for item in values["changes"])
    values["unchanged"] = tuple(_change(item) for item in values["unchanged"])
    values["kept"] = tuple(
        Kept(**{**item, "why": KeptWhy(item["why"]), "location": _location(item["location"])}) for item in values["kept"]
    )
    values["drift"] = tuple(
        Drift(
            **{
                **item,
                "fields": tuple(item["fields"]),
                "before": _present(item["before"]),
                "after": _attributes(item["after"]),
            }
        )
        for item in values["drift"]
    )
    values["diagnostics"] = tuple(
        Diagnostic(**{**item, "severity": Severity(item["severity"]), "location": _location(item["location"])})
        for item in values["diagnostics"]
    )
    values["guarded"] = tuple(Guarded(**{**item, "what": GuardedWhat(item["what"])}) for item in values.get("guarded", ()))
    for key in ("accept", "reassert", "left_out", "only"):
        values[key] = tuple(values.get(key, ()))
    return Plan(**values)


def _change(item: dict[str, Any]) -> Change:
    return Change(
        **{
            **item,
            "action": Action(item["action"]),
            "before": _attributes(item["before"]),
            "after": _attributes(item["after"]),
            "fields": tuple(item["fields"]),
            "location": _location(item["location"]),
            "waits_for": tuple(item["waits_for"]),
        }
    )


def _attributes(item: dict[str, Any] | None) -> Attributes | None:
    return _present(item) if item is not None else None


def _present(item: dict[str, Any]) -> Attributes:
    scope, lifecycle = item["scope"], item["lifecycle"]
    return Attributes(
        **{
            **item,
            "scope": Scope(**scope) if scope["project_id"] else ORGANISATION,
            "lifecycle": Lifecycle(
                **{
                    **lifecycle,
                    "on_removal": OnRemoval(lifecycle["on_removal"]),
                    "on_credential_drift": CredentialDrift(lifecycle["on_credential_drift"]),
                    "ignore_changes": tuple(lifecycle["ignore_changes"]),
                }
            ),
        }
    )


def _location(item: dict[str, Any] | None) -> Location | None:
    return Location(**item) if item is not None else None
