"""Which fields of one resource change: in Infisical, in the record alone, or outside since the last apply."""

from reconciler.model.action import ADDRESS, CREDENTIALS, LABELS, LIFECYCLE, RECORD
from reconciler.planning.kind import Attributes, Desired, Effect, Kind, Present, Recorded
from reconciler.planning.plan import Drift


def in_place(kind: Kind, wanted: Attributes, present: Attributes, ignored: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Return the fields that Infisical can change in place and has different from the manifest, except what is `ignored`."""
    return tuple(path for path in kind.changed_paths(present, wanted, Effect.IN_PLACE) if path not in ignored)


def host_differs(kind: Kind, wanted: Attributes, present: Attributes) -> bool:
    """Tell whether a readable field that is sent with the credentials differs: Infisical would log in to another host."""
    return bool(kind.changed_paths(present, wanted, Effect.WITH_CREDENTIALS, readable=True))


def local(kind: Kind, desired: Desired, recorded: Recorded, present: Present) -> tuple[str, ...]:
    """Return what concerns the record alone."""
    wanted = desired.attributes
    fields = []
    if recorded.address != desired.address:
        fields.append(ADDRESS)
    if recorded.attributes.labels != wanted.labels:
        fields.append(LABELS)
    rules, wanted_rules = recorded.attributes.lifecycle, wanted.lifecycle
    if rules != wanted_rules and rules.lasting() != wanted_rules.lasting():
        fields.append(LIFECYCLE)
    if _record_lags(kind, wanted, recorded.attributes, present.attributes):
        fields.append(RECORD)
    return tuple(fields)


def _record_lags(kind: Kind, wanted: Attributes, recorded: Attributes, present: Attributes) -> bool:
    """Infisical already has what the manifest wants, and only the record says something else."""
    outside = kind.changed_paths(recorded, present, Effect.IN_PLACE)
    if outside and not set(outside) <= set(kind.changed_paths(present, wanted, Effect.IN_PLACE)):
        return True
    if CREDENTIALS not in wanted.lifecycle.ignore_changes:
        return False
    unreadable = set(kind.changed_paths(recorded, wanted, Effect.WITH_CREDENTIALS))
    return not unreadable <= set(kind.changed_paths(recorded, wanted, Effect.WITH_CREDENTIALS, readable=True))


def drift(kind: Kind, recorded: Recorded, present: Present, ignored: tuple[str, ...]) -> Drift | None:
    """Return what changed outside since the last apply, except what is `ignored`. None when nothing did."""
    effects = (Effect.IN_PLACE, Effect.WITH_CREDENTIALS)
    paths = kind.changed_paths(recorded.attributes, present.attributes, *effects, readable=True)
    shown = [each.path for each in kind.fields if each.path in paths and each.group not in ignored] if paths else []
    if recorded.hash != present.hash and recorded.fingerprints is not None and CREDENTIALS not in ignored:
        shown.append(CREDENTIALS)
    if not shown:
        return None
    return Drift(recorded.address, present.id, tuple(shown), recorded.attributes, present.attributes)


def only_its_hash_moved(kind: Kind, recorded: Recorded, present: Present) -> bool:
    """Tell whether the hash of the credentials differs from the recorded one, and nothing else does."""
    if recorded.hash == present.hash:
        return False
    change = drift(kind, recorded, present, ())
    return change is None or change.fields == (CREDENTIALS,)
