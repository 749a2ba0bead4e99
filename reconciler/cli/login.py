"""`reconciler login --check`."""

import json

import click

from reconciler.cli import exits, output
from reconciler.cli.options import log_option, stack_options
from reconciler.operations.location import StackLocation


@click.command()
@stack_options
@log_option
@output.format_option
@click.option("--check", is_flag=True, help="Log in, say who one is and what one may do, and change nothing.")
@click.option(
    "--for",
    "purpose",
    type=click.Choice(["plan", "apply"]),
    default="plan",
    show_default=True,
    help="What it is to be enough for.",
)
def command(location: StackLocation, form: str, check: bool, purpose: str) -> None:
    """Check the log-in to Infisical: who one is, where, and what one may do there.

    Every command logs in by itself, with what the environment holds; nothing is kept. With `--for apply` Infisical is asked
    for a connection that it cannot make, which shows whether one could be made. Whether connections may be edited and
    deleted it tells only when that is done.

    \b
    Example:
      reconciler login --check --for apply
    """
    if not check:
        raise click.UsageError("Nothing is kept between runs, so there is nothing to log in to: use `login --check`.")
    from reconciler.operations.event_loop import run
    from reconciler.operations.login.check import Purpose, check_login

    with output.stops():
        found = run(check_login, location, Purpose(purpose))
    permissions = [(one.action, one.place, one.granted.value, one.why) for one in found.permissions]
    if form == "json":
        told = {
            "url": found.url,
            "method": found.method,
            "identityId": found.identity_id or None,
            "expires": found.expires or None,
            "organization": {"id": found.organisation_id, "name": found.organisation_name},
            "projects": [{"id": one.id, "slug": one.slug} for one in found.projects],
            "permissions": [{"action": what, "place": place, "allowed": may} for what, place, may, _ in permissions],
            "enough": found.enough,
        }
        output.say(json.dumps(told, indent=2) + "\n")
    else:
        report = output.text_report()
        rows = [
            ("Infisical", found.url),
            ("log-in", f"{found.method}: {found.origin}"),
            ("identity", found.identity_id or "not told"),
            ("token until", found.expires or "not told"),
            (
                "organisation",
                f"{found.organisation_name or 'unnamed'} ({found.organisation_id})" if found.organisation_id else "not told",
            ),
            ("projects", ", ".join(one.slug for one in found.projects) or "none that it may see"),
        ]
        output.say(report.login(rows, permissions, purpose, enough=found.enough))
    output.say_problems(found.diagnostics)
    if not found.enough:
        raise click.exceptions.Exit(exits.FAILED)
