"""The pages that are lists: exit codes and environment variables."""

from generating.markdown import code, page, table
from reconciler.cli import exits
from reconciler.cli.variables import TOPICS, Variable
from reconciler.config.trust import PINNED
from reconciler.secrets.environment import RUNNERS_OWN

_MEANINGS = {
    "DONE": "Done; nothing is left to do.",
    "FAILED": "Failed, and nothing was written; or the command was used wrongly.",
    "CHANGES": "There are changes. Only with `plan --detailed-exitcode`.",
    "INVALID": "A manifest or `reconciler.yaml` is invalid. Nothing is planned.",
    "LEFT": "All that was tried is done, but something held or protected was left; or the apply was not approved, or the "
    "trusted configuration was not to be had. `plan` says 4 when its apply would leave something.",
    "STALE": "What is decided now is not what the saved plan or `--expect` says; or this is another organisation, or the state "
    "was changed by somebody else.",
    "LOCKED": "Another run holds the state.",
    "PARTIAL": "Something was written, and a change failed, was interrupted or was not tried. Apply again.",
}
_SIGNALS = ("130, 143", "Interrupted (by Ctrl-C, or by a request to end) before anything was written.")
_ORDER = """
3, 5 and 6 stop a run before it does anything, and stand alone. Otherwise the first that holds of 7, 130 or 143, 1, 4, 2 and 0
is the code. `--format` and `--out` never change it. When the reader of a pipe goes away, as `head` does, a command that was
only showing something ends with 141; an apply goes on.
"""
_PYTHON = """
## In a script

With `set -e` a shell stops at any code but 0. Ask for the code where several are right:
"""
_EXAMPLE = """
```sh
code=0
reconciler plan --detailed-exitcode || code=$?
case $code in
    0) echo "nothing to do" ;;
    2) echo "changes" ;;
    4) echo "changes or not, something is held or protected" ;;
    *) exit "$code" ;;
esac
```
"""


def exit_codes() -> str:
    """Return the page of exit codes; a code of `exits` without a meaning here is an error."""
    codes = {name: value for name, value in vars(exits).items() if name.isupper() and type(value) is int}
    del codes["SIGNAL"]
    rows = [(str(value), _MEANINGS[name]) for name, value in sorted(codes.items(), key=lambda item: item[1])]
    introduction = "They are the same for every command."
    hidden = f"<!-- run\n{_STACK}\n-->"
    return page("Exit codes", introduction, table(("code", "meaning"), [*rows, _SIGNALS]), _ORDER, _PYTHON, hidden, _EXAMPLE)


_STACK = "cp -R examples/quickstart my-stack\ncd my-stack"


def environment() -> str:
    """Return the page of environment variables."""
    parts = []
    for topic in TOPICS:
        parts.append(f"## {topic.title}")
        parts.append(table(("variable", "secret", "meaning"), [_row(variable) for variable in topic.variables]))
    pinned = ", ".join(code(".".join(path)) for path in PINNED)
    return page(
        "Environment variables",
        "Values that are secret come from the environment alone: there is no option and no key of a file for them.",
        *parts,
        f"What `RECONCILER_TRUSTED_CONFIG` decides: {pinned}. [Trust](../explanation/trust.md) says why.",
        _RUNNERS,
        ", ".join(code(name) for name in RUNNERS_OWN) + ".",
        _LIFTED,
    )


_RUNNERS = """
## Variables that a manifest may not name

`fromEnv` reads variables of your own. These hold a runner's own credentials or its set-up, and a manifest that names one is
refused:
"""
_LIFTED = """
A trusted configuration lets one in by its exact name in `secretSources.env.allow`; a glob there does not.
"""


def _row(variable: Variable) -> tuple[str, str, str]:
    read_by = f" Read by {variable.read_by}." if variable.read_by else ""
    return code(variable.name), "yes" if variable.secret else "", variable.meaning + read_by
