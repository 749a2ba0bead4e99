"""`reconciler serve`."""

import json
import logging
from pathlib import Path
from typing import Any

import click

from reconciler.cli import output, signals
from reconciler.reports import harmless_json

_FAULTS = ("drop", "drop-after", "500", "500-after", "503", "truncate-after", "html")


class _Said(logging.Handler):
    """Shows what the HTTP server logs, on standard error."""

    def emit(self, record: logging.LogRecord) -> None:
        output.say(f"{self.format(record)}\n", err=True)


class _Chance(click.ParamType[tuple[str, float]]):
    """KIND=CHANCE."""

    name = "KIND=CHANCE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, float]:
        kind, _, text = str(value).partition("=")
        if kind not in _FAULTS:
            self.fail(f"`{kind}` is none of {', '.join(_FAULTS)}", param, ctx)
        try:
            chance = float(text or 1)
        except ValueError:
            chance = -1
        if not 0 <= chance <= 1:
            self.fail(f"`{text}` is no chance: write a number from 0 to 1, such as {kind}=0.1", param, ctx)
        return kind, chance


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="Infisical's port; 0: any free one."
)
@click.option(
    "--salesforce-port",
    type=click.IntRange(0, 65535),
    default=0,
    help="The simulated Salesforce's port. [default: any free one]",
)
@click.option(
    "--db",
    "database",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path(".reconciler/infisical.db"),
    show_default=True,
    help="Everything it holds, as an SQLite file; made at the first start.",
)
@click.option("--orgs", type=click.Path(dir_okay=False, path_type=Path), help="The simulated Salesforce orgs.")
@click.option(
    "--project", "projects", multiple=True, metavar="SLUG", help="A project that is there from the start. Repeatable."
)
@click.option(
    "--credentials-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write addresses and credentials here, mode 0600, instead of to standard output.",
)
@click.option(
    "--read-limit", type=click.IntRange(1), metavar="N", help="Answer 429 above N reads a minute, as Infisical Cloud."
)
@click.option("--write-limit", type=click.IntRange(1), metavar="N", help="Answer 429 above N writes a minute.")
@click.option(
    "--limit-window",
    "limit_window_seconds",
    type=click.FloatRange(min=0, min_open=True),
    default=60,
    metavar="SECONDS",
    help="What a minute is for these limits, so that a test need not wait.",
)
@click.option("--older-build", is_flag=True, help="Behave as the first Infisical that knew Salesforce.")
@click.option(
    "--fault",
    "faults",
    multiple=True,
    type=_Chance(),
    help=f"Let this part of the requests fail: {', '.join(_FAULTS)}. Repeatable.",
)
@click.option("--delay", "delay_ms", type=click.IntRange(0), default=0, metavar="MS", help="Hold every request up.")
@click.option("--seed", type=int, default=0, show_default=True, help="Which requests fail.")
def command(  # an option each
    credentials_file: Path | None, faults: tuple[tuple[str, float], ...], delay_ms: int, **options: Any
) -> None:
    """Serve the embedded Infisical and its simulated Salesforce over HTTP.

    For tests and for trying things out: no real Salesforce is asked. The first start makes a machine identity and gives its
    credentials once, as one JSON object: url, salesforceUrl, organizationId, clientId, clientSecret. Later starts give the
    addresses alone. An org is reached by its host's name, on either port.

    \b
    Example:
      reconciler serve --orgs salesforce-orgs.yaml --project crm
    """
    from reconciler.operations.serving import Fault, Served, Serving, serve, write_credentials

    chances = {Fault(kind): chance for kind, chance in faults}
    if sum(chances.values()) > 1:
        raise click.UsageError("The chances of --fault are more than 1 together.")

    def ready(served: Served) -> None:
        if credentials_file:
            write_credentials(credentials_file, served)
            output.say(f"Serving {served.url}, Salesforce {served.salesforce_url}.\n", err=True)
        else:
            output.say(harmless_json(json.dumps(served.told())) + "\n")

    logging.basicConfig(handlers=[_Said()], level=logging.WARNING)
    with output.stops(), signals.heeded() as interruption:
        serve(Serving(faults=chances, delay_seconds=delay_ms / 1000, **options), ready, interruption)
