"""Runs calls side by side, and raises the first failure as itself instead of in a group."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, cast

import anyio


async def together(*calls: Callable[[], Awaitable[Any]], at_once: int = 8) -> list[Any]:
    """Return what each call returned, in their order, `at_once` of them at a time. Raises what the first to fail raised."""
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
