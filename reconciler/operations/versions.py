"""`version`: which reconciler this is, and which formats it reads and writes."""

import platform

from reconciler import __version__
from reconciler.model import Versions
from reconciler.planning.file import PLAN_FORMAT
from reconciler.state.format import STATE_FORMAT


def read_versions() -> Versions:
    """Return the versions of reconciler, of the Python that runs it, and of the files that it reads and writes."""
    return Versions(__version__, platform.python_version(), "reconciler/v1", STATE_FORMAT, PLAN_FORMAT)
