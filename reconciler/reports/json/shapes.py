"""What all documents share: how they are written, their version, and the shapes of problems and organisations."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.model import Diagnostic, has_errors
from reconciler.reports.harmless import harmless_json
from reconciler.reports.versions import VERSIONS


def document_text(document: Mapping[str, Any]) -> str:
    """Return a document as text."""
    return harmless_json(json.dumps(document, ensure_ascii=False, indent=1)) + "\n"


def line_text(document: Mapping[str, Any]) -> str:
    """Return a document as one line of text."""
    return harmless_json(json.dumps(document, ensure_ascii=False)) + "\n"


def report_text(name: str, facts: Mapping[str, Any], diagnostics: Sequence[Diagnostic] = ()) -> str:
    """Return the document of the report `name`: its version, its facts, and the problems that were found."""
    problems = {
        "errored": has_errors(diagnostics),
        "diagnostics": [diagnostic_document(diagnostic) for diagnostic in diagnostics],
    }
    return document_text({"format_version": VERSIONS[name], **facts, **problems})


def organization(organisation_id: str, name: str) -> dict[str, str | None]:
    """Return an organisation with the keys of Infisical's API, null if Infisical does not tell."""
    return {"id": organisation_id or None, "name": name or None}


def diagnostic_document(diagnostic: Diagnostic) -> dict[str, Any]:
    """Return a problem in Terraform's shape, with two keys that Terraform does not have: the next step and the address."""
    document: dict[str, Any] = {
        "severity": diagnostic.severity,
        "summary": diagnostic.summary,
        "detail": diagnostic.detail,
    }
    if diagnostic.location:
        start = {"line": diagnostic.location.line, "column": diagnostic.location.column}
        document["range"] = {"filename": diagnostic.location.file, "start": start, "end": start}
        if excerpt := diagnostic.location.excerpt:
            end = {"line": diagnostic.location.line, "column": start["column"] + excerpt.end - excerpt.start}
            document["range"]["end"] = end
            document["snippet"] = {
                "context": None,
                "code": excerpt.code,
                "start_line": diagnostic.location.line,
                "highlight_start_offset": excerpt.start,
                "highlight_end_offset": excerpt.end,
                "values": [],
            }
    return document | {"next": diagnostic.hint, "address": diagnostic.address}
