"""Opens a stack for an operation: settings, then manifests, then the log-in, then the lock, then the state.

The log-in comes before the lock and the state, because a state may be kept behind it.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import Enum

from reconciler.config import Settings
from reconciler.manifest import Manifests
from reconciler.model import State, Stopped, warning
from reconciler.operations.files import StackFiles, read_manifests, read_settings
from reconciler.operations.location import StackLocation
from reconciler.operations.login.session import Session, open_session
from reconciler.operations.stored_state import Lock, open_backend, state_place
from reconciler.state import Backend, Version


class Need(Enum):
    """How much an operation needs the manifests. What it does not get is empty."""

    REQUIRED = "invalid manifests stop the run"
    OPTIONAL = "invalid manifests are a warning, and the run goes on without them"
    UNUSED = "nobody reads them"


@dataclass(frozen=True, slots=True)
class OpenStack:
    """An open stack.

    `location` is what was asked for, `files` what is in the stack's files. `infisical` is logged in. `state` is what `backend`
    keeps (None before the first apply), and `version` what `backend` wants to hear when the next one is stored.
    """

    location: StackLocation
    files: StackFiles
    infisical: Session
    backend: Backend
    state: State | None
    version: Version

    @property
    def settings(self) -> Settings:
        """What `reconciler.yaml` says."""
        return self.files.settings

    @property
    def manifests(self) -> Manifests:
        """What the manifests say."""
        return self.files.manifests


@asynccontextmanager
async def open_stack(
    location: StackLocation, *, manifests: Need = Need.REQUIRED, lock: Lock | None = None
) -> AsyncIterator[OpenStack]:
    """Open a stack for the block, and hold `lock` until the block ends; without it, other runs may change the state meanwhile.

    Raises `Stopped`: for files that are invalid, a log-in that is refused, a state that is locked or cannot be read.
    """
    settings = read_settings(location)
    files = StackFiles(settings, _manifests(settings, location, manifests))
    place = state_place(settings)
    async with (
        open_session(settings, location) as session,
        open_backend(place.backend(session), location, lock) as stored,
    ):
        yield OpenStack(location, files, session, stored.backend, stored.state, stored.version)


def _manifests(settings: Settings, location: StackLocation, need: Need) -> Manifests:
    none = Manifests((), (), (), ())
    if need is Need.UNUSED:
        return none
    try:
        return read_manifests(settings)
    except Stopped:
        if need is Need.REQUIRED:
            raise
        hint = "write the manifests, see `reconciler validate`, and check again"
        summary = "The manifests are not valid or not there yet: their projects are not looked at."
        location.notice(warning(summary, hint=hint))
        return none
