"""What a measurement is: product and floor in turns, so that noise hits both, and the ratio of their medians."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isnan, nan
from pathlib import Path
from statistics import median

from benchmarks.processes import Run


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is measured: runs of the quick commands and of the others, and numbers of connections."""

    starts: int
    runs: int
    small: int
    large: int
    creates: int


FULL = Effort(starts=25, runs=7, small=1_000, large=10_000, creates=1_000)
QUICK = Effort(starts=3, runs=2, small=20, large=100, creates=40)


@dataclass(frozen=True, slots=True)
class Bench:
    """What every group of rows is given: an empty folder of its own, the effort, and where to say what goes on."""

    folder: Path
    effort: Effort
    say: Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. `product` and `floor` are seconds, one a round, in the order of the rounds.

    `line` is the ratio that must not be exceeded, None for what is only told. `besides` is what else was seen.
    """

    what: str
    floor_is: str
    product: tuple[float, ...]
    floor: tuple[float, ...]
    line: float | None = None
    besides: str = ""

    @property
    def ratio(self) -> float:
        """Median of the product over median of the floor; not a number where the floor is too small to be seen."""
        floor = median(self.floor)
        return median(self.product) / floor if floor > 0 else nan

    @property
    def met(self) -> bool | None:
        """Whether the ratio keeps to the line; None without one of them."""
        return None if self.line is None or isnan(self.ratio) else self.ratio <= self.line


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that holds or does not, on any machine."""

    what: str
    found: str
    holds: bool


def in_turns(rounds: int, contenders: Mapping[str, Callable[[], Run]]) -> dict[str, list[Run]]:
    """Run the contenders in turns (A B A B ...), once without counting it, then `rounds` times; return the runs of each."""
    found: dict[str, list[Run]] = {name: [] for name in contenders}
    for number in range(-1, rounds):
        for name, contender in contenders.items():
            done = contender()
            if number >= 0:
                found[name].append(done)
    return found


def seconds(runs: Sequence[Run]) -> tuple[float, ...]:
    """Return the wall seconds of each run."""
    return tuple(one.seconds for one in runs)


def cpu(runs: Sequence[Run]) -> str:
    """Return the median CPU time as words."""
    return f"{median(one.cpu_seconds for one in runs):.2f} s"


def peak(runs: Sequence[Run]) -> str:
    """Return the median peak memory as words."""
    return f"{median(one.peak_mib for one in runs):.0f} MiB"
