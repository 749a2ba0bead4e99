"""Reports that people read: good without colour, at 80 columns and in a pipe."""

from reconciler.reports.text.report import TextReport
from reconciler.reports.text.style import Style

__all__ = ["Style", "TextReport"]
