"""Which stack a run is about. Every command starts here, so this module imports nothing that takes time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from reconciler.model import Diagnostic, Waiting


def _ignore(news: Diagnostic | Waiting) -> None:
    """Ignore an event for which the caller gave no callback."""


@dataclass(frozen=True, slots=True)
class StackLocation:
    """Which stack to open, and what surrounds the run that opens it.

    The stack is the one whose `reconciler.yaml` is in `start` or in a directory above it; `config` names that file instead.
    `environ` holds the environment variables of the run. If `log_http` names a file, every call to Infisical adds a line to it.
    An operation calls `notice` with each warning that is not part of its result, and `waiting` before each long wait.
    """

    start: Path
    config: Path | None
    environ: Mapping[str, str]
    log_http: Path | None = None
    notice: Callable[[Diagnostic], None] = field(default=_ignore)
    waiting: Callable[[Waiting], None] = field(default=_ignore)


def run_url(environ: Mapping[str, str]) -> str:
    """Return the address at which the CI shows this run, "" outside a CI."""
    if environ.get("GITHUB_RUN_ID"):
        server, repository = environ.get("GITHUB_SERVER_URL", ""), environ.get("GITHUB_REPOSITORY", "")
        return f"{server}/{repository}/actions/runs/{environ['GITHUB_RUN_ID']}"
    return environ.get("CI_JOB_URL", "")
