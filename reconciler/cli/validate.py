"""`reconciler validate`."""

import click

from reconciler.cli import exits, output
from reconciler.cli.options import stack_options
from reconciler.operations.location import StackLocation
from reconciler.reports import ValidationReport


@click.command()
@stack_options
@output.format_option
def command(location: StackLocation, form: str) -> None:
    """Check reconciler.yaml and every manifest, and show all problems at once.

    It reads files only: no network, no secret, no state.

    \b
    Example:
      reconciler validate --chdir crm
    """
    from reconciler.operations.validate import validate

    report: ValidationReport = output.report(form)
    with output.stops(report.validation_stopped):
        validation = validate(location)
    output.say_problems(validation.diagnostics)
    output.say(report.validation(validation), err=form == "text" and not validation.valid)
    if not validation.valid:
        raise click.exceptions.Exit(exits.INVALID)
