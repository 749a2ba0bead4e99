"""`reconciler show`."""

from pathlib import Path

import click

from reconciler.cli import exits, output


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@output.format_option
def command(file: Path, form: str) -> None:
    """Show the plan that FILE keeps, as it was when it was made. Reads nothing else.

    \b
    Example:
      reconciler show plan.json --format json
    """
    from reconciler.operations.plan import read_plan
    from reconciler.reports import JsonReport

    with output.stops(JsonReport().diagnostics if form == "json" else None):
        planned = read_plan(file)
    report = JsonReport() if form == "json" else output.text_report()
    output.say(report.plan(planned))
    raise click.exceptions.Exit(exits.DONE)
