"""`version`: which reconciler this is, and which formats it reads and writes."""

import platform

from reconciler import __version__
from reconciler.model import Versions
from reconciler.planning.file import FORMAT_VERSION as PLAN_FILE
from reconciler.state.format import FORMAT_VERSION as STATE


def read_versions() -> Versions:
    """Return the versions of reconciler, of the Python that runs it, and of the files that it reads and writes."""
    return Versions(__version__, platform.python_version(), "reconciler/v1", STATE, PLAN_FILE)
