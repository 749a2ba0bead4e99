"""`reconciler show`."""

from pathlib import Path

import click

from reconciler.cli import exits, output


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@output.plan_format_option
def command(file: Path, form: str) -> None:
    """Show the plan in FILE, as it was when somebody saved it. Reads nothing else.

    `--format markdown` suits a pull request. In GitHub Actions it also goes into the job summary.

    \b
    Example:
      reconciler show plan.json --format markdown
    """
    from reconciler.operations.plan import read_plan

    with output.stops(output.plan_report(form).plan_stopped):
        planned = read_plan(file)
    output.say_plan(planned, form)
    raise click.exceptions.Exit(exits.DONE)
