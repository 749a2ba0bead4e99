"""`reconciler export`."""

from pathlib import Path

import click

from reconciler.cli import output
from reconciler.cli.options import log_option, stack_options
from reconciler.operations.location import StackLocation
from reconciler.reports import ExportReport


@click.command()
@stack_options
@log_option
@click.option("--project", metavar="SLUG|ID", help="Export only the connections of this project.")
@click.option("--unmanaged", is_flag=True, help="Export only connections that this stack does not manage.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="Write one file for each connection into this directory.",
)
@output.format_option
def command(location: StackLocation, project: str | None, unmanaged: bool, out: Path, form: str) -> None:
    """Write manifests for the Salesforce connections in Infisical, and list the variables that you must set.

    Nobody can read a key or a secret back from Infisical, so each manifest names a variable for it. The command changes
    nothing in Infisical and overwrites no file. `apply --adopt-all` then takes the connections over.

    \b
    Example:
      reconciler export --unmanaged --out connections
    """
    from reconciler.operations.event_loop import run
    from reconciler.operations.export import export

    report: ExportReport = output.report(form)
    with output.stops(report.stopped):
        exported = run(export, location, out, project, unmanaged=unmanaged)
    output.say(report.exported(exported))
    output.say_problems(exported.diagnostics)
