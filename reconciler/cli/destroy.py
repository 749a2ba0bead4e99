"""`reconciler destroy`."""

from dataclasses import replace
from pathlib import Path

import click

from reconciler.cli import output
from reconciler.cli.options import apply_options, guard_options, log_option, selection_options, stack_options
from reconciler.cli.talking import carry_out
from reconciler.operations.apply import Request
from reconciler.operations.location import StackLocation
from reconciler.operations.options import Options


@click.command()
@stack_options
@log_option
@guard_options
@selection_options
@apply_options
@output.format_option
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
def command(
    location: StackLocation,
    options: Options,
    lock_seconds: float,
    auto_approve: bool,
    parallelism: int,
    form: str,
    file: Path | None,
) -> None:
    """Delete what this stack manages, all of it or what is selected, after showing the plan and asking.

    What is protected stays, and what has `onRemoval: retain` is only forgotten. The manifests are not touched: as long as they
    are there, the next apply creates what they want again. The guard on deletions wants the plan's own number.

    With FILE, a plan of `plan --destroy --out`, exactly what the file shows is deleted, without asking.

    \b
    Examples:
      reconciler destroy --only crm-old
      reconciler destroy --allow-deletes 12
    """
    request = Request(replace(options, destroy=True), file, None, lock_seconds, parallelism)
    carry_out(location, request, approved=auto_approve or file is not None, form=form)
