"""Reports for programs. Every document has a `format_version`, snake_case keys and the same diagnostics."""

from reconciler.reports.json.report import JsonReport

__all__ = ["JsonReport"]
