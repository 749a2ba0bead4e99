"""A progress bar under the lines of an apply, on a terminal only."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tqdm import tqdm

from reconciler.cli import output


@contextmanager
def aside() -> Iterator[None]:
    """Hide the progress bar while the block writes to the terminal."""
    with tqdm.external_write_mode(file=sys.stderr):
        yield


class Progress:
    """Shows lines as they come. If standard error is a terminal, also shows how many of `total` changes ended."""

    def __init__(self, total: int) -> None:
        self._bar = tqdm(
            total=total,
            disable=not sys.stderr.isatty(),
            leave=False,
            dynamic_ncols=True,
            bar_format="{n_fmt}/{total_fmt} |{bar}| {elapsed}",
        )

    def show(self, line: str) -> None:
        """Show the line of a change that ended, and count it. "" is the line of a change that only began."""
        if line:
            self.note(line)
            self._bar.update()

    def note(self, lines: str) -> None:
        """Show lines that are not about a change."""
        with aside():
            output.say(lines)

    def close(self) -> None:
        """Remove the bar."""
        self._bar.close()
