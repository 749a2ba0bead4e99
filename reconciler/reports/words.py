"""The words for actions, fields, reasons and guards. All reports take them from here, so they say the same."""

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
    `terraform` are the actions of Terraform's plan representation, `ui` is the action in its machine-readable apply lines.
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
    Action.RECORD: ActionWords("will be recorded, without a change in Infisical", "to record", "recorded"),
    Action.FORGET: ActionWords(
        "will be forgotten, without a change in Infisical", "to forget", "forgotten", ("forget",), "forget"
    ),
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
RECORD_LAGS = "updated to what Infisical already has"
CREDENTIALS_ACCEPTED = "those in Infisical are accepted"
OFFLINE = "This plan was made without Infisical, and without keys and secrets. It cannot be applied."

NAMES_SHOWN = 10
"""The most addresses to name. The others are only counted."""

_DOUBTS = {
    Doubt.WRITTEN_OUTSIDE: "the credentials changed outside reconciler",
    Doubt.NOT_COMPARABLE: "nothing shows whether Infisical has our credentials",
}

_REASONS = {
    Why.NOT_IN_INFISICAL: "it is not in Infisical yet",
    Why.NOTHING_TO_ADOPT: "it is not in Infisical yet, so there is nothing to adopt",
    Why.DELETED_OUTSIDE: "somebody deleted it in Infisical",
    Why.TAKEN_OVER: "it already exists in Infisical, and this stack takes it over",
    Why.MOVED_TO_ANOTHER_PROJECT: (
        "a connection cannot change its project: reconciler creates a new one, then deletes the old one"
    ),
    Why.HOST_CHANGED: "instanceUrl changed",
    Why.VERSION_CHANGED: "credentials.version changed",
    Why.VALUES_CHANGED: "the values changed at their source",
    Why.REFERENCES_CHANGED: "the references to the values changed",
    Why.PERHAPS_SENT: "the credentials are sent again, because nobody knows whether an interrupted apply sent them",
    Why.REASSERTED: "{doubt}; reconciler sends ours",
    Why.COMPARED_AT_APPLY: COMPARED_AT_APPLY,
    Why.ACCEPTED: "{doubt}; reconciler accepts them",
    Why.ONLY_THE_RECORD: "only the record changes: {fields}",
    Why.CREATED_BY_INTERRUPTED_APPLY: "an interrupted apply created it",
    Why.UPDATED_BY_INTERRUPTED_APPLY: "an interrupted apply updated it",
    Why.DELETED_BY_INTERRUPTED_APPLY: "an interrupted apply deleted it",
    Why.MANIFEST_REMOVED: "its manifest ({file}) is gone",
    Why.MANIFEST_REMOVED_AND_RETAINED: "its manifest is gone, and onRemoval: retain keeps it in Infisical",
    Why.MANIFEST_REMOVED_AND_GONE: "its manifest is gone, and somebody deleted it in Infisical",
    Why.DESTROYED: "destroy deletes it",
    Why.DESTROYED_AND_RETAINED: "destroy only forgets it: onRemoval: retain keeps it in Infisical",
    Why.LEFT_BEHIND: "an earlier apply replaced it and could not delete it",
    Why.LEFT_BEHIND_AND_GONE: "an earlier apply replaced it, and it is gone now",
    Why.HELD: "{doubt}",
    Why.HELD_FOR_ITS_HOST: "{doubt}, and their instanceUrl differs from the manifest",
    Why.HELD_WITHOUT_VALUES: "{doubt}; to accept them, reconciler needs key and secret, which are not available here",
    Why.HELD_BECAUSE_IT_MOVES: "{doubt}, and moving the connection would overwrite them",
    Why.PROTECTED_AND_REMOVED: "its manifest ({file}) is gone, but it is protected",
    Why.PROTECTED_AND_MOVED: "a change of project replaces the connection, but it is protected",
    Why.PROTECTED_UNTIL_THE_NEXT_APPLY: "a change of project replaces the connection, but it is still protected",
    Why.PROTECTED_FROM_DESTROY: "it is protected",
    Why.WAITS_FOR_ANOTHER: "it needs {waits_for} first, which was not done",
    Why.RUN_STOPPED: "the run was stopped",
}

_NEXT = {
    Why.HELD: "to send ours, use --reassert-credentials {address}; to keep Infisical's, use --accept-credentials {address}",
    Why.HELD_FOR_ITS_HOST: (
        "to accept them, copy instanceUrl to the manifest; to send ours, use --reassert-credentials {address}"
    ),
    Why.HELD_WITHOUT_VALUES: "make key and secret available to this run",
    Why.HELD_BECAUSE_IT_MOVES: (
        "to send ours, use --reassert-credentials {address}; to keep Infisical's, do not change the project"
    ),
    Why.PROTECTED_AND_REMOVED: (
        "put the manifest back with preventDestroy: false (or onRemoval: retain), apply, then remove it"
    ),
    Why.PROTECTED_AND_MOVED: "set preventDestroy: false in its manifest, and apply twice",
    Why.PROTECTED_UNTIL_THE_NEXT_APPLY: "apply again: this apply only lifts the protection",
    Why.PROTECTED_FROM_DESTROY: "to destroy it too, first set preventDestroy: false in its manifest and apply",
}


def reason(reason: Reason | None) -> str:
    """Return the words for a reason, "" for none."""
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
    """Return the next step for a connection that is held or protected."""
    return _NEXT[kept.reason.why].format(address=kept.address)


def waiting(event: Waiting) -> str:
    """Return why a run waits, and how long."""
    seconds = math.ceil(event.seconds)
    match event.reason:
        case WaitReason.RATE_LIMIT:
            return f"Infisical allows no more requests for now (HTTP {event.status}). reconciler goes on in {seconds} s."
        case WaitReason.FAILED_REQUEST:
            return f"{event.cause or f'Infisical answered HTTP {event.status}.'} reconciler tries again in {seconds} s."
        case WaitReason.STATE_LOCK:
            return f"{event.cause} reconciler waits up to {seconds} s for it."


def _new_manifest(reason: Reason) -> str:
    if not reason.adopts:
        return "its manifest is new"
    adopted = "a connection with its name, if there is one" if reason.adopts == "*" else f"the connection {reason.adopts}"
    return f"its manifest is new; it adopts {adopted}"


def guard(guarded: Guarded) -> tuple[str, str]:
    """Return why a guard stops a plan, and the next step."""
    flag = "--allow-updates" if guarded.what is GuardedWhat.UPDATES else "--allow-deletes"
    hint = f"read the plan; if it is right, use {flag} {guarded.number} for one run"
    if guarded.allowed is not None:
        hint = f"read the plan again: its number is not {guarded.allowed}; if it is right, use {flag} {guarded.number}"
    some = f"{guarded.number} of {guarded.recorded} recorded connections"
    ends = f"this plan deletes, replaces, forgets or re-creates {some}"
    match guarded.what:
        case GuardedWhat.ALL:
            return f"{ends}. After that, the stack would manage nothing.", hint
        case GuardedWhat.DELETES:
            return f"{ends}. One run may do this to at most {guarded.limit} (guards.maxDeletePercent).", hint
        case GuardedWhat.UPDATES:
            return f"this plan updates {some}. One run may update at most {guarded.limit} (guards.maxUpdatePercent).", hint


def named(names: Iterable[str]) -> str:
    """Return the first names, and how many others there are."""
    listed = list(names)
    more = len(listed) - NAMES_SHOWN
    return ", ".join(listed[:NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "")


def counted(number: int, noun: str, plural: str = "") -> str:
    """Return a number of things, such as `2 files`. Without `plural`, the plural ends with an s."""
    return f"{number} {noun if number == 1 else plural or f'{noun}s'}"
