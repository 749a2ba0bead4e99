"""Which report `--format` names. A new format is one more line here, and mypy holds it to what it must show."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from reconciler.reports.json import JsonReport
from reconciler.reports.markdown import MarkdownReport
from reconciler.reports.protocols import PlanReport, Report
from reconciler.reports.style import Style
from reconciler.reports.text import TextReport

REPORTS: Mapping[str, Callable[[Style], Report]] = MappingProxyType({"text": TextReport, "json": lambda _: JsonReport()})
"""The formats of every command, by what `--format` calls them."""

PLAN_REPORTS: Mapping[str, Callable[[Style], PlanReport]] = MappingProxyType(
    {"text": TextReport, "markdown": lambda _: MarkdownReport(), "json": lambda _: JsonReport()}
)
"""The formats of the commands that show a plan and do nothing else."""
