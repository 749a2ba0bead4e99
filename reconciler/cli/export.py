"""`reconciler export`."""

import json
from pathlib import Path

import click

from reconciler.cli import output
from reconciler.cli.options import log_option, stack_options
from reconciler.operations.location import StackLocation


@click.command()
@stack_options
@log_option
@click.option("--project", metavar="SLUG|ID", help="Only the connections of this project.")
@click.option("--unmanaged", is_flag=True, help="Only what this stack does not manage.")
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Write a file for each into this directory."
)
@output.format_option
def command(location: StackLocation, project: str | None, unmanaged: bool, out: Path, form: str) -> None:
    """Write manifests of the Salesforce connections that are in Infisical, and list the variables to provide.

    Nobody can read a key or a secret back, so each manifest names a variable for it. Nothing is written to Infisical, and no
    file is written over. `apply --adopt-all` then takes the connections over.

    \b
    Example:
      reconciler export --unmanaged --out connections
    """
    from reconciler.operations.event_loop import run
    from reconciler.operations.export import export
    from reconciler.reports import JsonReport
    from reconciler.reports.terraform import diagnostic

    with output.stops(JsonReport().diagnostics if form == "json" else None):
        written = run(export, location, out, project, unmanaged=unmanaged)
    if form == "json":
        document = {
            "format_version": "1.0",
            "files": [str(file) for file in written.files],
            "variables": list(written.variables),
            "diagnostics": [diagnostic(one) for one in written.diagnostics],
        }
        output.say(json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    elif not written.files:
        click.echo("There is nothing to export.")
    else:
        count = len(written.files)
        click.echo(
            f"Written to {out}: {count} manifest{'s' if count != 1 else ''}. Set these variables before the next plan:\n"
        )
        output.say("".join(f"{name}=\n" for name in written.variables))
        click.echo("\nThen take the connections over: reconciler plan --adopt-all")
    output.say_problems(written.diagnostics)
