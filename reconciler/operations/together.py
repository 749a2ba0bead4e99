"""Runs calls in parallel, and raises the first failure itself, not a group of exceptions."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, cast

import anyio


async def together(*calls: Callable[[], Awaitable[Any]], at_once: int = 8) -> list[Any]:
    """Return the result of each call, in their order. At most `at_once` run at a time. Raises the first error."""
    results: list[Any] = [None] * len(calls)
    slots = anyio.CapacityLimiter(at_once)

    async def keep(place: int, call: Callable[[], Awaitable[Any]]) -> None:
        async with slots:
            results[place] = await call()

    try:
        async with anyio.create_task_group() as group:
            for place, call in enumerate(calls):
                group.start_soon(keep, place, call)
    except BaseExceptionGroup as failures:
        raise _first(failures) from None
    return results


def _first(failures: BaseExceptionGroup[BaseException]) -> BaseException:
    failure: BaseException = failures
    while isinstance(failure, BaseExceptionGroup):
        failure = cast("Sequence[BaseException]", failure.exceptions)[0]
    return failure
