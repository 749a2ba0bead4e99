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
@click.option("--check", "checks", is_flag=True, help="Show which identity logs in, and what it may do.")
@click.option(
    "--for",
    "purpose",
    type=click.Choice([each.value for each in LoginPurpose]),
    default="plan",
    show_default=True,
    help="The command that the permissions must be enough for.",
)
def command(location: StackLocation, form: str, checks: bool, purpose: str) -> None:
    """Check the log-in to Infisical: which identity it is, and what it may do there. Changes nothing.

    Every command logs in by itself, with the credentials in the environment, and keeps no session. With `--for apply` this
    command also asks Infisical to create a connection that cannot be created: the refusal shows whether the identity may
    create connections. Whether it may edit and delete, Infisical shows only when somebody does that.

    \b
    Example:
      reconciler login --check --for apply
    """
    if not checks:
        raise click.UsageError("reconciler keeps no session between runs. To check the log-in, use `login --check`.")
    from reconciler.operations.event_loop import run
    from reconciler.operations.login.check import check_login

    report: LoginReport = output.report(form)
    with output.stops(report.stopped):
        check = run(check_login, location, LoginPurpose(purpose))
    output.say(report.login(check))
    output.say_problems(check.diagnostics)
    if not check.enough:
        raise click.exceptions.Exit(exits.FAILED)
