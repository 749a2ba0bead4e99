"""Keeps Salesforce connections in Infisical in line with YAML manifests in Git.

Programs use the same verbs as the command line:

    from reconciler import Stack

    stack = Stack("stacks/production")
    print(len(stack.plan().changes), "changes")

`AsyncStack` is the same for programs that use `async`. Everything public is in `reconciler.library`. It is imported when a
program first uses it, so that the command line starts quickly.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reconciler.library import (
        Applied,
        Approval,
        AsyncStack,
        Drifted,
        Interruption,
        Options,
        Plan,
        Stack,
        State,
        Stop,
        Stopped,
        Validated,
    )

__version__ = "0.1.0"

__all__ = [
    "Applied",
    "Approval",
    "AsyncStack",
    "Drifted",
    "Interruption",
    "Options",
    "Plan",
    "Stack",
    "State",
    "Stop",
    "Stopped",
    "Validated",
    "__version__",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from reconciler import library

    return getattr(library, name)
