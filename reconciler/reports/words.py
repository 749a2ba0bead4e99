"""The words for actions, fields, reasons and guards. Every report takes them from here, so that all of them say the same."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from reconciler.model import Action, Doubt, Reason, Waiting, WaitReason, Why
from reconciler.model import action as paths
from reconciler.planning import Guarded, GuardedWhat, Kept


@dataclass(frozen=True, slots=True)
class ActionWords:
    """How reports speak of one action.

    `heading` follows the address in a plan. `counted` follows a number in the summary of a plan, `done` in that of an apply.
    `terraform` are the actions of Terraform's plan representation, `ui` is the word of its machine-readable apply lines.
    """

    heading: str
    counted: str
    done: str
    terraform: tuple[str, ...] = ("no-op",)
    ui: str = "noop"
    colour: str = "cyan"


WORDS = {
    Action.CREATE: ActionWords("will be created", "to create", "created", ("create",), "create", "green"),
    Action.RECREATE: ActionWords("will be created again", "to create", "created again", ("create",), "create", "green"),
    Action.UPDATE: ActionWords("will be updated in place", "to update", "updated", ("update",), "update", "yellow"),
    Action.CONDITIONAL: ActionWords(
        "will be compared at apply", "to compare at apply", "compared", ("update",), colour="yellow"
    ),
    Action.REPLACE: ActionWords("will be replaced", "to replace", "replaced", ("create", "delete"), "replace", "red"),
    Action.DELETE: ActionWords("will be deleted", "to delete", "deleted", ("delete",), "delete", "red"),
    Action.ADOPT: ActionWords("will be adopted", "to adopt", "adopted", ui="import"),
    Action.RECORD: ActionWords("will be recorded; nothing is sent", "to record", "recorded"),
    Action.FORGET: ActionWords("will be forgotten; nothing is sent", "to forget", "forgotten", ("forget",), "forget"),
    Action.NOTHING: ActionWords("stays as it is", "unchanged", "unchanged", colour="dim"),
}

ORDER = (
    Action.DELETE,
    Action.REPLACE,
    Action.RECREATE,
    Action.CREATE,
    Action.UPDATE,
    Action.ADOPT,
    Action.FORGET,
    Action.RECORD,
)
"""The most dangerous first."""

FIELD_TITLES = {
    paths.NAME: "name",
    paths.DESCRIPTION: "description",
    paths.PROJECT: "project",
    paths.INSTANCE_URL: "instanceUrl",
    paths.VERSION: "version",
    paths.CONSUMER_KEY: "consumerKey",
    paths.CONSUMER_SECRET: "consumerSecret",
    paths.LABELS: "labels",
    paths.LIFECYCLE: "lifecycle",
}
"""What people read for the path of a field."""

COMPARED_AT_APPLY = "compared at apply; sent only if changed"
RECORD_LAGS = "brought up to date with what Infisical has already"
CREDENTIALS_ACCEPTED = "theirs are taken as right"
OFFLINE = "Not compared with Infisical: what is there, and what the values are, is not known. It cannot be applied."

NAMES_SHOWN = 10
"""How many addresses are named before the others are only counted."""

_DOUBTS = {
    Doubt.WRITTEN_OUTSIDE: "credentials were written outside",
    Doubt.NOT_COMPARABLE: "credentials cannot be compared",
}

_REASONS = {
    Why.NOT_IN_INFISICAL: "it is not in Infisical yet",
    Why.NOTHING_TO_ADOPT: "it is not in Infisical yet; there is nothing of that name to adopt",
    Why.DELETED_OUTSIDE: "it was deleted outside",
    Why.TAKEN_OVER: "it exists and is taken over",
    Why.MOVED_TO_ANOTHER_PROJECT: "a connection cannot move to another project: it is created there, then deleted here",
    Why.HOST_CHANGED: "instanceUrl changed",
    Why.VERSION_CHANGED: "credentials.version changed",
    Why.VALUES_CHANGED: "changed at the source",
    Why.REFERENCES_CHANGED: "its references changed",
    Why.PERHAPS_SENT: "sent again: an interrupted apply may have sent them",
    Why.REASSERTED: "{doubt}; ours are sent again",
    Why.COMPARED_AT_APPLY: COMPARED_AT_APPLY,
    Why.ACCEPTED: "{doubt}; accepted as they are",
    Why.ONLY_THE_RECORD: "only what is recorded changes: {fields}",
    Why.CREATED_BY_INTERRUPTED_APPLY: "created by an interrupted apply",
    Why.UPDATED_BY_INTERRUPTED_APPLY: "updated by an interrupted apply",
    Why.DELETED_BY_INTERRUPTED_APPLY: "deleted by an interrupted apply",
    Why.MANIFEST_REMOVED: "its manifest ({file}) is removed",
    Why.MANIFEST_REMOVED_AND_RETAINED: "its manifest is removed; onRemoval: retain leaves it in Infisical",
    Why.MANIFEST_REMOVED_AND_GONE: "it was deleted outside, and its manifest is removed",
    Why.DESTROYED: "everything is destroyed",
    Why.DESTROYED_AND_RETAINED: "everything is destroyed; onRemoval: retain leaves it in Infisical",
    Why.LEFT_BEHIND: "it was replaced and could not be deleted then",
    Why.LEFT_BEHIND_AND_GONE: "it was replaced and is gone",
    Why.HELD: "{doubt}",
    Why.HELD_FOR_ITS_HOST: "{doubt}, and their instanceUrl differs from the manifest's",
    Why.HELD_WITHOUT_VALUES: "{doubt}; accepting them needs key and secret here",
    Why.HELD_BECAUSE_IT_MOVES: "{doubt}, and moving the connection would replace them",
    Why.PROTECTED_AND_REMOVED: "its manifest ({file}) is removed, and it is protected",
    Why.PROTECTED_AND_MOVED: "the project changed, which would replace it, and it is protected",
    Why.PROTECTED_UNTIL_THE_NEXT_APPLY: "the project changed, which would replace it, and it is protected",
    Why.PROTECTED_FROM_DESTROY: "it is protected",
    Why.WAITS_FOR_ANOTHER: "it waits for {waits_for}, which was not done",
    Why.RUN_STOPPED: "the run was stopped",
}

_NEXT = {
    Why.HELD: "--reassert-credentials {address} sends ours, --accept-credentials {address} keeps theirs",
    Why.HELD_FOR_ITS_HOST: "write theirs into the manifest to accept them, or use --reassert-credentials {address}",
    Why.HELD_WITHOUT_VALUES: "provide the values",
    Why.HELD_BECAUSE_IT_MOVES: "--reassert-credentials {address} sends ours; to keep theirs, leave the project as it is",
    Why.PROTECTED_AND_REMOVED: (
        "put the manifest back with preventDestroy: false and apply, then remove it; or onRemoval: retain"
    ),
    Why.PROTECTED_AND_MOVED: "set preventDestroy: false and apply first",
    Why.PROTECTED_UNTIL_THE_NEXT_APPLY: "apply once more: this apply lifts the protection",
    Why.PROTECTED_FROM_DESTROY: "set preventDestroy: false in its manifest and apply first, if you want to destroy it too",
}


def reason(reason: Reason | None) -> str:
    """Return a reason in words, "" for none."""
    if reason is None:
        return ""
    if reason.why is Why.NEW_MANIFEST:
        return _new_manifest(reason)
    return _REASONS[reason.why].format(
        doubt=_DOUBTS[reason.doubt] if reason.doubt else "",
        fields=", ".join(reason.fields),
        file=reason.file,
        waits_for=reason.waits_for,
    )


def next_step(kept: Kept) -> str:
    """Return what to do about something that is held or protected."""
    return _NEXT[kept.reason.why].format(address=kept.address)


def waiting(event: Waiting) -> str:
    """Return why a run waits, and how long."""
    seconds = math.ceil(event.seconds)
    match event.reason:
        case WaitReason.RATE_LIMIT:
            return f"Infisical allows no more requests for now (HTTP {event.status}). Going on in {seconds} s."
        case WaitReason.FAILED_REQUEST:
            return f"{event.cause or f'Infisical answered HTTP {event.status}.'} Trying again in {seconds} s."
        case WaitReason.STATE_LOCK:
            return f"{event.cause} Trying for {seconds} s more."


def _new_manifest(reason: Reason) -> str:
    if not reason.adopts:
        return "its manifest is new"
    adopted = "a connection with its name, if there is one" if reason.adopts == "*" else f"the connection {reason.adopts}"
    return f"its manifest is new; it adopts {adopted}"


def guard(guarded: Guarded) -> tuple[str, str]:
    """Return what a guard found too much of, and the next step."""
    flag = "--allow-updates" if guarded.what is GuardedWhat.UPDATES else "--allow-deletes"
    hint = f"read the plan; {flag} {guarded.number} lets it through, this once"
    if guarded.allowed is not None:
        again = f"{flag} {guarded.number} lets this one through"
        hint = f"read the plan again: {flag} {guarded.allowed} was for another one; {again}"
    of = f"of {guarded.recorded} recorded connections"
    match guarded.what:
        case GuardedWhat.ALL:
            return f"{_ends(guarded.number)} {of}: nothing that is managed here would remain", hint
        case GuardedWhat.DELETES:
            return f"{_ends(guarded.number)} {of}, and {guarded.limit} may at once (guards.maxDeletePercent)", hint
        case GuardedWhat.UPDATES:
            limit = f"{guarded.limit} may at once (guards.maxUpdatePercent)"
            return f"{guarded.number} {of} would be updated, and {limit}", hint


def _ends(number: int) -> str:
    return f"{number} would end (deleted, replaced, forgotten or re-created)" if number != 1 else "1 would end"


def named(names: Iterable[str]) -> str:
    """Return the first names, and how many more there are."""
    listed = list(names)
    more = len(listed) - NAMES_SHOWN
    return ", ".join(listed[:NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "")


def counted(number: int, noun: str) -> str:
    """Return a number of things, such as `2 files`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
