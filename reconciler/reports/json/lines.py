"""An apply as Terraform's machine-readable lines. `apply_not_tried` and `waiting` are our own."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

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
from reconciler.reports.json.shapes import diagnostic_document, line_text
from reconciler.reports.versions import APPLY, TERRAFORM_VERSION, VERSIONS
from reconciler.reports.words import WORDS


def version_line() -> str:
    """Return the line that every apply begins with."""
    return _line("info", "reconciler", "version", terraform=TERRAFORM_VERSION, ui=VERSIONS[APPLY])


def plan_lines(plan: Plan) -> str:
    """Return a line for each change that is planned, and for each problem."""
    lines = []
    for change in plan.changes:
        word = WORDS[change.action].ui
        body = {"resource": _resource(change.address), "action": word, "reason": words.reason(change.reason)}
        lines.append(_line("info", f"{change.address}: Plan to {word}", "planned_change", change=body))
    return "".join(lines) + diagnostic_lines(plan.diagnostics)


def diagnostic_lines(diagnostics: Sequence[Diagnostic]) -> str:
    """Return a line for each problem."""
    return "".join(map(_diagnostic_line, diagnostics))


def event_lines(event: ApplyEvent) -> str:
    """Return the line of an event. A change that failed has a second line, with its problem."""
    match event:
        case Noted():
            return _diagnostic_line(event.diagnostic)
        case Waiting():
            return _waiting_line(event)
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
            return failed + _diagnostic_line(event.diagnostic)
        case ChangeNotTried():
            hook |= {"reason": words.reason(event.reason)}
            return _line("warn", f"{event.address}: {word} not tried", "apply_not_tried", hook=hook)


def outcome_lines(outcome: Outcome) -> str:
    """Return the change summary: Terraform's counts, and how many changes failed or were not tried."""
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
    problem = _diagnostic_line(outcome.problem) if outcome.problem else ""
    return problem + _line("info", "Apply ended", "change_summary", changes=changes)


def _diagnostic_line(diagnostic: Diagnostic) -> str:
    level = "error" if diagnostic.severity is Severity.ERROR else "warn"
    return _line(level, diagnostic.summary, "diagnostic", diagnostic=diagnostic_document(diagnostic))


def _waiting_line(event: Waiting) -> str:
    wait = {
        "reason": event.reason,
        "seconds": round(event.seconds, 3),
        "until": event.until.isoformat(timespec="seconds"),
        "status": event.status,
        "cause": event.cause,
    }
    return _line("info", words.waiting(event), "waiting", waiting=wait)


def _line(level: str, message: str, kind: str, **body: Any) -> str:
    line = {
        "@level": level,
        "@message": message,
        "@module": "reconciler.ui",
        "@timestamp": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "type": kind,
    }
    return line_text(line | body)


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
