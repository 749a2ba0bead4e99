"""Processes that are quick to start: one process imports the product once, and forks itself for every command.

What runs in a fork is a process like any other. It has a working directory, an environment, streams, a process id and an
exit code of its own. Only the imports are done already, all forks share the seed of `hash`, and modules are not taken apart
at the end. What an interpreter reads at its own start cannot be given to a fork: see `can_run`.

`starter` starts the forking process (`server`) and asks it for processes; `client` is the protocol, and a command for shells.
"""

from tests.forking.starter import Running, can_run, close, environment, starter

__all__ = ["Running", "can_run", "close", "environment", "starter"]
