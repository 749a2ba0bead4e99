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
    """Look at what was last applied, and mend it.

    \b
    Example:
      reconciler state list
    """


@command.command("list")
@stack_options
@output.format_option
def list_(location: StackLocation, form: str) -> None:
    """List the addresses that are recorded, one a line.

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
    """Show what is recorded of ADDRESS. There is no secret in it.

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
@click.option("--confirm", multiple=True, metavar="ADDRESS", help="Forget this one although it is protected. Repeatable.")
@click.argument("addresses", nargs=-1, required=True, metavar="ADDRESS...")
def rm(location: StackLocation, lock_seconds: float, form: str, confirm: tuple[str, ...], addresses: tuple[str, ...]) -> None:
    """Forget ADDRESS. The connection stays in Infisical and is no longer managed here.

    A protected one is asked for once more, at the terminal or with --confirm: its protection is in its record.

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
            confirmed |= {
                one for one in run(protected_addresses, location, addresses) if one not in confirmed and _typed_again(one)
            }
        removed = run(forget, location, addresses, frozenset(confirmed), lock_seconds)
    output.say(report.state_rm(removed))


def _typed_again(address: str) -> bool:
    output.say(f"`{address}` is protected. Type its address to forget it all the same: ", err=True)
    return sys.stdin.readline().strip() == address


@command.command()
@stack_options
@lock_option
@output.format_option
@click.argument("old")
@click.argument("new")
def mv(location: StackLocation, lock_seconds: float, form: str, old: str, new: str) -> None:
    """Give what is recorded at the address OLD the address NEW. Nothing is sent to Infisical.

    `lifecycle.renamedFrom` in the manifest does the same, where it is reviewed.

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

    There is no key and no secret of a connection in it, but the key of their fingerprints: keep it as the state is kept.

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
@click.option("--force", is_flag=True, help="Store it although it is of another lineage or organisation, or older.")
@click.argument("file", type=click.Path(allow_dash=True, dir_okay=False, path_type=Path))
def push(location: StackLocation, lock_seconds: float, form: str, force: bool, file: Path) -> None:
    """Store the state in FILE (`-`: standard input) in place of the stored one.

    It must be a whole state, of the same lineage and organisation, and not older than the stored one.

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
