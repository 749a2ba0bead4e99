"""`reconciler show`."""

from pathlib import Path

import click

from reconciler.cli import exits, output


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@output.plan_format_option
def command(file: Path, form: str) -> None:
    """Show the plan that FILE keeps, as it was when it was made. Reads nothing else.

    As Markdown it is for a pull request, and in GitHub Actions goes to the job's summary too.

    \b
    Example:
      reconciler show plan.json --format markdown
    """
    from reconciler.operations.plan import read_plan

    with output.stops(output.plan_report(form).plan_stopped):
        planned = read_plan(file)
    output.say_plan(planned, form)
    raise click.exceptions.Exit(exits.DONE)
