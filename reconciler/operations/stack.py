"""Opens a stack: its settings, its manifests, its state."""

import getpass
import os
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from reconciler import config, manifest
from reconciler.config import Settings
from reconciler.manifest import Manifests
from reconciler.model import WORTH_TELLING_SECONDS, Diagnostic, Stop, Stopped, Waiting, WaitReason, error, has_errors
from reconciler.state import Backend, Conflict, LocalBackend, Locked, LockInfo, StateError


@dataclass(frozen=True, slots=True)
class Where:
    """Which stack, as the command line says: a directory in it, or its configuration file; and how its run is told of.

    `log_http` is a file that every call to Infisical is noted in; `notice` is told what is beside the result; `waiting` is told
    when the run waits.
    """

    start: Path
    config: Path | None
    environ: Mapping[str, str]
    log_http: Path | None = None
    notice: Callable[[Diagnostic], None] = field(default=lambda _: None)
    waiting: Callable[[Waiting], None] = field(default=lambda _: None)


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


@asynccontextmanager
async def locked(keeper: Backend, operation: str, where: Where, wait_seconds: float) -> AsyncIterator[None]:
    """Hold the lock of the state for the block; wait up to `wait_seconds` for it, and tell `where.waiting` of a long wait.

    Raises `Locked`.
    """
    info = lock_info(operation, where.environ)
    async with AsyncExitStack() as stack:
        try:
            await stack.enter_async_context(keeper.locked(info, min(wait_seconds, WORTH_TELLING_SECONDS)))
        except Locked as held:
            left = wait_seconds - WORTH_TELLING_SECONDS
            if left <= 0:
                raise
            until = datetime.now(UTC) + timedelta(seconds=left)
            where.waiting(Waiting(WaitReason.STATE_LOCK, left, until, cause=str(held)))
            await stack.enter_async_context(keeper.locked(info, left))
        yield


def lock_info(operation: str, environ: Mapping[str, str]) -> LockInfo:
    """Return what whoever finds the lock taken is told of us."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError):
        user = str(os.getuid())
    since = datetime.now(UTC).isoformat(timespec="seconds")
    return LockInfo(operation, f"{user}@{socket.gethostname()} (process {os.getpid()})", since, run_url(environ))


def run_url(environ: Mapping[str, str]) -> str:
    """Return where the CI shows this run, "" outside of one that says so."""
    if environ.get("GITHUB_RUN_ID"):
        server, repository = environ.get("GITHUB_SERVER_URL", ""), environ.get("GITHUB_REPOSITORY", "")
        return f"{server}/{repository}/actions/runs/{environ['GITHUB_RUN_ID']}"
    return environ.get("CI_JOB_URL", "")


def stopped(failure: StateError) -> Stopped:
    """Return what a failing state means for the run."""
    reason = Stop.LOCKED if isinstance(failure, Locked) else Stop.STALE if isinstance(failure, Conflict) else Stop.FAILED
    return Stopped(reason, error(str(failure), hint=failure.hint))
