"""`reconciler salesforce check`."""

import json
from typing import Any

import click

from reconciler.cli import exits, output
from reconciler.cli.options import log_option, stack_options
from reconciler.operations.stack import Where


@click.group()
def command() -> None:
    """Check the log-ins to Salesforce, and write its apps as metadata.

    \b
    Example:
      reconciler salesforce check
    """


@command.command()
@stack_options
@log_option
@output.format_option
@click.argument("addresses", nargs=-1, metavar="[ADDRESS]...")
def check(where: Where, form: str, addresses: tuple[str, ...]) -> None:
    """Try the log-in of each connection on Salesforce itself, and say which step of the set-up to repair.

    Nothing is written, and Infisical is asked for nothing but values that it keeps. Each log-in is tried once: Salesforce
    counts the refused ones. Exit code 1 says that something is wrong.

    \b
    Example:
      reconciler salesforce check crm-production
    """
    from reconciler.operations.salesforce_check import salesforce_check
    from reconciler.reports import JsonReport

    with output.stops(JsonReport().diagnostics if form == "json" else None):
        found = salesforce_check(where, addresses)
    if form == "json":
        output.say(json.dumps(_document(found), indent=2, ensure_ascii=False) + "\n")
    else:
        output.say(_table(found))
    output.say_problems(tuple(found.diagnostics))
    if not found.valid:
        raise click.exceptions.Exit(exits.FAILED)


def _table(found: Any) -> str:
    from reconciler.salesforce import Part

    if not found.connections:
        return "There are no connections.\n"
    report = output.text_report()
    rows = [
        [*(checked.parts[part].value if part in checked.parts else "-" for part in Part), connection.address]
        for connection, checked in found.connections
    ]
    answered = [[one.org_id, one.user_id, connection.address] for connection, one in found.connections if one.org_id]
    text = report.table([*(part.value for part in Part), "connection"], rows)
    return text + ("\n" + report.table(["org", "Run As user", "connection"], answered) if answered else "")


def _document(found: Any) -> dict[str, Any]:
    from reconciler.reports import terraform
    from reconciler.salesforce import Part

    return {
        "format_version": "1.0",
        "valid": found.valid,
        "salesforce_endpoint": found.endpoint or None,
        "connections": [
            {
                "address": connection.address,
                "host": checked.host,
                "parts": {part.value: checked.parts[part].value for part in Part if part in checked.parts},
                "org_id": checked.org_id or None,
                "run_as_user_id": checked.user_id or None,
                "problems": [
                    {
                        "name": problem.name,
                        "part": problem.part.value,
                        "title": problem.title,
                        "said": problem.said,
                        "meaning": problem.meaning,
                        "doubt": problem.doubt or None,
                        "step": problem.step.value,
                        "path": problem.step.path,
                        "repair": problem.repair,
                        "same_from_everywhere": problem.blocks,
                    }
                    for problem in checked.problems
                ],
            }
            for connection, checked in found.connections
        ],
        "diagnostics": [terraform.diagnostic(one) for one in found.diagnostics],
    }
