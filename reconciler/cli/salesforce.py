"""`reconciler salesforce check|metadata`."""

from pathlib import Path

import click

from reconciler.cli import exits, output
from reconciler.cli.options import log_option, stack_options
from reconciler.operations.location import StackLocation
from reconciler.reports import MetadataReport, SalesforceCheckReport


@click.group()
def command() -> None:
    """Check log-ins to Salesforce, and write External Client Apps as metadata.

    \b
    Example:
      reconciler salesforce check
    """


@command.command()
@stack_options
@log_option
@output.format_option
@click.argument("addresses", nargs=-1, metavar="[ADDRESS]...")
def check(location: StackLocation, form: str, addresses: tuple[str, ...]) -> None:
    """Try the log-in of each connection at Salesforce itself, and show which step of the set-up to repair.

    It writes nothing, and asks Infisical only for values that Infisical keeps. It tries each log-in once, because Salesforce
    counts the log-ins that it refuses. Exit code 1 means that something is wrong.

    \b
    Example:
      reconciler salesforce check crm-production
    """
    from reconciler.operations.event_loop import run
    from reconciler.operations.salesforce_check import check_salesforce

    report: SalesforceCheckReport = output.report(form)
    with output.stops(report.stopped):
        checked = run(check_salesforce, location, addresses)
    output.say(report.salesforce_check(checked))
    output.say_problems(checked.diagnostics)
    if not checked.valid:
        raise click.exceptions.Exit(exits.FAILED)


_FOLDER = click.Path(file_okay=False, path_type=Path)


@command.command()
@stack_options
@output.format_option
@click.option(
    "--out", type=_FOLDER, metavar="DIR", help="Write the project into this directory. [default: .reconciler/salesforce]"
)
@click.option("--retrieved", type=_FOLDER, metavar="DIR", help="Edit the policies that you retrieved into this directory.")
@click.option(
    "--check",
    "compared",
    type=_FOLDER,
    metavar="DIR",
    help="Write nothing. Compare the project that you retrieved into this directory.",
)
@click.argument("addresses", nargs=-1, metavar="[APP]...")
def metadata(
    location: StackLocation,
    form: str,
    out: Path | None,
    retrieved: Path | None,
    compared: Path | None,
    addresses: tuple[str, ...],
) -> None:
    """Write External Client Apps as a Salesforce DX project, or compare a project that you retrieved.

    The project has two phases, 1-app and 2-policies, and a README with the commands that deploy it. The apps of one project
    belong to one org. The project contains no secret. With --check, exit code 2 means that the org differs.

    \b
    Example:
      reconciler salesforce metadata infisical-crm --out crm-app
    """
    from reconciler.operations.metadata import compare_metadata, write_metadata

    if compared and (out or retrieved):
        raise click.UsageError("--check writes nothing: leave out --out and --retrieved.")
    report: MetadataReport = output.report(form)
    if compared:
        with output.stops(report.stopped):
            comparison = compare_metadata(location, addresses, compared)
        output.say(report.metadata_comparison(comparison))
        output.say_problems(comparison.diagnostics)
        if comparison.differences:
            raise click.exceptions.Exit(exits.CHANGES)
    else:
        with output.stops(report.stopped):
            project = write_metadata(location, addresses, out, retrieved)
        output.say(report.metadata(project))
        output.say_problems(project.diagnostics)
