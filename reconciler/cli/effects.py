"""What each command reads, calls, locks and writes, and which exit codes it can end with.

The reference is made from this table, and a test runs every command against it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from reconciler.cli.exits import CHANGES, DONE, FAILED, INVALID, LEFT, LOCKED, PARTIAL, STALE


class StateUse(StrEnum):
    """What a command does with the state. Only a command that writes the state locks it."""

    NONE = ""
    READS = "reads"
    WRITES = "locks, writes"


@dataclass(frozen=True, slots=True)
class Effects:
    """What one command does. The flags describe a run without options; `note` names the options that change them.

    `codes` are the exit codes it chooses itself: a signal can end every command. `writes` is what it writes besides the state.
    """

    codes: tuple[int, ...]
    state: StateUse = StateUse.NONE
    calls_infisical: bool = False
    asks_salesforce: bool = False
    reads_values: bool = False
    writes: str = ""
    note: str = ""


_ALWAYS = (DONE, FAILED)
_OPENS_A_STACK = (*_ALWAYS, INVALID, LEFT)
"""A command that reads reconciler.yaml exits with 3 if the file is invalid, with 4 if the trusted configuration is missing."""
_WRITES_STATE = (*_OPENS_A_STACK, STALE, LOCKED)
_APPLIES = (*_WRITES_STATE, PARTIAL)

EFFECTS: Mapping[str, Effects] = MappingProxyType(
    {
        "validate": Effects(_OPENS_A_STACK),
        "plan": Effects(
            (DONE, FAILED, CHANGES, INVALID, LEFT, STALE),
            StateUse.READS,
            calls_infisical=True,
            reads_values=True,
            writes="the file of `--out`",
            note="With `--offline` it reads only manifests and Git. It exits with 2 only with `--detailed-exitcode`. "
            "In GitHub Actions, `--format markdown` also writes the job summary.",
        ),
        "apply": Effects(
            _APPLIES,
            StateUse.WRITES,
            calls_infisical=True,
            asks_salesforce=True,
            reads_values=True,
            writes="connections in Infisical",
            note="With `salesforce.preflight: off` it asks Salesforce only after Infisical refused credentials.",
        ),
        "destroy": Effects(_APPLIES, StateUse.WRITES, calls_infisical=True, writes="connections in Infisical"),
        "show": Effects(_ALWAYS, note="In GitHub Actions, `--format markdown` also writes the job summary."),
        "drift": Effects(
            (DONE, FAILED, CHANGES, INVALID, LEFT, STALE), StateUse.READS, calls_infisical=True, reads_values=True
        ),
        "login": Effects(
            _OPENS_A_STACK,
            StateUse.READS,
            calls_infisical=True,
            note="With `--for apply` it sends Infisical one create that cannot succeed, to see whether the log-in may create.",
        ),
        "salesforce check": Effects(
            _OPENS_A_STACK,
            asks_salesforce=True,
            reads_values=True,
            note="It calls Infisical only if a manifest uses `fromInfisical`.",
        ),
        "salesforce metadata": Effects(
            (DONE, FAILED, CHANGES, INVALID, LEFT),
            writes="a Salesforce DX project",
            note="With `--check` it writes nothing. It exits with 2 only with `--check`.",
        ),
        "export": Effects((*_OPENS_A_STACK, STALE), StateUse.READS, calls_infisical=True, writes="manifests"),
        "state list": Effects(_OPENS_A_STACK, StateUse.READS),
        "state show": Effects(_OPENS_A_STACK, StateUse.READS),
        "state rm": Effects(_WRITES_STATE, StateUse.WRITES),
        "state mv": Effects(_WRITES_STATE, StateUse.WRITES),
        "state pull": Effects(_OPENS_A_STACK, StateUse.READS),
        "state push": Effects(_WRITES_STATE, StateUse.WRITES),
        "serve": Effects((*_ALWAYS, INVALID), writes="the database of `--db`"),
        "version": Effects(_ALWAYS),
    }
)
"""By the words after `reconciler`, in the order of `reconciler --help`."""
