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
    """Delete the connections that this stack manages, or those that you select. Shows the plan first, and asks.

    It keeps protected connections. It only forgets connections with `onRemoval: retain`. It does not change the manifests:
    while they exist, the next apply creates their connections again. If the guard on deletions stops the plan, name the
    plan's own number of deletions with --allow-deletes.

    With FILE, a plan that `plan --destroy --out` saved, it deletes exactly what the file shows, and does not ask.

    \b
    Examples:
      reconciler destroy --only crm-old
      reconciler destroy --allow-deletes 12
    """
    request = Request(replace(options, destroy=True), file, None, lock_seconds, parallelism)
    carry_out(location, request, approved=auto_approve or file is not None, form=form)
