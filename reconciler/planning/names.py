"""Names are unique in a scope, so a change that takes a name waits for the change that frees it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from reconciler.model import Action, Diagnostic, Scope, error
from reconciler.model.action import NAME
from reconciler.planning.kind import Kind, Present
from reconciler.planning.plan import Change

Name = tuple[Scope, str]


def order(
    changes: Sequence[Change], holders: Mapping[Name, Present], owners: Mapping[str, str]
) -> tuple[list[Change], list[Diagnostic]]:
    """Return `changes` with `waits_for` filled in, and an error for each name that stays taken or is exchanged in a circle.

    `holders` says who has which name now, `owners` which address manages which id.
    """
    taking: dict[Name, Change] = {}
    freeing = {name: change for change in changes if (name := _frees(change)) is not None}
    ordered: list[Change] = []
    problems: list[Diagnostic] = []
    for change in changes:
        name = _takes(change)
        holder = holders.get(name) if name else None
        if name is not None and (other := taking.setdefault(name, change)) is not change:
            problems.append(_twice(change, name, other))
        if name is None or holder is None or holder.id == change.id:
            ordered.append(change)
        elif (first := freeing.get(name)) is not None and first is not change:
            ordered.append(replace(change, waits_for=(first.key,)))
        else:
            ordered.append(change)
            problems.append(_taken(change, name, holder, owners))
    return ordered, problems + _circles(ordered)


def renames_not_declared(kind: Kind, changes: Sequence[Change]) -> list[Diagnostic]:
    """Return an error for each delete and create of equal specs: probably somebody renamed the address without saying so."""
    deletes: dict[object, list[Change]] = {}
    for change in changes:
        if change.action is Action.DELETE and not change.superseded and change.before is not None:
            deletes.setdefault(kind.likeness(change.before), []).append(change)
    problems = []
    for create in changes:
        if create.action is not Action.CREATE or create.after is None:
            continue
        alike = [delete for delete in deletes.get(kind.likeness(create.after), ()) if _named_alike(delete, create)]
        if alike:
            same = max(alike, key=lambda delete: _in_one_file(delete, create))
            problems.append(
                error(
                    f"The plan would delete `{same.address}` and create `{create.address}`, which has the same values.",
                    detail="Everything that uses the id of the old connection would break.",
                    location=create.location,
                    hint=f"if this is a rename, write `lifecycle: {{ renamedFrom: {same.address} }}`; if not, use two applies",
                    address=create.address,
                )
            )
    return problems


def _named_alike(delete: Change, create: Change) -> bool:
    """Tell whether both have the same name in Infisical, or both use their address as the name."""
    if delete.before is None or create.after is None:
        return False
    old, new = delete.before.name, create.after.name
    return old == new or (old == delete.address and new == create.address)


def _in_one_file(delete: Change, create: Change) -> bool:
    return create.location is not None and create.location.file.endswith(delete.declared.file)


def _takes(change: Change) -> Name | None:
    """Return the name that must be free for a change: the name of a new connection, or the new name of an old one."""
    if change.after is None or not (change.action.creates or _renames(change)):
        return None
    return change.after.scope, change.after.name


def _frees(change: Change) -> Name | None:
    """Return the name that is free once a change is done."""
    if change.before is None or not (change.action.deletes or _renames(change)):
        return None
    return change.before.scope, change.before.name


def _renames(change: Change) -> bool:
    if change.before is None or change.after is None or change.action not in {Action.UPDATE, Action.ADOPT}:
        return False
    return NAME in change.fields and change.before.name != change.after.name


def _taken(change: Change, name: Name, holder: Present, owners: Mapping[str, str]) -> Diagnostic:
    scope, text = name
    owner = owners.get(holder.id)
    who = (
        f"This stack manages it as `{owner}`" if owner else f"It belongs to the app `{holder.app}`, and nobody here manages it"
    )
    return error(
        f"Another connection already has the name `{text}` ({scope}).",
        detail=f"Its id is {holder.id}. {who}.",
        location=change.location,
        hint="choose another spec.name, or rename or remove the other connection in the same commit",
        address=change.address,
    )


def _twice(change: Change, name: Name, other: Change) -> Diagnostic:
    scope, text = name
    return error(
        f"`{other.address}` and `{change.address}` want the same name `{text}` ({scope}).",
        detail=f"The manifest of `{other.address}` is at {other.location}. A slug and an id can name the same project.",
        location=change.location,
        hint="give one of them another spec.name",
        address=change.address,
    )


def _circles(changes: Sequence[Change]) -> list[Diagnostic]:
    """Return an error for each circle of waits. Each change waits for at most one other, so following the waits finds it."""
    after = {change.key: change.waits_for[0] for change in changes if change.waits_for}
    by_key = {change.key: change for change in changes}
    problems, known = [], set[str]()
    for start in after:
        path: list[str] = []
        step: str | None = start
        while step is not None and step not in path and step not in known:
            path.append(step)
            step = after.get(step)
        if step is not None and step in path:
            circle = path[path.index(step) :]
            problems.append(
                error(
                    f"These connections exchange their names: {', '.join(f'`{key}`' for key in sorted(circle))}.",
                    detail="A connection can take a name only after another one has given it up.",
                    location=by_key[step].location,
                    hint="use two applies: first give one of them a name that nobody has",
                    address=by_key[step].address,
                )
            )
        known.update(path)
    return problems
