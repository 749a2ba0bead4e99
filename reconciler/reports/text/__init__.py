"""Reports that people read: good without colour, at 80 columns and in a pipe."""

from reconciler.reports.style import Style
from reconciler.reports.text.report import TextReport

__all__ = ["Style", "TextReport"]
