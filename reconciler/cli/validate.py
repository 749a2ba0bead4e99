"""`reconciler validate`."""

import click

from reconciler.cli import exits, output
from reconciler.cli.options import stack_options
from reconciler.operations.stack import Where


@click.command()
@stack_options
def command(where: Where) -> None:
    """Check reconciler.yaml and every manifest, and show all problems at once.

    Reads files only: no network, no secret, no state.

    \b
    Example:
      reconciler validate --chdir crm
    """
    from reconciler.operations.validate import validate

    with output.stops():
        validated = validate(where)
    output.say_problems(validated.diagnostics)
    if not validated.valid:
        errors = sum(1 for one in validated.diagnostics if one.severity == "error")
        click.echo(f"Not valid: {errors} {'error' if errors == 1 else 'errors'}.", err=True)
        raise click.exceptions.Exit(exits.INVALID)
    connections, files = len(validated.manifests.connections), len(validated.manifests.files)
    click.echo(
        f"Valid: {connections} {'connection' if connections == 1 else 'connections'} "
        f"in {files} {'file' if files == 1 else 'files'}."
    )
