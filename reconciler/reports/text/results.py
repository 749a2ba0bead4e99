"""The results of the other commands as text: drift, exported manifests, metadata, the state, versions."""

from collections.abc import Iterator, Sequence

from reconciler.model import ExportedManifests, MetadataComparison, MetadataDifference, MetadataProject, Record, State, Versions
from reconciler.planning import Drifted
from reconciler.reports.characters import visible
from reconciler.reports.lines import record_values, secret_names
from reconciler.reports.style import Style
from reconciler.reports.text.plan import drift_text
from reconciler.reports.versions import VERSIONS
from reconciler.reports.words import counted


def stack_drift_text(style: Style, drift: Drifted) -> str:
    """Return what drifted, with a part for each place where it happened."""
    at_the_source = [f"{visible(each.address)}: {', '.join(secret_names(each.fields))}" for each in drift.at_the_source]
    parts = (
        ("Changed in Infisical:", drift_text(style, drift.outside)),
        ("Changed at the source:", [f"  {line}" for line in at_the_source]),
        ("Deleted in Infisical:", drift_text(style, drift.deleted)),
        (
            "Not compared, because a key or a secret is not available here:",
            [f"  {visible(address)}" for address in drift.unknown],
        ),
    )
    shown = ["\n".join([title, *lines]) for title, lines in parts if lines]
    if not drift.any:
        shown.insert(0, f"No drift since the last apply of {visible(drift.stack)} on {visible(drift.url)}.")
    return "\n\n".join(shown) + "\n"


def exported_text(exported: ExportedManifests) -> str:
    """Return how many manifests were written, and the variables to fill in."""
    if not exported.files:
        return "There is nothing to export.\n"
    written = f"Wrote {counted(len(exported.files), 'manifest')} to {visible(exported.folder)}."
    variables = "".join(f"{visible(name)}=\n" for name in exported.variables)
    return (
        f"{written} Set these variables before the next plan:\n\n{variables}"
        "\nThen take the connections over: reconciler plan --adopt-all\n"
    )


def metadata_text(project: MetadataProject) -> str:
    """Return the path of each file, and the file that describes the next steps."""
    prefix = "" if project.folder == "." else f"{project.folder.rstrip('/')}/"
    files = "".join(f"{visible(prefix + name)}\n" for name in project.files)
    return f"{files}\nNext: {visible(prefix)}README.md\n"


def metadata_comparison_text(comparison: MetadataComparison) -> str:
    """Return each difference with both sides, and where a person sets the field by hand."""
    if not comparison.differences:
        return "No differences. The org matches the manifests.\n"
    lines = [line for difference in comparison.differences for line in _difference(difference)]
    return "".join(f"{visible(line)}\n" for line in lines) + f"\nDifferences: {len(comparison.differences)}.\n"


def _difference(difference: MetadataDifference) -> Iterator[str]:
    component = f"{difference.kind} {difference.member}"
    if difference.field:
        yield f"~ {component}: {difference.field}"
        yield f"    retrieved: {difference.retrieved or 'nothing'}  ({difference.location})"
        yield f"    manifest:  {difference.wanted or 'nothing'}"
    else:
        yield f"- {component}: missing"
    yield f"    by hand:   {difference.step.path}"


def state_list_text(state: State | None) -> str:
    """Return the recorded addresses, one on each line."""
    return "".join(f"{visible(address)}\n" for address in sorted(state.records)) if state else ""


def state_show_text(record: Record) -> str:
    """Return what is recorded, one value on each line."""
    return "".join(f"{label:<17} = {value}\n" for label, value in record_values(record))


def state_rm_text(records: Sequence[Record]) -> str:
    """Return a line for each record that was removed."""
    lines = (f"Forgotten: {record.address} (still in Infisical as {record.id})" for record in records)
    return "".join(f"{visible(line)}\n" for line in lines)


def state_mv_text(old: str, record: Record) -> str:
    """Return both addresses, and what the manifest must say now."""
    moved = f"Moved: {old} -> {record.address} (in Infisical {record.id})."
    return f"{visible(moved)} Now set metadata.name in its manifest to {visible(record.address)}.\n"


def state_push_text(state: State) -> str:
    """Return how much was stored."""
    return f"Stored: {counted(len(state.records), 'record')}, serial {state.serial}.\n"


def version_text(versions: Versions) -> str:
    """Return the versions in two lines."""
    formats = (
        f"manifests {versions.manifests}",
        f"state {versions.state}",
        f"plan file {versions.plan_file}",
        f"plan --format json {VERSIONS['plan-report']}",
    )
    return f"reconciler {versions.reconciler} (Python {versions.python})\n{', '.join(formats)}\n"
