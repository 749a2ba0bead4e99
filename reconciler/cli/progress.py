"""A progress bar under the lines of an apply, on a terminal only."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tqdm import tqdm

from reconciler.cli import output


@contextmanager
def aside() -> Iterator[None]:
    """Take a progress bar away while the block writes to the terminal."""
    with tqdm.external_write_mode(file=sys.stderr):
        yield


class Progress:
    """Shows lines as they come and, where standard error is a terminal, how many of `total` there were."""

    def __init__(self, total: int) -> None:
        self._bar = tqdm(
            total=total,
            disable=not sys.stderr.isatty(),
            leave=False,
            dynamic_ncols=True,
            bar_format="{n_fmt}/{total_fmt} |{bar}| {elapsed}",
        )

    def show(self, line: str) -> None:
        """Show one finished change ("" for one that only began)."""
        if line:
            self.note(line)
            self._bar.update()

    def note(self, lines: str) -> None:
        """Show what is no change."""
        with aside():
            output.say(lines)

    def close(self) -> None:
        """Take the bar away."""
        self._bar.close()
