"""Opens a stack for an operation: settings, then manifests, then the log-in, then the lock, then the state.

The log-in comes before the lock and the state, because the place of the state may need it.
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
    """How much an operation needs the manifests. An operation that gets none gets an empty value."""

    REQUIRED = "invalid manifests stop the run"
    OPTIONAL = "invalid manifests are a warning, and the run goes on without them"
    UNUSED = "the operation does not read them"


@dataclass(frozen=True, slots=True)
class OpenStack:
    """An open stack.

    `location` is what the caller asked for, `files` is what the stack's files say. `infisical` is logged in. `state` is the one
    that `backend` keeps (None before the first apply). `backend` needs `version` to store the next state.
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
    """Open a stack for the block, and hold `lock` until the block ends. Without it, another run may change the state meanwhile.

    Raises `Stopped` if files are invalid, if Infisical refuses the log-in, and if the state is locked or cannot be read.
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
        hint = "run `reconciler validate`, correct the manifests, and check again"
        summary = "The manifests are missing or not valid, so their projects are not checked."
        location.notice(warning(summary, hint=hint))
        return none
