"""`reconciler salesforce check|metadata`."""

import json
from pathlib import Path
from typing import Any

import click

from reconciler.cli import exits, output
from reconciler.cli.options import log_option, stack_options
from reconciler.operations.location import StackLocation


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
def check(location: StackLocation, form: str, addresses: tuple[str, ...]) -> None:
    """Try the log-in of each connection on Salesforce itself, and say which step of the set-up to repair.

    Nothing is written, and Infisical is asked for nothing but values that it keeps. Each log-in is tried once: Salesforce
    counts the refused ones. Exit code 1 says that something is wrong.

    \b
    Example:
      reconciler salesforce check crm-production
    """
    from reconciler.operations.event_loop import run
    from reconciler.operations.salesforce_check import check_salesforce
    from reconciler.reports import JsonReport

    with output.stops(JsonReport().diagnostics if form == "json" else None):
        found = run(check_salesforce, location, addresses)
    if form == "json":
        output.say(json.dumps(_document(found), indent=2, ensure_ascii=False) + "\n")
    else:
        output.say(_table(found))
    output.say_problems(tuple(found.diagnostics))
    if not found.valid:
        raise click.exceptions.Exit(exits.FAILED)


_FOLDER = click.Path(file_okay=False, path_type=Path)


@command.command()
@stack_options
@output.format_option
@click.option("--out", type=_FOLDER, metavar="DIR", help="Write the project here. [default: .reconciler/salesforce]")
@click.option("--retrieved", type=_FOLDER, metavar="DIR", help="Edit the policies that were retrieved into this directory.")
@click.option("--check", "compared", type=_FOLDER, metavar="DIR", help="Write nothing; compare a retrieved project.")
@click.argument("addresses", nargs=-1, metavar="[APP]...")
def metadata(
    location: StackLocation,
    form: str,
    out: Path | None,
    retrieved: Path | None,
    compared: Path | None,
    addresses: tuple[str, ...],
) -> None:
    """Write External Client Apps as a Salesforce DX project, or compare a retrieved one.

    The project has two phases, 1-app and 2-policies, and a README with the commands that deploy it. The apps of one project
    belong to one org. Nothing secret is written. With --check, exit code 2 says that the org differs.

    \b
    Example:
      reconciler salesforce metadata infisical-crm --out crm-app
    """
    from reconciler.operations.metadata import compare_metadata, write_metadata
    from reconciler.reports import JsonReport

    if compared and (out or retrieved):
        raise click.UsageError("--check writes nothing: leave --out and --retrieved out.")
    with output.stops(JsonReport().diagnostics if form == "json" else None):
        if compared:
            comparison = compare_metadata(location, addresses, compared)
        else:
            project = write_metadata(location, addresses, out, retrieved)
    if compared:
        if form == "json":
            output.say(json.dumps(_differences(comparison), indent=2, ensure_ascii=False) + "\n")
        else:
            output.say(_compared(comparison))
        output.say_problems(tuple(comparison.diagnostics))
        if comparison.differences:
            raise click.exceptions.Exit(exits.CHANGES)
    else:
        if form == "json":
            output.say(json.dumps({"format_version": "1.0", "folder": str(project.folder), "files": project.files}) + "\n")
        else:
            output.say("".join(f"{project.folder / name}\n" for name in project.files))
            output.say(f"\nNext: {project.folder / 'README.md'}\n")
        output.say_problems(tuple(project.diagnostics))


def _compared(comparison: Any) -> str:
    from reconciler.reports.characters import visible

    if not comparison.differences:
        return "No differences. The org has what the manifests say.\n"
    lines = []
    for one in comparison.differences:
        if not one.field:
            lines.append(f"- {one.kind} {one.member}: it is not there")
        else:
            lines.append(f"~ {one.kind} {one.member}: {one.field}")
            lines.append(f"    retrieved: {one.found or 'nothing'}  ({one.location})")
            lines.append(f"    manifest:  {one.wanted or 'nothing'}")
        lines.append(f"    by hand:   {one.step.path}")
    return "".join(f"{visible(line)}\n" for line in lines) + f"\nDifferences: {len(comparison.differences)}.\n"


def _differences(comparison: Any) -> dict[str, Any]:
    return {
        "format_version": "1.0",
        "apps": [app.address for app in comparison.apps],
        "differences": [
            {
                "app": one.app or None,
                "type": one.kind,
                "member": one.member,
                "field": one.field or None,
                "retrieved": one.found if one.field else None,
                "manifest": one.wanted if one.field else None,
                "path": one.step.path,
                "location": str(one.location) if one.location else None,
            }
            for one in comparison.differences
        ],
    }


def _table(found: Any) -> str:
    from reconciler.operations.salesforce_check import Part

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
    from reconciler.operations.salesforce_check import Part
    from reconciler.reports.json import terraform

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
