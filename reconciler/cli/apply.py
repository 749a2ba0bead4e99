"""`reconciler apply`."""

from pathlib import Path

import click

from reconciler.cli import output
from reconciler.cli.options import apply_options, log_option, plan_options, selection_options, stack_options
from reconciler.cli.talking import carry_out
from reconciler.operations.apply import Request
from reconciler.operations.location import StackLocation
from reconciler.operations.options import Options


@click.command()
@stack_options
@log_option
@plan_options
@selection_options
@apply_options
@click.option(
    "--expect",
    metavar="DIGEST",
    help="Apply only if the plan has this digest. A digest leaves out changes that only secret values show.",
)
@output.format_option
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
def command(
    location: StackLocation,
    options: Options,
    lock_seconds: float,
    auto_approve: bool,
    parallelism: int,
    expect: str | None,
    form: str,
    file: Path | None,
) -> None:
    """Change Infisical so that it matches the manifests. Shows the plan first, and asks.

    With FILE, a plan that `plan --out` saved, reconciler does not ask. It decides again, and applies exactly what the file
    shows. If it would now do something different from what the file shows, it applies nothing and exits with 5. It skips
    changes that appeared after the plan was made, and lists them.

    \b
    Examples:
      reconciler apply
      reconciler apply plan.json
      reconciler apply --expect DIGEST --auto-approve
    """
    request = Request(options, file, expect, lock_seconds, parallelism)
    carry_out(location, request, approved=auto_approve or file is not None, form=form)
