"""What happens to what no manifest wants any more: it is deleted, forgotten, or kept because it is protected."""

from dataclasses import replace

from reconciler.model import Action, Lifecycle, OnRemoval, Reason, Superseded, Why
from reconciler.planning.kind import Desired, Present, Recorded
from reconciler.planning.plan import Change, Declared, Kept, KeptWhy, Subject


def decide_removal(recorded: Recorded, present: Present | None) -> Change | Kept:
    """Return what happens to a record without a manifest. `present` is None when its connection is gone for certain."""
    rules = recorded.attributes.lifecycle
    if present is None:
        return _change(recorded, None, Action.FORGET, Reason(Why.MANIFEST_REMOVED_AND_GONE))
    if rules.on_removal is OnRemoval.RETAIN:
        return _change(recorded, present, Action.FORGET, Reason(Why.MANIFEST_REMOVED_AND_RETAINED))
    if rules.prevent_destroy:
        reason = Reason(Why.PROTECTED_AND_REMOVED, file=recorded.file)
        return Kept(recorded.address, KeptWhy.PROTECTED, reason, recorded.id)
    return _change(recorded, present, Action.DELETE, Reason(Why.MANIFEST_REMOVED, file=recorded.file))


def decide_destroy(recorded: Recorded, present: Present | None, desired: Desired | None) -> Change | Kept:
    """Return what happens to a record when the user destroys the stack.

    `desired` is its manifest, None when it has none. A protection or a `retain` there counts too, even before an apply has
    recorded it.
    """
    rules = recorded.attributes.lifecycle
    manifest_rules = desired.attributes.lifecycle if desired else Lifecycle()
    location = desired.location if desired else None
    if present is None:
        change = _change(recorded, None, Action.FORGET, Reason(Why.DELETED_OUTSIDE))
    elif OnRemoval.RETAIN in {rules.on_removal, manifest_rules.on_removal}:
        change = _change(recorded, present, Action.FORGET, Reason(Why.DESTROYED_AND_RETAINED))
    elif rules.prevent_destroy or manifest_rules.prevent_destroy:
        return Kept(recorded.address, KeptWhy.PROTECTED, Reason(Why.PROTECTED_FROM_DESTROY), recorded.id, location)
    else:
        change = _change(recorded, present, Action.DELETE, Reason(Why.DESTROYED))
    return replace(change, declared=Declared(location, recorded.file))


def left_behind(item: Superseded, present: Present | None) -> Change:
    """Return what happens to a connection that an earlier replace could not delete."""
    return Change(
        item.address,
        Action.DELETE if present else Action.FORGET,
        Reason(Why.LEFT_BEHIND if present else Why.LEFT_BEHIND_AND_GONE),
        Subject(item.id, present.hash if present else None),
        present.attributes if present else None,
        superseded=True,
    )


def _change(recorded: Recorded, present: Present | None, action: Action, reason: Reason) -> Change:
    return Change(
        recorded.address,
        action,
        reason,
        Subject(recorded.id, present.hash if present else None),
        present.attributes if present else recorded.attributes,
        declared=Declared(file=recorded.file),
    )
