"""The pages that are lists: exit codes and environment variables."""

from generating.markdown import code, page, table
from reconciler.cli import exits
from reconciler.cli.variables import TOPICS, Variable
from reconciler.config.trust import PINNED
from reconciler.secrets.environment import RUNNERS_OWN

_MEANINGS = {
    "DONE": "The command succeeded.",
    "FAILED": "The command failed and wrote nothing, or an option or argument is wrong. `salesforce check` exits with 1 when a "
    "log-in does not work, `login --check` when a permission is missing.",
    "CHANGES": "There is a difference. Only three commands exit with 2: `plan --detailed-exitcode` (the plan has changes), "
    "`drift` (something drifted) and `salesforce metadata --check` (the org differs).",
    "INVALID": "A manifest or `reconciler.yaml` is invalid. reconciler planned nothing.",
    "LEFT": "`apply` and `destroy` left something: it is held, protected or stopped by a guard, or nobody approved the plan. "
    "`plan` exits with 4 when its apply would leave something, `state rm` when an address is protected. A command that needs "
    "the trusted configuration exits with 4 when it cannot read it.",
    "STALE": "reconciler would now do something different from what the saved plan or `--expect` says. Or the log-in belongs "
    "to another organisation than the state, somebody else changed the state during the run, or `state push` refuses a state.",
    "LOCKED": "Another run holds the lock of the state.",
    "PARTIAL": "The apply wrote something, and a change failed, was interrupted or was not tried. Apply again.",
}
_SIGNALS = ("130, 143", "Ctrl-C (130) or SIGTERM (143) stopped the command before it wrote anything.")
_ORDER = """
3, 5 and 6 stop a command before it does anything. If several other codes fit, the command exits with the first of these: 7,
130 or 143, 1, 4, 2, 0. `--format` and `--out` never change the code. If the reader of a pipe goes away, as `head` does, a
command that only shows something exits with 141. An apply continues.
"""
_PYTHON = """
## In a script

With `set -e`, a shell stops at every code except 0. Read the code if more than one is right for you:
"""
_EXAMPLE = """
```sh
code=0
reconciler plan --detailed-exitcode || code=$?
case $code in
    0) echo "nothing to do" ;;
    2) echo "changes" ;;
    4) echo "something is held, protected or stopped by a guard" ;;
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
