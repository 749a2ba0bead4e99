"""The documents of everything but plans and applies. All of them have a version, the same problems and the same key style."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from reconciler import __version__
from reconciler.model import (
    Connection,
    Diagnostic,
    ExportedManifests,
    LoginCheck,
    MetadataComparison,
    MetadataDifference,
    MetadataProject,
    OrgCheck,
    OrgCheckPart,
    OrgProblem,
    Record,
    SalesforceCheck,
    Scope,
    Severity,
    State,
    Validated,
    Versions,
)
from reconciler.planning import Drifted
from reconciler.reports import versions as names
from reconciler.reports.json import terraform
from reconciler.reports.json.shapes import diagnostic_document, document_text, organization, report_text
from reconciler.reports.lines import secret_names


def stopped_text(diagnostics: Sequence[Diagnostic]) -> str:
    """Return the document that stands in place of a report if a run was stopped."""
    return report_text(names.STOPPED, {}, diagnostics)


def validation_text(validation: Validated) -> str:
    """Return what `terraform validate -json` does, with what was read beside it."""
    counts = Counter(diagnostic.severity for diagnostic in validation.diagnostics)
    read = {"files": validation.files, "connections": validation.connections, "apps": validation.apps}
    return document_text(
        {
            "format_version": names.VERSIONS[names.VALIDATION],
            "valid": validation.valid,
            "error_count": counts[Severity.ERROR],
            "warning_count": counts[Severity.WARNING],
            "diagnostics": [diagnostic_document(diagnostic) for diagnostic in validation.diagnostics],
            "reconciler": {"version": __version__, **read},
        }
    )


def drift_text(drift: Drifted) -> str:
    """Return what drifted; each change outside has the form of Terraform's `resource_drift`."""
    facts = {
        "stack": drift.stack,
        "url": drift.url,
        "drift": drift.any,
        "changed_outside": [terraform.drift_document(each) for each in drift.outside],
        "changed_at_the_source": [
            {"address": change.address, "fields": list(secret_names(change.fields))} for change in drift.at_the_source
        ],
        "deleted_outside": [{"address": each.address, "id": each.id} for each in drift.deleted],
        "not_compared": list(drift.unknown),
    }
    return report_text(names.DRIFT, facts, drift.diagnostics)


def exported_text(exported: ExportedManifests) -> str:
    """Return which manifests were written, and the variables to set."""
    facts = {"files": list(exported.files), "variables": list(exported.variables)}
    return report_text(names.EXPORT, facts, exported.diagnostics)


def login_text(check: LoginCheck) -> str:
    """Return who logged in, and what the identity may do."""
    facts = {
        "url": check.url,
        "method": check.method,
        "origin": check.origin,
        "identity_id": check.identity_id or None,
        "expires": check.expires or None,
        "organization": organization(check.organisation_id, check.organisation_name),
        "projects": [{"id": project.id, "slug": project.slug} for project in check.projects],
        "permissions": [
            {"action": permission.action, "place": permission.place, "allowed": permission.granted}
            for permission in check.permissions
        ],
        "purpose": check.purpose,
        "enough": check.enough,
    }
    return report_text(names.LOGIN, facts, check.diagnostics)


def salesforce_check_text(check: SalesforceCheck) -> str:
    """Return how far each log-in came, and what is wrong with it."""
    facts = {
        "valid": check.valid,
        "salesforce_endpoint": check.endpoint or None,
        "connections": [_checked_connection(connection, found) for connection, found in check.connections],
    }
    return report_text(names.SALESFORCE_CHECK, facts, check.diagnostics)


def _checked_connection(connection: Connection, check: OrgCheck) -> dict[str, Any]:
    return {
        "address": connection.address,
        "host": check.host,
        "parts": {part: check.parts[part] for part in OrgCheckPart if part in check.parts},
        "org_id": check.org_id or None,
        "run_as_user_id": check.user_id or None,
        "problems": [_org_problem(problem) for problem in check.problems],
    }


def _org_problem(problem: OrgProblem) -> dict[str, Any]:
    return {
        "name": problem.name,
        "part": problem.part,
        "title": problem.title,
        "said": problem.said,
        "meaning": problem.meaning,
        "doubt": problem.doubt or None,
        "step": problem.step,
        "path": problem.step.path,
        "repair": problem.repair,
        "same_from_everywhere": problem.blocks,
    }


def metadata_text(project: MetadataProject) -> str:
    """Return which files were written."""
    return report_text(names.METADATA, {"folder": project.folder, "files": list(project.files)}, project.diagnostics)


def metadata_comparison_text(comparison: MetadataComparison) -> str:
    """Return each difference, with both sides."""
    facts = {
        "apps": [app.address for app in comparison.apps],
        "differences": [_metadata_difference(difference) for difference in comparison.differences],
    }
    return report_text(names.METADATA_COMPARISON, facts, comparison.diagnostics)


def _metadata_difference(difference: MetadataDifference) -> dict[str, Any]:
    return {
        "app": difference.app or None,
        "type": difference.kind,
        "member": difference.member,
        "field": difference.field or None,
        "retrieved": difference.retrieved if difference.field else None,
        "manifest": difference.wanted if difference.field else None,
        "path": difference.step.path,
        "location": str(difference.location) if difference.location else None,
    }


def state_list_text(state: State | None) -> str:
    """Return the recorded connections, none before the first apply."""
    records = sorted(state.records.values(), key=lambda record: record.address) if state else ()
    facts = {
        "lineage": state.lineage if state else None,
        "serial": state.serial if state else 0,
        "organization": organization(state.organisation_id, state.organisation_name) if state else None,
        "connections": [
            {"address": record.address, "id": record.id, "name": record.name, "project": _project(record.scope)}
            for record in records
        ],
    }
    return report_text(names.STATE_LIST, facts)


def state_show_text(record: Record) -> str:
    """Return what is recorded of one address; of its fingerprints, whether there are any."""
    facts = {
        "address": record.address,
        "id": record.id,
        "name": record.name,
        "description": record.description or None,
        "project": _project(record.scope),
        "instance_url": record.instance_url,
        "version": record.version,
        "lifecycle": record.lifecycle.lasting(),
        "labels": dict(record.labels),
        "credentials_hash": record.credentials_hash,
        "fingerprinted": record.fingerprints is not None,
        "file": record.file,
    }
    return report_text(names.STATE_SHOW, facts)


def _project(scope: Scope) -> dict[str, str | None] | None:
    return {"id": scope.project_id, "slug": scope.project_slug} if scope.project_id else None


def state_rm_text(records: Sequence[Record]) -> str:
    """Return which records were removed."""
    return report_text(names.STATE_RM, {"forgotten": [{"address": record.address, "id": record.id} for record in records]})


def state_mv_text(old: str, record: Record) -> str:
    """Return both addresses."""
    return report_text(names.STATE_MV, {"old_address": old, "address": record.address, "id": record.id})


def state_push_text(state: State) -> str:
    """Return how much was stored, under which serial."""
    return report_text(names.STATE_PUSH, {"lineage": state.lineage, "serial": state.serial, "recorded": len(state.records)})


def version_text(versions: Versions) -> str:
    """Return the version of reconciler and of every format."""
    facts = {
        "reconciler": versions.reconciler,
        "python": versions.python,
        "formats": {
            "manifests": versions.manifests,
            "state": versions.state,
            "plan_file": versions.plan_file,
            **{name.replace("-", "_"): version for name, version in names.VERSIONS.items()},
        },
    }
    return report_text(names.VERSION_REPORT, facts)
