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
    from reconciler.operations.versions import format_versions
    from reconciler.reports.json.terraform import FORMAT_VERSION as REPRESENTATION

    versions = format_versions()

    click.echo(f"reconciler {__version__} (Python {platform.python_version()})")
    click.echo(
        f"manifests {versions.manifest}, state {versions.state}, plan file {versions.plan_file}, "
        f"plan --format json {REPRESENTATION}"
    )
