"""Makes the page of commands from the command line itself: the texts of `--help`, as tables."""

import inspect
import re
from collections.abc import Iterator

import click

from generating.markdown import block, code, table
from generating.markdown import page as _page
from reconciler.cli.effects import EFFECTS
from reconciler.cli.main import cli

_INTRODUCTION = """
Run a command in a stack: a directory with a `reconciler.yaml`, or a directory below it. To name another stack, use `--chdir` or
`--config`. `show`, `serve` and `version` need no stack.

Reports go to standard output. Errors, warnings, questions and progress go to standard error. The errors and warnings of a plan
are an exception: they are a part of the plan, on standard output. With `--format json`, every command also writes its errors
and warnings to standard output, as JSON. A wrong command line is an exception: its error goes only to standard error.

All commands use the same [exit codes](exit-codes.md).
"""
_CODE = re.compile(r"(`[^`]*`)")
_OPTION = re.compile(r"(?<!\w)--[a-z-]+")
_EFFECTS = """
## What each command reads and writes

Only commands that write the state lock it. You can run every other command while an apply is running. Every command with
`--log-http` also writes that log. An empty cell means no.
"""
_COMPLETION = """
## Completion

`_RECONCILER_COMPLETE=bash_source reconciler` prints a script that completes commands and options in bash. For zsh or fish, use
`zsh_source` or `fish_source`. Evaluate the script in the start-up file of your shell.
"""


def page() -> str:
    """Return the page."""
    return _page("Commands", _INTRODUCTION, *_group(cli, "reconciler"), _EFFECTS, _effects(), _COMPLETION)


def _effects() -> str:
    heads = ("command", "state", "calls Infisical", "asks Salesforce", "reads keys and secrets", "writes", "note")
    rows = [
        (
            code(name),
            row.state.value,
            "yes" if row.calls_infisical else "",
            "yes" if row.asks_salesforce else "",
            "yes" if row.reads_values else "",
            row.writes,
            row.note,
        )
        for name, row in EFFECTS.items()
    ]
    return table(heads, rows)


def _group(group: click.Group, path: str) -> Iterator[str]:
    for name in group.list_commands(click.Context(group)):
        command = group.get_command(click.Context(group), name)
        if isinstance(command, click.Group):
            yield f"## {path} {name}"
            yield from _described(command)
            yield from _group(command, f"{path} {name}")
        elif command is not None:
            yield f"{'##' if path == 'reconciler' else '###'} {path} {name}"
            yield block(f"{path} {name} {_usage(command)}".rstrip())
            yield from _described(command)
            yield _options(command)


def _usage(command: click.Command) -> str:
    return " ".join(command.collect_usage_pieces(click.Context(command)))


def _described(command: click.Command) -> Iterator[str]:
    r"""Yield the paragraphs of the help. A paragraph that begins with `\b` is an example, and keeps its lines."""
    paragraphs = inspect.cleandoc(command.help or "").split("\n\n")
    for paragraph in paragraphs:
        lines = paragraph.splitlines()
        if lines[0].strip() == "\b":
            yield lines[1]
            yield block(inspect.cleandoc("\n".join(lines[2:])))
        else:
            yield _with_code(paragraph)


def _with_code(text: str) -> str:
    """Return `text` with its options as code. It does not change text that is code already."""
    parts = _CODE.split(text)
    return "".join(part if part.startswith("`") else _OPTION.sub(r"`\g<0>`", part) for part in parts)


def _options(command: click.Command) -> str:
    context = click.Context(command)
    options = [option for option in command.get_params(context) if isinstance(option, click.Option)]
    rows = [_row(option, context) for option in options if "--help" not in option.opts]
    return table(("option", "value", "default", "meaning"), rows) if rows else ""


def _row(option: click.Option, context: click.Context) -> tuple[str, str, str, str]:
    value = "" if option.is_flag else option.make_metavar(context).strip("[]")
    default = option.get_default(context)
    shown = "" if option.is_flag or option.multiple or not isinstance(default, (str, int, float)) else str(default)
    return ", ".join(code(name) for name in option.opts), code(value), code(shown), _with_code(option.help or "")
