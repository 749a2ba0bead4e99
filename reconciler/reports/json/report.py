"""The report for programs: an apply as lines, everything else as one document."""

from collections.abc import Sequence

from reconciler import __version__
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
from reconciler.reports.json import documents, lines, terraform
from reconciler.reports.json.shapes import document_text


class JsonReport:
    """Shows everything as JSON. `reconciler.reports.protocols` says what each method returns."""

    def plan(self, plan: Plan) -> str:
        """Return a plan in Terraform's plan representation."""
        return document_text(terraform.plan_document(plan))

    def plan_stopped(self, diagnostics: Sequence[Diagnostic]) -> str:
        """Return a plan that only says that it could not be made."""
        return document_text(terraform.stopped_document(diagnostics, __version__))

    def diagnostics(self, diagnostics: Sequence[Diagnostic]) -> str:
        """Return problems as lines."""
        return lines.diagnostic_lines(diagnostics)

    def stopped(self, diagnostics: Sequence[Diagnostic]) -> str:
        """Return a document with the problems alone."""
        return documents.stopped_text(diagnostics)

    def begun(self) -> str:
        """Return the line with the version of the lines."""
        return lines.version_line()

    def planned(self, plan: Plan) -> str:
        """Return a line for each planned change and each problem."""
        return lines.plan_lines(plan)

    def event(self, event: ApplyEvent) -> str:
        """Return the lines of an event."""
        return lines.event_lines(event)

    def outcome(self, plan: Plan, outcome: Outcome) -> str:
        """Return the change summary."""
        return lines.outcome_lines(outcome)

    def apply_stopped(self, diagnostics: Sequence[Diagnostic]) -> str:
        """Return a line for each problem."""
        return lines.diagnostic_lines(diagnostics)

    def validation(self, validation: Validated) -> str:
        """Return a validation in Terraform's format."""
        return documents.validation_text(validation)

    def validation_stopped(self, diagnostics: Sequence[Diagnostic]) -> str:
        """Return a validation that read no manifest."""
        return documents.validation_text(Validated(0, 0, 0, tuple(diagnostics)))

    def drift(self, drift: Drifted) -> str:
        """Return what drifted."""
        return documents.drift_text(drift)

    def exported(self, exported: ExportedManifests) -> str:
        """Return what was exported."""
        return documents.exported_text(exported)

    def login(self, check: LoginCheck) -> str:
        """Return who logged in, and what the identity may do."""
        return documents.login_text(check)

    def salesforce_check(self, check: SalesforceCheck) -> str:
        """Return how the log-ins to Salesforce went."""
        return documents.salesforce_check_text(check)

    def metadata(self, project: MetadataProject) -> str:
        """Return which files were written."""
        return documents.metadata_text(project)

    def metadata_comparison(self, comparison: MetadataComparison) -> str:
        """Return each difference."""
        return documents.metadata_comparison_text(comparison)

    def state_list(self, state: State | None) -> str:
        """Return the recorded connections."""
        return documents.state_list_text(state)

    def state_show(self, record: Record) -> str:
        """Return what is recorded of one address."""
        return documents.state_show_text(record)

    def state_rm(self, records: Sequence[Record]) -> str:
        """Return which records were removed."""
        return documents.state_rm_text(records)

    def state_mv(self, old: str, record: Record) -> str:
        """Return both addresses."""
        return documents.state_mv_text(old, record)

    def state_push(self, state: State) -> str:
        """Return how much was stored."""
        return documents.state_push_text(state)

    def version(self, versions: Versions) -> str:
        """Return all versions."""
        return documents.version_text(versions)
