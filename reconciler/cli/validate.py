"""`reconciler validate`."""

import sys

import click

from reconciler.cli import exits, output
from reconciler.cli.options import stack_options
from reconciler.operations.location import StackLocation
from reconciler.reports import JsonReport, TextReport


@click.command()
@stack_options
@output.format_option
def command(location: StackLocation, form: str) -> None:
    """Check reconciler.yaml and every manifest, and show all problems at once.

    Reads files only: no network, no secret, no state.

    \b
    Example:
      reconciler validate --chdir crm
    """
    from reconciler.operations.validate import validate

    with output.stops(JsonReport().validation if form == "json" else None):
        found = validate(location)
    output.say_problems(found.diagnostics)
    report = JsonReport() if form == "json" else TextReport(output.style(sys.stdout))
    said = report.validation(found.diagnostics, files=found.files, connections=found.connections, apps=found.apps)
    output.say(said, err=form == "text" and not found.valid)
    if not found.valid:
        raise click.exceptions.Exit(exits.INVALID)
