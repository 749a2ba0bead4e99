"""`reconciler serve`."""

import json
import logging
from pathlib import Path
from typing import Any

import click

from reconciler.cli import output, signals
from reconciler.reports import harmless_json

_FAULTS = ("drop", "drop-after", "500", "500-after", "503", "truncate-after", "html")


class _LogOutput(logging.Handler):
    """Shows what the HTTP server logs, on standard error."""

    def emit(self, record: logging.LogRecord) -> None:
        output.say(f"{self.format(record)}\n", err=True)


class _Chance(click.ParamType[tuple[str, float]]):
    """KIND=CHANCE."""

    name = "KIND=CHANCE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, float]:
        kind, _, text = str(value).partition("=")
        if kind not in _FAULTS:
            self.fail(f"`{kind}` is not a fault: choose one of {', '.join(_FAULTS)}", param, ctx)
        try:
            chance = float(text or 1)
        except ValueError:
            chance = -1
        if not 0 <= chance <= 1:
            self.fail(f"`{text}` is not a chance: write a number from 0 to 1, such as {kind}=0.1", param, ctx)
        return kind, chance


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8080,
    show_default=True,
    help="The port of the simulated Infisical. 0 takes any free port.",
)
@click.option(
    "--salesforce-port",
    type=click.IntRange(0, 65535),
    default=0,
    help="The port of the simulated Salesforce. [default: any free port]",
)
@click.option(
    "--db",
    "database",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path(".reconciler/infisical.db"),
    show_default=True,
    help="The SQLite file that holds all data. The first start creates it.",
)
@click.option("--orgs", type=click.Path(dir_okay=False, path_type=Path), help="The file that describes the simulated orgs.")
@click.option("--project", "projects", multiple=True, metavar="SLUG", help="A project that exists from the start. Repeatable.")
@click.option(
    "--credentials-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write addresses and credentials into this file (mode 0600), not to standard output.",
)
@click.option(
    "--read-limit",
    type=click.IntRange(1),
    metavar="N",
    help="Answer 429 to more than N reads a minute, as Infisical Cloud does.",
)
@click.option("--write-limit", type=click.IntRange(1), metavar="N", help="Answer 429 to more than N writes a minute.")
@click.option(
    "--limit-window",
    "limit_window_seconds",
    type=click.FloatRange(min=0, min_open=True),
    default=60,
    metavar="SECONDS",
    help="Count these limits over this time instead of a minute, to make tests faster.",
)
@click.option("--older-build", is_flag=True, help="Behave like the first Infisical that supported Salesforce.")
@click.option(
    "--fault",
    "faults",
    multiple=True,
    type=_Chance(),
    help=f"Make this share of the requests fail. Kinds: {', '.join(_FAULTS)}. Repeatable.",
)
@click.option("--delay", "delay_ms", type=click.IntRange(0), default=0, metavar="MS", help="Delay every request.")
@click.option("--seed", type=int, default=0, show_default=True, help="Another number makes other requests fail.")
def command(  # an option each
    credentials_file: Path | None, faults: tuple[tuple[str, float], ...], delay_ms: int, **options: Any
) -> None:
    """Serve the embedded Infisical and its simulated Salesforce over HTTP.

    Use it for tests and to try things out: it never asks a real Salesforce. The first start creates a machine identity and
    prints its credentials once, as one JSON object: url, salesforceUrl, organizationId, clientId, clientSecret. Later starts
    print the object without the credentials. You reach an org by its host name, on either port.

    \b
    Example:
      reconciler serve --orgs salesforce-orgs.yaml --project crm
    """
    from reconciler.operations.serving import Fault, Served, Serving, serve, write_credentials

    chances = {Fault(kind): chance for kind, chance in faults}
    if sum(chances.values()) > 1:
        raise click.UsageError("The chances of --fault add up to more than 1.")

    def ready(served: Served) -> None:
        if credentials_file:
            write_credentials(credentials_file, served)
            output.say(f"Serving Infisical at {served.url} and Salesforce at {served.salesforce_url}.\n", err=True)
        else:
            output.say(harmless_json(json.dumps(served.told())) + "\n")

    logging.basicConfig(handlers=[_LogOutput()], level=logging.WARNING)
    with output.stops(), signals.handle_signals() as interruption:
        serve(Serving(faults=chances, delay_seconds=delay_ms / 1000, **options), ready, interruption)
