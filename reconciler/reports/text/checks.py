"""Checks as text: of the files, of the log-in to Infisical, and of the log-ins to Salesforce."""

from collections.abc import Sequence

from reconciler.model import LoginCheck, OrgCheckPart, SalesforceCheck, Severity, Validated
from reconciler.reports.characters import columns, visible
from reconciler.reports.style import Style
from reconciler.reports.words import counted

_COLOURS = {"ok": "green", "wrong": "red"}
_NOT_TOLD = "Infisical does not say"


def validation_text(style: Style, validation: Validated) -> str:
    """Return the verdict in one line, and how much was read."""
    errors = sum(diagnostic.severity is Severity.ERROR for diagnostic in validation.diagnostics)
    warnings = len(validation.diagnostics) - errors
    also = f", {counted(warnings, 'warning')}" if warnings else ""
    if errors:
        return style.paint(f"Not valid: {counted(errors, 'error')}{also}.", "bold", "red") + "\n"
    apps = f" and {counted(validation.apps, 'app')}" if validation.apps else ""
    read = f"{counted(validation.connections, 'connection')}{apps} in {counted(validation.files, 'file')}"
    return style.paint(f"Valid: {read}{also}.", "bold", "green") + "\n"


def login_text(style: Style, check: LoginCheck) -> str:
    """Return who logged in and where, what the identity may do, and whether that is enough."""
    lines = [style.wrap(visible(text), f"{label:<13} ", " " * 14) for label, text in _login_rows(check)]
    lines += ["", "app connections:"]
    for permission in check.permissions:
        why = f" ({visible(permission.why)})" if permission.why else ""
        granted = f"{visible(permission.place)}: {permission.granted}{why}"
        lines.append(style.wrap(granted, f"  {permission.action:<7} ", " " * 10))
    verdict = style.paint("Enough", "bold", "green") if check.enough else style.paint("Not enough", "bold", "red")
    return "\n".join([*lines, "", f"{verdict} for `{check.purpose}`, as far as Infisical tells."]) + "\n"


def _login_rows(check: LoginCheck) -> tuple[tuple[str, str], ...]:
    organisation = f"{check.organisation_name or 'unnamed'} ({check.organisation_id})" if check.organisation_id else _NOT_TOLD
    return (
        ("Infisical", check.url),
        ("log-in", f"{check.method}: {check.origin}"),
        ("identity", check.identity_id or _NOT_TOLD),
        ("token until", check.expires or _NOT_TOLD),
        ("organisation", organisation),
        ("projects", ", ".join(project.slug for project in check.projects) or "none"),
    )


def salesforce_check_text(style: Style, check: SalesforceCheck) -> str:
    """Return a table with a row for each connection, and a table of the orgs that answered."""
    if not check.connections:
        return "There are no connections.\n"
    rows = [
        [*(org_check.parts[part].value if part in org_check.parts else "-" for part in OrgCheckPart), connection.address]
        for connection, org_check in check.connections
    ]
    answered = [
        [org_check.org_id, org_check.user_id, connection.address]
        for connection, org_check in check.connections
        if org_check.org_id
    ]
    text = _table(style, [*(part.value for part in OrgCheckPart), "connection"], rows)
    return text + ("\n" + _table(style, ["org", "Run As user", "connection"], answered) if answered else "")


def _table(style: Style, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return `rows` under `head` in columns. Only the last column may be long."""
    table = [[visible(cell) for cell in row] for row in (head, *rows)]
    widths = [max(columns(row[at]) for row in table) for at in range(len(head) - 1)]
    lines = []
    for row in table:
        cells = [_cell(style, text, width) for text, width in zip(row[:-1], widths, strict=True)]
        lines.append("  ".join([*cells, row[-1]]).rstrip())
    return "\n".join(lines) + "\n"


def _cell(style: Style, text: str, width: int) -> str:
    """Return a cell that fills its column. `ok` and `wrong` have a colour."""
    padding = " " * (width - columns(text))
    return (style.paint(text, _COLOURS[text]) if text in _COLOURS else text) + padding
