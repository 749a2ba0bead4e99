"""Runs operations from sync code. Only this module starts an event loop."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import ParamSpec, TypeVar

import anyio

T = TypeVar("T")
P = ParamSpec("P")


def run(operation: Callable[P, Awaitable[T]], /, *arguments: P.args, **options: P.kwargs) -> T:
    """Run an async operation in an event loop of its own, and return what it returns.

    The loop's own task returns nothing: asyncio formats the whole value that this task returns when it restores the handler
    of SIGINT. For a plan with thousands of changes that takes a second.
    """
    returned: list[T] = []
    call = partial(operation, *arguments, **options)

    async def task() -> None:
        returned.append(await call())

    anyio.run(task)
    return returned[0]
