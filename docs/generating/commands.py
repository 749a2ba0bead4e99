"""The page of commands, from the command line itself: what `--help` says, as tables."""

import inspect
import re
from collections.abc import Iterator

import click

from generating.markdown import block, code, table
from generating.markdown import page as _page
from reconciler.cli.main import cli

_INTRODUCTION = """
Run a command in a stack, which is a directory with a `reconciler.yaml`, or name the stack with `--chdir` or `--config`.

- Reports go to standard output. A plan contains its own warnings and errors, so `plan` and `apply` print them there too.
- All other problems, and the question that `apply` asks, go to standard error.
- `apply`, `destroy`, `state mv`, `state push` and `state rm` lock the state. The other commands do not.
- The [exit codes](exit-codes.md) are the same for all commands.
"""
_OPTION = re.compile(r"(?P<code>`[^`]*`)|(?<![\w-])--[a-z-]+")
_COMPLETION = """
## Completion

`_RECONCILER_COMPLETE=bash_source reconciler` prints what completes commands and options in bash; `zsh_source` and
`fish_source` do so for these shells. Have your shell's start-up file evaluate it.
"""


def page() -> str:
    """Return the page."""
    return _page("Commands", _INTRODUCTION, *_group(cli, "reconciler"), _COMPLETION)


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
    r"""The help in paragraphs; one that begins with `\b` keeps its lines and is an example."""
    paragraphs = inspect.cleandoc(command.help or "").split("\n\n")
    for paragraph in paragraphs:
        lines = paragraph.splitlines()
        if lines[0].strip() == "\b":
            yield lines[1]
            yield block(inspect.cleandoc("\n".join(lines[2:])))
        else:
            yield _OPTION.sub(lambda found: found["code"] or code(found[0]), paragraph)


def _options(command: click.Command) -> str:
    context = click.Context(command)
    options = [option for option in command.get_params(context) if isinstance(option, click.Option)]
    rows = [_row(option, context) for option in options if "--help" not in option.opts]
    return table(("option", "value", "default", "meaning"), rows) if rows else ""


def _row(option: click.Option, context: click.Context) -> tuple[str, str, str, str]:
    value = "" if option.is_flag else option.make_metavar(context).strip("[]")
    default = option.get_default(context)
    shown = "" if option.is_flag or option.multiple or not isinstance(default, (str, int, float)) else str(default)
    return ", ".join(code(name) for name in option.opts), code(value), code(shown), option.help or ""
