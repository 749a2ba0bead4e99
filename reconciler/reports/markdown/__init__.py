"""The report of a pull request, in the Markdown of GitHub and GitLab."""

from reconciler.reports.markdown.report import MarkdownReport

__all__ = ["MarkdownReport"]
