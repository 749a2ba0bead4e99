"""`reconciler version`."""

import platform

import click

from reconciler import __version__


@click.command()
def command() -> None:
    """Show the version of reconciler and of the formats it reads and writes.

    \b
    Example:
      reconciler version
    """
    from reconciler.planning.file import FORMAT_VERSION as PLAN
    from reconciler.reports.json.terraform import FORMAT_VERSION as REPRESENTATION
    from reconciler.state.format import FORMAT_VERSION as STATE

    click.echo(f"reconciler {__version__} (Python {platform.python_version()})")
    click.echo(f"manifests reconciler/v1, state {STATE}, plan file {PLAN}, plan --format json {REPRESENTATION}")
