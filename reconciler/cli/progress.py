"""A progress bar under the lines of an apply, on a terminal only."""

import sys

from tqdm import tqdm

from reconciler.cli import output


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
        with tqdm.external_write_mode(file=sys.stdout):
            output.say(lines)

    def close(self) -> None:
        """Take the bar away."""
        self._bar.close()
