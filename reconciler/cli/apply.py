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
    help="Refuse unless the plan decided now has this digest. What only values show is not in a digest.",
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
    """Bring Infisical in line with the manifests, after showing the plan and asking.

    With FILE, a plan of `plan --out`, everything is decided again, and exactly what the file shows is applied, without
    asking. What the file shows and is decided otherwise now stops it with exit 5; what is new since is left out, and said.

    \b
    Examples:
      reconciler apply
      reconciler apply plan.json
      reconciler apply --expect DIGEST --auto-approve
    """
    request = Request(options, file, expect, lock_seconds, parallelism)
    carry_out(location, request, approved=auto_approve or file is not None, form=form)
