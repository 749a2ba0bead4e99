"""Turns plans, checks, diagnostics and the events of an apply into text for people or programs. Nothing here does I/O.

Every report is made from values, never from the text of another report. `protocols` says what a format must show, `formats`
which format `--format` names. Several formats share `lines`, `problems`, `summary` and `words`. Each format has a package.
"""

from reconciler.reports.formats import PLAN_REPORTS, REPORTS
from reconciler.reports.harmless import harmless, harmless_json
from reconciler.reports.json import JsonReport
from reconciler.reports.markdown import MarkdownReport
from reconciler.reports.protocols import (
    ApplyReport,
    DiagnosticsReport,
    DriftReport,
    ExportReport,
    LoginReport,
    MetadataReport,
    PlanReport,
    Report,
    SalesforceCheckReport,
    StateReport,
    ValidationReport,
    VersionReport,
)
from reconciler.reports.style import Style
from reconciler.reports.text import TextReport

__all__ = [
    "PLAN_REPORTS",
    "REPORTS",
    "ApplyReport",
    "DiagnosticsReport",
    "DriftReport",
    "ExportReport",
    "JsonReport",
    "LoginReport",
    "MarkdownReport",
    "MetadataReport",
    "PlanReport",
    "Report",
    "SalesforceCheckReport",
    "StateReport",
    "Style",
    "TextReport",
    "ValidationReport",
    "VersionReport",
    "harmless",
    "harmless_json",
]
