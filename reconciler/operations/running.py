"""The one place where an event loop runs."""

from collections.abc import Awaitable, Callable
from typing import TypeVar, TypeVarTuple, Unpack

import anyio

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


def run(function: Callable[[Unpack[Ts]], Awaitable[T]], *arguments: *Ts) -> T:
    """Run `function` in an event loop of its own and return what it returns.

    The loop's own task returns nothing: asyncio writes out the whole of what that one returns, when it puts back the handler
    of SIGINT, and a plan of thousands is a second's worth of text.
    """
    returned: list[T] = []

    async def task() -> None:
        returned.append(await function(*arguments))

    anyio.run(task)
    return returned[0]
