"""The report that each `--format` names. A new format is one more line here. mypy checks that it shows everything."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from reconciler.reports.json import JsonReport
from reconciler.reports.markdown import MarkdownReport
from reconciler.reports.protocols import PlanReport, Report
from reconciler.reports.style import Style
from reconciler.reports.text import TextReport

REPORTS: Mapping[str, Callable[[Style], Report]] = MappingProxyType({"text": TextReport, "json": lambda _: JsonReport()})
"""The formats of every command, by their names in `--format`."""

PLAN_REPORTS: Mapping[str, Callable[[Style], PlanReport]] = MappingProxyType(
    {"text": TextReport, "markdown": lambda _: MarkdownReport(), "json": lambda _: JsonReport()}
)
"""The formats of the commands that show a plan and do nothing else."""
