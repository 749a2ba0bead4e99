"""What a format must be able to show: a small protocol for each thing, and `Report` for all of them.

A command uses the protocol of what it shows. mypy checks that every format in `reconciler.reports.formats` implements all.
Each method returns whole lines, or "" if the format has nothing to show.
"""

from collections.abc import Sequence
from typing import Protocol

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


class DiagnosticsReport(Protocol):
    """Shows problems by themselves."""

    def diagnostics(self, diagnostics: Sequence[Diagnostic]) -> str:
        """Return problems. A command shows them on standard error."""


class StoppedReport(Protocol):
    """Shows that a run was stopped."""

    def stopped(self, diagnostics: Sequence[Diagnostic]) -> str:
        """Return the text that replaces a result if these problems stopped the run.

        The problems are on standard error already, so a format for people has nothing to add.
        """


class PlanReport(Protocol):
    """Shows a plan."""

    def plan(self, plan: Plan) -> str:
        """Return a plan, its diagnostics included."""

    def plan_stopped(self, diagnostics: Sequence[Diagnostic]) -> str:
        """Return the text that replaces a plan that could not be made. See `StoppedReport.stopped`."""


class ApplyReport(Protocol):
    """Shows an apply while it runs."""

    def begun(self) -> str:
        """Return what an apply begins with, before there is a plan."""

    def planned(self, plan: Plan) -> str:
        """Return what the apply is about to do."""

    def event(self, event: ApplyEvent) -> str:
        """Return one thing that happened."""

    def outcome(self, plan: Plan, outcome: Outcome) -> str:
        """Return how the apply ended: what was done, what failed and why, and what was not tried."""

    def apply_stopped(self, diagnostics: Sequence[Diagnostic]) -> str:
        """Return the text that replaces an apply that was stopped. See `StoppedReport.stopped`."""


class ValidationReport(Protocol):
    """Shows whether a stack's files are valid."""

    def validation(self, validation: Validated) -> str:
        """Return the verdict. A command shows it after the diagnostics."""

    def validation_stopped(self, diagnostics: Sequence[Diagnostic]) -> str:
        """Return the text that replaces a verdict if `reconciler.yaml` cannot be used. See `StoppedReport.stopped`."""


class DriftReport(StoppedReport, Protocol):
    """Shows what changed outside reconciler."""

    def drift(self, drift: Drifted) -> str:
        """Return what is no longer as the last apply left it."""


class ExportReport(StoppedReport, Protocol):
    """Shows what was exported."""

    def exported(self, exported: ExportedManifests) -> str:
        """Return which manifests were written, and which variables somebody must set now."""


class LoginReport(StoppedReport, Protocol):
    """Shows the check of a log-in to Infisical."""

    def login(self, check: LoginCheck) -> str:
        """Return who logged in, where, and what the identity may do."""


class SalesforceCheckReport(StoppedReport, Protocol):
    """Shows how log-ins to Salesforce went."""

    def salesforce_check(self, check: SalesforceCheck) -> str:
        """Return how far the log-in of each connection came."""


class MetadataReport(StoppedReport, Protocol):
    """Shows External Client Apps as metadata."""

    def metadata(self, project: MetadataProject) -> str:
        """Return which files were written."""

    def metadata_comparison(self, comparison: MetadataComparison) -> str:
        """Return how an org differs from the manifests."""


class StateReport(StoppedReport, Protocol):
    """Shows what was last applied, and changes of that record."""

    def state_list(self, state: State | None) -> str:
        """Return the recorded addresses. `state` is None before the first apply."""

    def state_show(self, record: Record) -> str:
        """Return what is recorded of one address, without its fingerprints."""

    def state_rm(self, records: Sequence[Record]) -> str:
        """Return which records were removed."""

    def state_mv(self, old: str, record: Record) -> str:
        """Return where the record of the address `old` is now."""

    def state_push(self, state: State) -> str:
        """Return what was stored."""


class VersionReport(Protocol):
    """Shows versions."""

    def version(self, versions: Versions) -> str:
        """Return the versions of reconciler and of its formats, those of its reports included."""


class Report(
    DiagnosticsReport,
    PlanReport,
    ApplyReport,
    ValidationReport,
    DriftReport,
    ExportReport,
    LoginReport,
    SalesforceCheckReport,
    MetadataReport,
    StateReport,
    VersionReport,
    Protocol,
):
    """Shows everything that the command line shows."""
