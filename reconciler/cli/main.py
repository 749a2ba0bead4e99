"""The `reconciler` command: finds the subcommand, and turns the end of a run into a message and an exit code."""

import errno
import gc
import importlib
import io
import os
import sys
from pathlib import Path

import click

from reconciler import __version__

_COMMANDS = {
    "validate": "Check reconciler.yaml and the manifests. Reads nothing else.",
    "plan": "Show what apply would change. Changes nothing.",
    "apply": "Change Infisical so that it matches the manifests.",
    "destroy": "Delete the connections that this stack manages, or some of them.",
    "show": "Show a saved plan.",
    "drift": "Show what changed outside reconciler since the last apply.",
    "login": "Check the log-in to Infisical, and its permissions.",
    "salesforce": "Check log-ins to Salesforce, and write External Client Apps as metadata.",
    "export": "Write manifests for the connections in Infisical.",
    "state": "Show what was last applied, and repair that record.",
    "serve": "Serve a simulated Infisical and Salesforce, for tests.",
    "version": "Show the version of reconciler and its formats.",
}


class _Commands(click.Group):
    """Knows its commands by name; imports the one that is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"reconciler.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, "-V", "--version", prog_name="reconciler", message="%(prog)s %(version)s")
def cli() -> None:
    """Keep Salesforce connections in Infisical in line with YAML manifests.

    \b
    First steps, in a directory with a reconciler.yaml:
      reconciler validate
      reconciler plan
      reconciler apply

    \b
    Exit codes:
      0         done, nothing left to do
      1         failed
      2         changes: plan --detailed-exitcode, drift, and every --check
                that compares files (salesforce metadata)
      3         the manifests or reconciler.yaml are invalid
      4         something is left: protected, held, guarded or not approved
      5         stale or different plan
      6         locked by another run
      7         partly applied
      130, 143  interrupted before any write
    """


def main() -> None:
    """Run the command line and exit with its code."""
    _ready_streams()
    gc.set_threshold(200_000, 50, 100)  # thousands of values are made and kept; hardly any are cycles
    try:
        code = cli.main(standalone_mode=False) or 0
        sys.stdout.flush()
    except click.ClickException as wrong:
        from reconciler.cli import exits, output

        output.say_usage_error(wrong)
        code = exits.FAILED
    except (click.Abort, KeyboardInterrupt):
        from reconciler.cli import signals

        code = signals.end_interrupted()
    except OSError as broken:
        # Whoever reads or writes a file reports what goes wrong with it. This error is about the output itself.
        from reconciler.cli import exits, output, signals

        output.silence(sys.stdout)
        code = signals.end_broken_pipe() if broken.errno == errno.EPIPE else exits.FAILED
    except Exception:  # noqa: BLE001  # a defect of ours: its words may be somebody else's, so they go the way of all output
        import traceback

        from reconciler.cli import exits, output

        output.say(traceback.format_exc(), err=True)
        code = exits.FAILED
    sys.exit(code)


def _ready_streams() -> None:
    """Make the standard streams usable: a closed stream, or one with another encoding, does not stop a run."""
    if sys.stdout is None:
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
