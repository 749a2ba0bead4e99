"""What happens to what no manifest wants any more: deleted, forgotten, or kept because it is protected."""

from dataclasses import replace

from reconciler.model import Connection, LiveConnection, OnRemoval, Record, Superseded
from reconciler.planning.plan import Action, Attributes, Change, Kept, KeptWhy


def unwanted(record: Record, live: LiveConnection | None) -> Change | Kept:
    """Return what happens to a record without a manifest; `live` is None when its connection is gone for certain."""
    if live is None:
        reason = "it was deleted outside, and its manifest is removed"
        return Change(record.address, Action.FORGET, reason, record.id, before=Attributes.recorded(record), file=record.file)
    if record.lifecycle.on_removal is OnRemoval.RETAIN:
        action, reason = Action.FORGET, "its manifest is removed; onRemoval: retain leaves it in Infisical"
    elif record.lifecycle.prevent_destroy:
        return Kept(
            record.address,
            KeptWhy.PROTECTED,
            f"its manifest ({record.file}) is removed, and it is protected",
            "put the manifest back with preventDestroy: false and apply, then remove it; or onRemoval: retain",
            record.id,
        )
    else:
        action, reason = Action.DELETE, f"its manifest ({record.file}) is removed"
    before = Attributes.present(live, record)
    return Change(record.address, action, reason, record.id, live.credentials_hash, before, file=record.file)


def destroyed(record: Record, live: LiveConnection | None, wanted: Connection | None) -> Change | Kept:
    """Return what happens to a record when everything is to go. `wanted` is its manifest, None when it has none: a protection
    or a `retain` there counts too, although no apply has recorded it yet."""
    rules, after = record.lifecycle, wanted.lifecycle if wanted else record.lifecycle
    retain = OnRemoval.RETAIN in {rules.on_removal, after.on_removal}
    both = replace(
        rules,
        prevent_destroy=rules.prevent_destroy or after.prevent_destroy,
        on_removal=OnRemoval.RETAIN if retain else OnRemoval.DESTROY,
    )
    found = unwanted(replace(record, lifecycle=both), live)
    if isinstance(found, Kept):
        hint = "set preventDestroy: false in its manifest and apply first, if it is to go too"
        return replace(found, reason="it is protected", hint=hint, location=wanted.location if wanted else None)
    reasons = {
        Action.DELETE: "everything is to go",
        Action.FORGET: "everything is to go; onRemoval: retain leaves it in Infisical",
    }
    gone = "it was deleted outside"
    return replace(found, reason=reasons[found.action] if live else gone, location=wanted.location if wanted else None)


def left_behind(item: Superseded, live: LiveConnection | None) -> Change:
    """Return what happens to a connection that an earlier replace could not delete."""
    return Change(
        item.address,
        Action.DELETE if live else Action.FORGET,
        "it was replaced and could not be deleted then" if live else "it was replaced and is gone",
        item.id,
        live.credentials_hash if live else None,
        Attributes.present(live, None) if live else None,
        superseded=True,
    )
