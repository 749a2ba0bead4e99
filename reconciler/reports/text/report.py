"""The report for people. It is complete without colour, at 80 columns and in a pipe."""

from collections.abc import Sequence

from reconciler.model import (
    ApplyEvent,
    Diagnostic,
    ExportedManifests,
    LoginCheck,
    MetadataComparison,
    MetadataProject,
    Outcome,
    Record,
    SalesforceCheck,
    State,
    Validated,
    Versions,
)
from reconciler.planning import Drifted, Plan
from reconciler.reports.style import Style
from reconciler.reports.text import apply, checks, results
from reconciler.reports.text.plan import plan_text
from reconciler.reports.text.problem import problem_text


class TextReport:
    """Shows everything as text laid out by a `Style`. `reconciler.reports.protocols` says what each method returns."""

    def __init__(self, style: Style) -> None:
        self._style = style

    def plan(self, plan: Plan) -> str:
        """Return a plan like Terraform's."""
        return plan_text(self._style, plan)

    def plan_stopped(self, diagnostics: Sequence[Diagnostic]) -> str:
        """Return nothing: the problems say it all."""
        return ""

    def diagnostics(self, diagnostics: Sequence[Diagnostic]) -> str:
        """Return problems, each with an empty line after it."""
        return "".join(f"{problem_text(self._style, diagnostic)}\n\n" for diagnostic in diagnostics)

    def stopped(self, diagnostics: Sequence[Diagnostic]) -> str:
        """Return nothing: the problems say it all."""
        return ""

    def begun(self) -> str:
        """Return nothing: an apply begins with its plan."""
        return ""

    def planned(self, plan: Plan) -> str:
        """Return the plan."""
        return plan_text(self._style, plan)

    def event(self, event: ApplyEvent) -> str:
        """Return a line for a change that ended, and for a long wait."""
        return apply.event_text(self._style, event)

    def outcome(self, plan: Plan, outcome: Outcome) -> str:
        """Return how an apply ended, an empty line if there was nothing to apply."""
        return apply.outcome_text(self._style, outcome) if plan.changes else "\n"

    def apply_stopped(self, diagnostics: Sequence[Diagnostic]) -> str:
        """Return nothing: the problems say it all."""
        return ""

    def validation(self, validation: Validated) -> str:
        """Return the verdict in one line."""
        return checks.validation_text(self._style, validation)

    def validation_stopped(self, diagnostics: Sequence[Diagnostic]) -> str:
        """Return nothing: the problems say it all."""
        return ""

    def drift(self, drift: Drifted) -> str:
        """Return what drifted."""
        return results.stack_drift_text(self._style, drift)

    def exported(self, exported: ExportedManifests) -> str:
        """Return what was exported, and the next steps."""
        return results.exported_text(exported)

    def login(self, check: LoginCheck) -> str:
        """Return who logged in, and what the identity may do."""
        return checks.login_text(self._style, check)

    def salesforce_check(self, check: SalesforceCheck) -> str:
        """Return tables of connections and orgs."""
        return checks.salesforce_check_text(self._style, check)

    def metadata(self, project: MetadataProject) -> str:
        """Return the paths of the files."""
        return results.metadata_text(project)

    def metadata_comparison(self, comparison: MetadataComparison) -> str:
        """Return each difference."""
        return results.metadata_comparison_text(comparison)

    def state_list(self, state: State | None) -> str:
        """Return addresses, one on each line."""
        return results.state_list_text(state)

    def state_show(self, record: Record) -> str:
        """Return what is recorded, one value on each line."""
        return results.state_show_text(record)

    def state_rm(self, records: Sequence[Record]) -> str:
        """Return a line for each record."""
        return results.state_rm_text(records)

    def state_mv(self, old: str, record: Record) -> str:
        """Return both addresses in one line."""
        return results.state_mv_text(old, record)

    def state_push(self, state: State) -> str:
        """Return how much was stored, in one line."""
        return results.state_push_text(state)

    def version(self, versions: Versions) -> str:
        """Return versions in two lines."""
        return results.version_text(versions)
