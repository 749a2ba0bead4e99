"""Opens a stack: its settings, its manifests, its state, its sources of values."""

import getpass
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from reconciler import config, manifest
from reconciler.config import Settings
from reconciler.manifest import Manifests
from reconciler.model import Stop, Stopped, error, has_errors
from reconciler.secrets import EnvironmentSource, FileSource, Source
from reconciler.state import Backend, Conflict, LocalBackend, Locked, LockInfo, StateError


@dataclass(frozen=True, slots=True)
class Where:
    """Which stack, as the command line says: a directory in it, or its configuration file."""

    start: Path
    config: Path | None
    environ: Mapping[str, str]


def settings(where: Where) -> Settings:
    """Return the stack's settings. Raises `Stopped`."""
    return config.load(where.start, where.config, where.environ)


def manifests(found: Settings) -> Manifests:
    """Return the stack's manifests, valid all of them. Raises `Stopped` (INVALID) with every problem of every file."""
    loaded = manifest.load(found.stack, found.manifests, found.allowed_hosts)
    if has_errors(loaded.diagnostics):
        raise Stopped(Stop.INVALID, *loaded.diagnostics)
    return loaded


def backend(found: Settings) -> Backend:
    """Return where the stack's state is kept."""
    return LocalBackend(found.state)


def sources(found: Settings, environ: Mapping[str, str]) -> dict[str, Source]:
    """Return the source of each kind of reference."""
    own = [found.state.resolve(), *([found.embedded.database] if found.embedded else [])]
    return {
        "fromEnv": EnvironmentSource(environ, found.environment.allow, found.environment.lifted),
        "fromFile": FileSource(found.files.stack, found.files.roots, own),
    }


def lock_info(operation: str, environ: Mapping[str, str]) -> LockInfo:
    """Return what whoever finds the lock taken is told of us."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError):
        user = str(os.getuid())
    run = environ.get("CI_JOB_URL", "")
    if environ.get("GITHUB_RUN_ID"):
        server, repository = environ.get("GITHUB_SERVER_URL", ""), environ.get("GITHUB_REPOSITORY", "")
        run = f"{server}/{repository}/actions/runs/{environ['GITHUB_RUN_ID']}"
    since = datetime.now(UTC).isoformat(timespec="seconds")
    return LockInfo(operation, f"{user}@{socket.gethostname()} (process {os.getpid()})", since, run)


def stopped(failure: StateError) -> Stopped:
    """Return what a failing state means for the run."""
    reason = Stop.LOCKED if isinstance(failure, Locked) else Stop.STALE if isinstance(failure, Conflict) else Stop.FAILED
    return Stopped(reason, error(str(failure), hint=failure.hint))
