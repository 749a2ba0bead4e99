"""Reports for people. They are complete without colour, at 80 columns and in a pipe."""

from reconciler.reports.text.report import TextReport

__all__ = ["TextReport"]
