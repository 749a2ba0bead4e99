"""A run that is asked to end early hears of it, whoever asks and whenever."""

import os
import select
import signal
import threading

import anyio
import pytest

from reconciler.cli import signals
from reconciler.operations.interruption import Interruption

pytestmark = pytest.mark.anyio


def _readable(interruption: Interruption) -> bool:
    return bool(select.select([interruption], [], [], 0)[0])


async def test_nobody_asked() -> None:
    with Interruption() as interruption:
        assert (interruption.number, interruption.repeated, _readable(interruption)) == (None, False, False)


async def test_the_first_number_counts_and_all_who_wait_later_see_it() -> None:
    with Interruption() as interruption:
        interruption.ask(signal.SIGINT)
        interruption.ask(signal.SIGTERM)
        with anyio.fail_after(5):
            await interruption.wait()
            await interruption.wait()
        assert _readable(interruption)
        assert (interruption.number, interruption.repeated) == (signal.SIGINT, True)


async def test_another_thread_wakes_a_task() -> None:
    with Interruption() as interruption:
        threading.Timer(0.05, interruption.ask).start()
        with anyio.fail_after(5):
            await interruption.wait()
        assert (interruption.number, interruption.repeated) == (signal.SIGTERM, False)


async def test_asking_without_end_blocks_nobody() -> None:
    with Interruption() as interruption:
        for _ in range(100_000):
            interruption.ask(signal.SIGINT)
        assert interruption.number == signal.SIGINT


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_interrupts_and_is_ignored_once_all_is_well(number: int) -> None:
    before = {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        with signals.handle_signals() as interruption:
            os.kill(os.getpid(), number)
            with anyio.fail_after(5):
                await interruption.wait()
            assert interruption.number == number
        assert {signal.getsignal(one) for one in before} == {signal.SIG_IGN}
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


async def test_a_signal_does_again_what_it_did_before_once_something_is_wrong() -> None:
    before = {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)}
    with pytest.raises(ValueError, match="wrong"), signals.handle_signals():
        raise ValueError("wrong")
    assert {one: signal.getsignal(one) for one in before} == before
    assert signal.set_wakeup_fd(-1) == -1
