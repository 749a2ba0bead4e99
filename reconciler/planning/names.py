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
    """Return `changes` with `waits_for` filled in, and an error for each name that stays taken or goes round in a circle.

    `holders` is who has which name now, `owners` the addresses of what is managed, by id.
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
    """Return an error for each delete and create of equal spec: a rename of the address that forgot to say so."""
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
                    f"`{create.address}` would be created and `{same.address}`, which is the same, deleted.",
                    detail="What refers to the old connection's id would break.",
                    location=create.location,
                    hint=f"say that it was renamed: lifecycle: {{ renamedFrom: {same.address} }}; or do it in two applies",
                    address=create.address,
                )
            )
    return problems


def _named_alike(delete: Change, create: Change) -> bool:
    """The same name in Infisical, or one that on both sides is the address."""
    if delete.before is None or create.after is None:
        return False
    old, new = delete.before.name, create.after.name
    return old == new or (old == delete.address and new == create.address)


def _in_one_file(delete: Change, create: Change) -> bool:
    return create.location is not None and create.location.file.endswith(delete.declared.file)


def _takes(change: Change) -> Name | None:
    """Return the name that a change needs to be free: that of something new, or a new name of something old."""
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
    who = f"managed as `{owner}`" if owner else f"of the app `{holder.app}`, not managed here"
    return error(
        f"`{text}` ({scope}) is taken by another connection.",
        detail=f"It is {holder.id}, {who}.",
        location=change.location,
        hint="choose another spec.name, or rename or remove the other in the same commit",
        address=change.address,
    )


def _twice(change: Change, name: Name, other: Change) -> Diagnostic:
    scope, text = name
    return error(
        f"`{text}` ({scope}) is wanted by `{other.address}` and `{change.address}`.",
        detail=f"`{other.address}` is declared at {other.location}; a slug and an id can mean the same project.",
        location=change.location,
        hint="give one of them another spec.name",
        address=change.address,
    )


def _circles(changes: Sequence[Change]) -> list[Diagnostic]:
    """Each change waits for at most one other, so a circle is found by walking."""
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
                    f"These exchange their names: {', '.join(f'`{key}`' for key in sorted(circle))}.",
                    detail="Each name must be free before it is taken again.",
                    location=by_key[step].location,
                    hint="do it in two applies: rename one of them to something else first",
                    address=by_key[step].address,
                )
            )
        known.update(path)
    return problems
