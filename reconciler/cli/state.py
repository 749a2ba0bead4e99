"""`reconciler state list|show|rm|mv|pull|push`."""

import sys
from pathlib import Path

import click

from reconciler.cli import output
from reconciler.cli.options import lock_option, stack_options
from reconciler.operations.location import StackLocation
from reconciler.reports import StateReport, harmless_json


@click.group()
def command() -> None:
    """Show what was last applied, and repair that record.

    \b
    Example:
      reconciler state list
    """


@command.command("list")
@stack_options
@output.format_option
def list_(location: StackLocation, form: str) -> None:
    """List the recorded addresses, one on each line.

    \b
    Example:
      reconciler state list | grep crm
    """
    from reconciler.operations.event_loop import run
    from reconciler.operations.state import read_state

    report: StateReport = output.report(form)
    with output.stops(report.stopped):
        state = run(read_state, location)
    output.say(report.state_list(state))


@command.command()
@stack_options
@output.format_option
@click.argument("address")
def show(location: StackLocation, form: str, address: str) -> None:
    """Show what is recorded for ADDRESS. It contains no secret.

    \b
    Example:
      reconciler state show crm-production
    """
    from reconciler.operations.event_loop import run
    from reconciler.operations.state import read_record

    report: StateReport = output.report(form)
    with output.stops(report.stopped):
        record = run(read_record, location, address)
    output.say(report.state_show(record))


@command.command()
@stack_options
@lock_option
@output.format_option
@click.option("--confirm", multiple=True, metavar="ADDRESS", help="Forget this address although it is protected. Repeatable.")
@click.argument("addresses", nargs=-1, required=True, metavar="ADDRESS...")
def rm(location: StackLocation, lock_seconds: float, form: str, confirm: tuple[str, ...], addresses: tuple[str, ...]) -> None:
    """Forget ADDRESS. The connection stays in Infisical, and this stack no longer manages it.

    The protection of a connection is in its record, so it ends too. For a protected connection you must name the address
    again, at the terminal or with --confirm.

    \b
    Example:
      reconciler state rm crm-old
    """
    from reconciler.operations.event_loop import run
    from reconciler.operations.state import forget, protected_addresses

    report: StateReport = output.report(form)
    with output.stops(report.stopped):
        confirmed = {*confirm}
        if sys.stdin.isatty():
            protected = run(protected_addresses, location, addresses)
            confirmed |= {address for address in protected if address not in confirmed and _typed_again(address)}
        removed = run(forget, location, addresses, frozenset(confirmed), lock_seconds)
    output.say(report.state_rm(removed))


def _typed_again(address: str) -> bool:
    output.say(f"`{address}` is protected. To forget it, type its address again: ", err=True)
    return sys.stdin.readline().strip() == address


@command.command()
@stack_options
@lock_option
@output.format_option
@click.argument("old")
@click.argument("new")
def mv(location: StackLocation, lock_seconds: float, form: str, old: str, new: str) -> None:
    """Move the record of the address OLD to the address NEW. Sends nothing to Infisical.

    `lifecycle.renamedFrom` in the manifest does the same, and a reviewer can see it there.

    \b
    Example:
      reconciler state mv crm-old crm
    """
    from reconciler.operations.event_loop import run
    from reconciler.operations.state import move

    report: StateReport = output.report(form)
    with output.stops(report.stopped):
        record = run(move, location, old, new, lock_seconds)
    output.say(report.state_mv(old, record))


@command.command()
@stack_options
def pull(location: StackLocation) -> None:
    """Write the whole state to standard output.

    It contains no key and no secret of a connection. It does contain the key of their fingerprints, so protect it as you
    protect the state.

    \b
    Example:
      reconciler state pull > state.json
    """
    from reconciler.operations.event_loop import run
    from reconciler.operations.state import pull as pull_state

    with output.stops():
        document = run(pull_state, location).decode()
    output.say(harmless_json(document))


@command.command()
@stack_options
@lock_option
@output.format_option
@click.option("--force", is_flag=True, help="Store it although its lineage or organisation differs, or it is older.")
@click.argument("file", type=click.Path(allow_dash=True, dir_okay=False, path_type=Path))
def push(location: StackLocation, lock_seconds: float, form: str, force: bool, file: Path) -> None:
    """Replace the stored state with the one in FILE. `-` reads standard input.

    FILE must hold a whole state. Its lineage and organisation must be those of the stored state, and it must not be older.

    \b
    Example:
      reconciler state push state.json
    """
    from reconciler.operations.event_loop import run
    from reconciler.operations.state import push as push_state
    from reconciler.operations.state import read_document

    report: StateReport = output.report(form)
    with output.stops(report.stopped):
        data, source = read_document(None if str(file) == "-" else file, sys.stdin.buffer.read)
        state = run(push_state, location, data, source, lock_seconds, force=force)
    output.say(report.state_push(state))
