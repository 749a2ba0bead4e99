"""Why a change is made, as a value. Reports turn a reason into words; no decision ever depends on those words."""

from dataclasses import dataclass
from enum import StrEnum


class Doubt(StrEnum):
    """What nobody can know about the credentials that Infisical has."""

    WRITTEN_OUTSIDE = "written-outside"
    """Their hash changed, and we did not write them."""
    NOT_COMPARABLE = "not-comparable"
    """There is nothing to compare their hash with: we never sent them, or the server gives no hash."""


class Why(StrEnum):
    """The kind of a reason. A comment behind a kind names the arguments that it uses."""

    # create, re-create
    NOT_IN_INFISICAL = "not-in-infisical"
    NOTHING_TO_ADOPT = "nothing-to-adopt"
    DELETED_OUTSIDE = "deleted-outside"
    NEW_MANIFEST = "new-manifest"  # adopts: the id it adopts, "*" for whatever has its name
    # adopt
    TAKEN_OVER = "taken-over"
    # replace
    MOVED_TO_ANOTHER_PROJECT = "moved-to-another-project"
    # update
    HOST_CHANGED = "host-changed"
    VERSION_CHANGED = "version-changed"
    VALUES_CHANGED = "values-changed"
    REFERENCES_CHANGED = "references-changed"
    PERHAPS_SENT = "perhaps-sent"
    REASSERTED = "reasserted"  # doubt
    # conditional update
    COMPARED_AT_APPLY = "compared-at-apply"
    # record
    ACCEPTED = "accepted"  # doubt
    ONLY_THE_RECORD = "only-the-record"  # fields
    CREATED_BY_INTERRUPTED_APPLY = "created-by-interrupted-apply"
    UPDATED_BY_INTERRUPTED_APPLY = "updated-by-interrupted-apply"
    DELETED_BY_INTERRUPTED_APPLY = "deleted-by-interrupted-apply"
    # delete, forget
    MANIFEST_REMOVED = "manifest-removed"  # file
    MANIFEST_REMOVED_AND_RETAINED = "manifest-removed-and-retained"
    MANIFEST_REMOVED_AND_GONE = "manifest-removed-and-gone"
    DESTROYED = "destroyed"
    DESTROYED_AND_RETAINED = "destroyed-and-retained"
    LEFT_BEHIND = "left-behind"
    LEFT_BEHIND_AND_GONE = "left-behind-and-gone"
    # held
    HELD = "held"  # doubt
    HELD_FOR_ITS_HOST = "held-for-its-host"  # doubt
    HELD_WITHOUT_VALUES = "held-without-values"  # doubt
    HELD_BECAUSE_IT_MOVES = "held-because-it-moves"  # doubt
    # protected
    PROTECTED_AND_REMOVED = "protected-and-removed"  # file
    PROTECTED_AND_MOVED = "protected-and-moved"
    PROTECTED_UNTIL_THE_NEXT_APPLY = "protected-until-the-next-apply"
    PROTECTED_FROM_DESTROY = "protected-from-destroy"
    # not tried
    WAITS_FOR_ANOTHER = "waits-for-another"  # waits_for
    RUN_STOPPED = "run-stopped"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something happens, or does not happen: a kind of reason and its arguments, which are empty if the kind has none.

    `doubt` is about credentials, `file` is a manifest's path in the stack, `fields` are paths of fields, `adopts` is an id or
    "*", `waits_for` is the key of another change.
    """

    why: Why
    doubt: Doubt | None = None
    file: str = ""
    fields: tuple[str, ...] = ()
    adopts: str = ""
    waits_for: str = ""
