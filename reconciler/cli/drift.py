"""`reconciler drift`."""

import json
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli import exits, output
from reconciler.cli.options import log_option, missing_option, stack_options
from reconciler.operations.location import StackLocation

if TYPE_CHECKING:  # most commands need none of it
    from reconciler.operations.drift import Drifted


@click.command()
@stack_options
@log_option
@missing_option
@output.format_option
def command(location: StackLocation, confirm_missing: int | None, form: str) -> None:
    """Show what happened outside since the last apply, for a nightly job. Reads only.

    What was changed in Infisical, what changed where values come from, and what was deleted in Infisical. Exit code 2 says that
    there is drift; changes of the manifests are none.

    \b
    Example:
      reconciler drift --format json
    """
    from reconciler.operations.drift import drift
    from reconciler.operations.event_loop import run
    from reconciler.reports import JsonReport

    with output.stops(JsonReport().diagnostics if form == "json" else None):
        found = run(drift, location, confirm_missing)
    if form == "json":
        output.say(json.dumps(_document(found), indent=2, ensure_ascii=False) + "\n")
    else:
        output.say(_text(found))
    output.say_problems(found.diagnostics)
    if found.errored:
        raise click.exceptions.Exit(exits.FAILED)
    if found.any:
        raise click.exceptions.Exit(exits.CHANGES)


def _text(found: "Drifted") -> str:
    report = output.text_report()
    parts = [
        ("Changed outside:", report.drift(found.outside)),
        ("Changed at the source:", [f"  {one.address}: {', '.join(_names(one.fields))}" for one in found.at_the_source]),
        ("Deleted outside:", report.drift(found.deleted)),
        ("Not compared, their values are not here:", [f"  {address}" for address in found.unknown]),
    ]
    shown = ["\n".join([title, *lines]) for title, lines in parts if lines]
    if not found.any:
        shown.insert(0, f"No drift since the last apply of {found.stack} on {found.url}.")
    return "\n\n".join(shown) + "\n"


def _names(fields: tuple[str, ...]) -> list[str]:
    return [field.removeprefix("credentials.") for field in fields if field.startswith("credentials.consumer")]


def _document(found: "Drifted") -> dict[str, Any]:
    from reconciler.reports import terraform

    return {
        "format_version": "1.0",
        "stack": found.stack,
        "url": found.url,
        "drift": found.any,
        "changed_outside": [terraform.drift(one) for one in found.outside],
        "changed_at_the_source": [{"address": one.address, "fields": _names(one.fields)} for one in found.at_the_source],
        "deleted_outside": [{"address": one.address, "id": one.id} for one in found.deleted],
        "not_compared": list(found.unknown),
        "errored": found.errored,
        "diagnostics": [terraform.diagnostic(one) for one in found.diagnostics],
    }
