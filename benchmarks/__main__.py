"""The command line of the benchmarks."""

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import click

from benchmarks import apply, check, plan, report, startup, validate
from benchmarks.machine import machine
from benchmarks.measure import FULL, QUICK, Bench, Fact, Row
from benchmarks.processes import BenchmarkBrokenError

_GROUPS: dict[str, Callable[[Bench], list[Row | Fact]]] = {
    "startup": startup.measure,
    "validate": validate.measure,
    "plan": plan.measure,
    "apply": apply.measure,
    "check": check.measure,
}
_RESULTS = Path(__file__).with_name("results.md")


@click.command()
@click.option("--quick", is_flag=True, help="Few runs of small sizes: only that the measuring works.")
@click.option("--only", multiple=True, type=click.Choice(list(_GROUPS)), help="Measure only this. Repeatable.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write Markdown here, and JSON beside it. Left out: benchmarks/results.md if all was measured in full, else nowhere.",
)
def main(quick: bool, only: tuple[str, ...], out: Path | None) -> None:
    """Measure reconciler beside its floors. Exits with 1 for what is wrong on any machine, never for a slow one."""
    effort = QUICK if quick else FULL
    on = machine()
    results: list[Row | Fact] = []
    for name in only or _GROUPS:
        with tempfile.TemporaryDirectory() as folder:
            try:
                results += _GROUPS[name](Bench(Path(folder).resolve(), effort, lambda text: click.echo(text, err=True)))
            except BenchmarkBrokenError as broken:
                sys.exit(str(broken))
    page = report.markdown(results, on, effort, quick=quick)
    click.echo(page, nl=False)
    target = out or (_RESULTS if not quick and not only else None)
    if target is not None:
        target.write_text(page)
        target.with_suffix(".json").write_text(report.as_json(results, on, effort, quick=quick))
    sys.exit(any(isinstance(one, Fact) and not one.holds for one in results))


if __name__ == "__main__":
    main()
