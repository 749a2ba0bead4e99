"""The command line: one module a command, arguments to operation to report. Only here is anything printed, asked or exited.

Commands are imported when they are used, so that `--help` and `validate` load no more than they need.
"""

from reconciler.cli.main import main

__all__ = ["main"]
