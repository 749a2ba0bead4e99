"""Which versions of its own files this reconciler writes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FormatVersions:
    """The version of each format: of manifests, of the state and of saved plans."""

    manifest: str
    state: str
    plan_file: str


def format_versions() -> FormatVersions:
    """Return the versions of the formats."""
    from reconciler.planning.file import FORMAT_VERSION as PLAN_FILE
    from reconciler.state.format import FORMAT_VERSION as STATE

    return FormatVersions("reconciler/v1", STATE, PLAN_FILE)
