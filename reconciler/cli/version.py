"""`reconciler version`."""

import click

from reconciler.cli import output
from reconciler.reports import VersionReport


@click.command()
@output.format_option
def command(form: str) -> None:
    """Show the version of reconciler and of the formats it reads and writes.

    \b
    Example:
      reconciler version
    """
    from reconciler.operations.versions import read_versions

    report: VersionReport = output.report(form)
    output.say(report.version(read_versions()))
