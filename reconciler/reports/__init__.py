"""Plans, diagnostics and what happens in an apply, as bytes for people or programs: one interface, a module a format."""

from reconciler.reports.json import JsonReport
from reconciler.reports.markdown import MarkdownReport
from reconciler.reports.report import Report
from reconciler.reports.style import Style
from reconciler.reports.text import TextReport

__all__ = ["JsonReport", "MarkdownReport", "Report", "Style", "TextReport"]
