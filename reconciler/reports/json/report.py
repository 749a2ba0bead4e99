"""The report programs read: a plan as one document, an apply as lines, both in Terraform's words."""

import json
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from reconciler import __version__
from reconciler.model import (
    ApplyEvent,
    ChangeFailed,
    ChangeFinished,
    ChangeNotTried,
    ChangeStarted,
    Diagnostic,
    Noted,
    Outcome,
    Severity,
    Waiting,
)
from reconciler.planning import Plan
from reconciler.reports import words
from reconciler.reports.json import terraform
from reconciler.reports.words import WORDS

UI_VERSION = "1.2"
VALIDATE_VERSION = "1.0"


class JsonReport:
    """Shows everything as JSON: `plan` and `diagnostics` a document each, the rest lines."""

    def plan(self, plan: Plan) -> str:
        """See `Report.plan`."""
        return json.dumps(terraform.plan_document(plan), ensure_ascii=False, indent=1) + "\n"

    def diagnostics(self, diagnostics: Sequence[Diagnostic]) -> str:
        """See `Report.diagnostics`: the document of a plan that could not be made."""
        document = {
            "format_version": terraform.FORMAT_VERSION,
            "terraform_version": terraform.TERRAFORM_VERSION,
            "applyable": False,
            "complete": False,
            "errored": True,
            "reconciler": {"version": __version__, "diagnostics": [terraform.diagnostic(one) for one in diagnostics]},
        }
        return json.dumps(document, ensure_ascii=False, indent=1) + "\n"

    def validation(self, diagnostics: Sequence[Diagnostic], *, files: int = 0, connections: int = 0, apps: int = 0) -> str:
        """Return what `terraform validate -json` does, with what was read beside it."""
        counts = Counter(one.severity for one in diagnostics)
        document = {
            "format_version": VALIDATE_VERSION,
            "valid": not counts[Severity.ERROR],
            "error_count": counts[Severity.ERROR],
            "warning_count": counts[Severity.WARNING],
            "diagnostics": [terraform.diagnostic(one) for one in diagnostics],
            "reconciler": {"version": __version__, "files": files, "connections": connections, "apps": apps},
        }
        return json.dumps(document, ensure_ascii=False, indent=1) + "\n"

    def version(self) -> str:
        """Return the line that every apply begins with."""
        return _line("info", "reconciler", "version", terraform=terraform.TERRAFORM_VERSION, ui=UI_VERSION)

    def planned(self, plan: Plan) -> str:
        """Return what is planned as lines, and what was found."""
        lines = []
        for change in plan.changes:
            word = WORDS[change.action].ui
            body = {"resource": _resource(change.address), "action": word, "reason": words.reason(change.reason)}
            lines.append(_line("info", f"{change.address}: Plan to {word}", "planned_change", change=body))
        return "".join(lines) + self.problems(plan.diagnostics)

    def problems(self, diagnostics: Sequence[Diagnostic]) -> str:
        """Return diagnostics as lines."""
        return "".join(self.problem(one) for one in diagnostics)

    def problem(self, one: Diagnostic) -> str:
        """Return one diagnostic as a line."""
        level = "error" if one.severity is Severity.ERROR else "warn"
        return _line(level, one.summary, "diagnostic", diagnostic=terraform.diagnostic(one))

    def event(self, event: ApplyEvent) -> str:
        """See `Report.event`: Terraform's machine-readable apply lines; `apply_not_tried` and `waiting` are our own."""
        if isinstance(event, Noted):
            return self.problem(event.diagnostic)
        if isinstance(event, Waiting):
            wait = {
                "reason": event.reason,
                "seconds": round(event.seconds, 3),
                "until": event.until.isoformat(timespec="seconds"),
            }
            return _line("info", words.waiting(event), "waiting", waiting=wait | {"status": event.status, "cause": event.cause})
        word = WORDS[event.action].ui
        hook: dict[str, Any] = {"resource": _resource(event.address), "action": word}
        match event:
            case ChangeStarted():
                return _line("info", f"{event.address}: {word} begins", "apply_start", hook=hook)
            case ChangeFinished():
                hook |= {"id_key": "id", "id_value": event.id, "elapsed_seconds": round(event.seconds, 3)}
                return _line("info", f"{event.address}: {word} complete", "apply_complete", hook=hook)
            case ChangeFailed():
                hook |= {"elapsed_seconds": round(event.seconds, 3), "unknown": event.unknown}
                failed = _line("error", f"{event.address}: {word} failed", "apply_errored", hook=hook)
                return failed + self.problem(event.diagnostic)
            case ChangeNotTried():
                hook |= {"reason": words.reason(event.reason)}
                return _line("warn", f"{event.address}: {word} not tried", "apply_not_tried", hook=hook)

    def outcome(self, plan: Plan, outcome: Outcome) -> str:
        """See `Report.outcome`: the change summary, with what failed and was not tried beside Terraform's counts."""
        counts = Counter(WORDS[event.action].ui for event in outcome.done)
        changes = {
            "add": counts["create"] + counts["replace"],
            "change": counts["update"],
            "import": counts["import"],
            "remove": counts["delete"] + counts["replace"],
            "forget": counts["forget"],
            "failed": len(outcome.failed),
            "not_tried": len(outcome.not_tried),
            "operation": "apply",
        }
        problem = self.problem(outcome.problem) if outcome.problem else ""
        return problem + _line("info", "Apply ended", "change_summary", changes=changes)


def _line(level: str, message: str, kind: str, **body: Any) -> str:
    line = {
        "@level": level,
        "@message": message,
        "@module": "reconciler.ui",
        "@timestamp": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "type": kind,
    }
    return json.dumps(line | body, ensure_ascii=False) + "\n"


def _resource(address: str) -> dict[str, Any]:
    return {
        "addr": terraform.resource_address(address),
        "module": "",
        "resource": terraform.resource_address(address),
        "implied_provider": "infisical",
        "resource_type": terraform.TYPE,
        "resource_name": address,
        "resource_key": None,
    }
