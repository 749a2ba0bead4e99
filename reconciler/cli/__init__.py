"""The command line. Each command has a module that turns arguments into an operation, and its result into a report.

No other package prints, asks or exits. A command is imported when it is used, so that `--help` and `validate` load no more
than they need.
"""

from reconciler.cli.main import main

__all__ = ["main"]
