"""`reconciler login --check`."""

import click

from reconciler.cli import exits, output
from reconciler.cli.options import log_option, stack_options
from reconciler.model import LoginPurpose
from reconciler.operations.location import StackLocation
from reconciler.reports import LoginReport


@click.command()
@stack_options
@log_option
@output.format_option
@click.option("--check", "checks", is_flag=True, help="Log in, say who one is and what one may do, and change nothing.")
@click.option(
    "--for",
    "purpose",
    type=click.Choice([each.value for each in LoginPurpose]),
    default="plan",
    show_default=True,
    help="What it is to be enough for.",
)
def command(location: StackLocation, form: str, checks: bool, purpose: str) -> None:
    """Check the log-in to Infisical: who one is, where, and what one may do there.

    Every command logs in by itself, with what the environment holds; nothing is kept. With `--for apply` Infisical is asked
    for a connection that it cannot make, which shows whether one could be made. Whether connections may be edited and
    deleted it tells only when that is done.

    \b
    Example:
      reconciler login --check --for apply
    """
    if not checks:
        raise click.UsageError("Nothing is kept between runs, so there is nothing to log in to: use `login --check`.")
    from reconciler.operations.event_loop import run
    from reconciler.operations.login.check import check_login

    report: LoginReport = output.report(form)
    with output.stops(report.stopped):
        check = run(check_login, location, LoginPurpose(purpose))
    output.say(report.login(check))
    output.say_problems(check.diagnostics)
    if not check.enough:
        raise click.exceptions.Exit(exits.FAILED)
