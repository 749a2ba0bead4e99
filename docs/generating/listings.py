"""Makes the pages of exit codes and of environment variables."""

from generating.markdown import code, page, table
from reconciler.cli import exits
from reconciler.cli.effects import EFFECTS
from reconciler.cli.variables import TOPICS, Variable
from reconciler.config.trust import PINNED
from reconciler.secrets.environment import RUNNERS_OWN

_MEANINGS = {
    "DONE": "Everything is done. Nothing is left to do.",
    "FAILED": "The command failed, and wrote nothing to Infisical. Or the command line is wrong. Or a check found something "
    "wrong: `login --check`, `salesforce check`, or the log-ins that `apply` tries before its first write.",
    "CHANGES": "There is a difference: changes (`plan --detailed-exitcode`), drift (`drift`), or an org that differs from its "
    "manifests (`salesforce metadata --check`). No other command exits with 2.",
    "INVALID": "A manifest or `reconciler.yaml` is invalid. reconciler plans nothing.",
    "LEFT": "reconciler did everything it tried, but left something alone: a held or protected connection, or a plan that a "
    "guard stops. Or nobody approved the apply, or confirmed that `state rm` forgets a protected connection. Or the trusted "
    "configuration could not be read. `plan` exits with 4 if something is held, protected or stopped by a guard.",
    "STALE": "The decisions are no longer those of the saved plan or of `--expect`. Or the log-in is for another "
    "organisation than the state. Or another program changed the state during the run, before the run wrote anything.",
    "LOCKED": "Another run holds the lock of the state.",
    "PARTIAL": "reconciler wrote something, but at least one change failed, was interrupted or was not tried. Apply again.",
}
_SIGNALS = ("130, 143", "Ctrl-C (130) or a request to end (143, SIGTERM) stopped the run before it wrote anything.")
_ORDER = """
Codes 3, 5 and 6 stop a run before it does anything, so no other code applies at the same time. If several of the other codes
apply, the command exits with the first of this list: 7, 130 or 143, 1, 4, 2, 0. `--format` never changes the code.

If the program that reads the output ends early, as `head` does, a command that only shows something exits with 141. `apply`
continues without output.
"""
_COMMANDS = """
## Which command exits with which code

130 and 143 are not in this table: a signal can end every command.
"""
_PYTHON = """
## In a script

With `set -e`, a shell stops at every code except 0. If your script expects several codes, read the code:
"""
_EXAMPLE = """
```sh
code=0
reconciler plan --detailed-exitcode || code=$?
case $code in
    0) echo "nothing to do" ;;
    2) echo "changes" ;;
    4) echo "something is held, protected or stopped by a guard; there may be changes too" ;;
    *) exit "$code" ;;
esac
```
"""


def exit_codes() -> str:
    """Return the page of exit codes; a code of `exits` without a meaning here is an error."""
    codes = {name: value for name, value in vars(exits).items() if name.isupper() and type(value) is int}
    del codes["SIGNAL"]
    rows = [(str(value), _MEANINGS[name]) for name, value in sorted(codes.items(), key=lambda item: item[1])]
    introduction = "A code means the same for every command."
    hidden = f"<!-- run\n{_STACK}\n-->"
    meanings = table(("code", "meaning"), [*rows, _SIGNALS])
    return page("Exit codes", introduction, meanings, _ORDER, _COMMANDS, _by_command(), _PYTHON, hidden, _EXAMPLE)


def _by_command() -> str:
    codes = sorted({number for row in EFFECTS.values() for number in row.codes})
    rows = [(code(name), *("x" if number in row.codes else "" for number in codes)) for name, row in EFFECTS.items()]
    return table(("command", *map(str, codes)), rows)


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
        "reconciler reads these environment variables. No option and no key of `reconciler.yaml` takes a secret value: secrets "
        "are in variables, in files of their own, or in Infisical.",
        *parts,
        "## What the trusted configuration decides",
        f"If `RECONCILER_TRUSTED_CONFIG` is set, these keys of `reconciler.yaml` come from there: {pinned}. "
        "[Trust](../explanation/trust.md) explains why.",
        _RUNNERS,
        ", ".join(code(name) for name in RUNNERS_OWN) + ".",
        _LIFTED,
    )


_RUNNERS = """
## Variables that a manifest may not name

`fromEnv` is for variables of your own. The variables below hold the credentials or the set-up of the runner itself. If a
manifest names one of them, reconciler refuses it:
"""
_LIFTED = """
A trusted configuration can allow one of them: it must give the exact name in `secretSources.env.allow`. A glob does not allow
it.
"""


def _row(variable: Variable) -> tuple[str, str, str]:
    read_by = f" Read by {variable.read_by}." if variable.read_by else ""
    return code(variable.name), "yes" if variable.secret else "", variable.meaning + read_by
