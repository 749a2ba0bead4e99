"""`reconciler validate`."""

from typing import Any

import click

from reconciler.cli import exits, output
from reconciler.cli.options import stack_options
from reconciler.model import LifecyclePath
from reconciler.operations.location import StackLocation
from reconciler.reports import ValidationReport


class _LifecyclePath(click.ParamType[LifecyclePath]):
    """A directory of the stack."""

    name = "path"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> LifecyclePath:
        try:
            return LifecyclePath.parse(str(value))
        except ValueError as wrong:
            self.fail(str(wrong), param, ctx)


@click.command()
@stack_options
@click.option(
    "--protect-lifecycle",
    "lifecycle_paths",
    type=_LifecyclePath(),
    multiple=True,
    metavar="PATH",
    help="Allow `lifecycle` only in manifests in this directory of the stack. Repeatable; '*' and '**' as in `manifests`.",
)
@output.format_option
def command(location: StackLocation, lifecycle_paths: tuple[LifecyclePath, ...], form: str) -> None:
    """Check reconciler.yaml and every manifest, and show all problems at once.

    It reads files only: no network, no secret, no state.

    \b
    Example:
      reconciler validate --chdir crm
    """
    from reconciler.operations.validate import validate

    report: ValidationReport = output.report(form)
    with output.stops(report.validation_stopped):
        validation = validate(location, lifecycle_paths)
    output.say_problems(validation.diagnostics)
    output.say(report.validation(validation), err=form == "text" and not validation.valid)
    if not validation.valid:
        raise click.exceptions.Exit(exits.INVALID)
