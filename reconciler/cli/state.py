"""`reconciler state list|show|rm`."""

import click

from reconciler.cli import output
from reconciler.cli.options import lock_option, stack_options
from reconciler.operations.stack import Where


@click.group()
def command() -> None:
    """Look at what was last applied, or forget some of it.

    \b
    Example:
      reconciler state list
    """


@command.command("list")
@stack_options
def list_(where: Where) -> None:
    """List the addresses that are recorded, one a line.

    \b
    Example:
      reconciler state list | grep crm
    """
    from reconciler.operations.state import load_state

    with output.stops():
        state = load_state(where)
    for address in sorted(state.records) if state else ():
        click.echo(address)


@command.command()
@stack_options
@click.argument("address")
def show(where: Where, address: str) -> None:
    """Show what is recorded of ADDRESS. There is no secret in it.

    \b
    Example:
      reconciler state show crm-production
    """
    from reconciler.operations.state import record_of

    with output.stops():
        record = record_of(where, address)
    output.say(output.text_report().record(record))


@command.command()
@stack_options
@lock_option
@click.argument("addresses", nargs=-1, required=True, metavar="ADDRESS...")
def rm(where: Where, lock_seconds: float, addresses: tuple[str, ...]) -> None:
    """Forget ADDRESS. The connection stays in Infisical and is no longer managed here.

    \b
    Example:
      reconciler state rm crm-old
    """
    from reconciler.operations.state import forget

    with output.stops():
        removed = forget(where, addresses, lock_seconds)
    for record in removed:
        click.echo(f"Forgotten: {record.address} (still in Infisical as {record.id})")
