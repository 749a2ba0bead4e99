"""`reconciler drift`."""

import click

from reconciler.cli import exits, output
from reconciler.cli.options import log_option, missing_option, stack_options
from reconciler.operations.location import StackLocation
from reconciler.reports import DriftReport


@click.command()
@stack_options
@log_option
@missing_option
@output.format_option
def command(location: StackLocation, confirm_missing: int | None, form: str) -> None:
    """Show what changed outside reconciler since the last apply. Only reads, so it suits a nightly job.

    It shows what somebody changed or deleted in Infisical, and which keys and secrets changed at their source. Exit code 2
    means that there is drift. Changes of the manifests are not drift.

    \b
    Example:
      reconciler drift --format json
    """
    from reconciler.operations.drift import drift
    from reconciler.operations.event_loop import run

    report: DriftReport = output.report(form)
    with output.stops(report.stopped):
        drifted = run(drift, location, confirm_missing)
    output.say(report.drift(drifted))
    output.say_problems(drifted.diagnostics)
    if drifted.errored:
        raise click.exceptions.Exit(exits.FAILED)
    if drifted.any:
        raise click.exceptions.Exit(exits.CHANGES)
