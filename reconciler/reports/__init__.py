"""Plans, diagnostics and what happens in an apply, as bytes for people or programs: one interface, a module a format."""

from reconciler.reports.json import JsonReport
from reconciler.reports.markdown import MarkdownReport
from reconciler.reports.report import Report
from reconciler.reports.text import TextReport
from reconciler.reports.text.style import Style

__all__ = ["JsonReport", "MarkdownReport", "Report", "Style", "TextReport"]
