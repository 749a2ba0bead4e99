"""A guard that stops a plan, in words."""

from reconciler.planning import Guarded, GuardedWhat


def words(one: Guarded) -> tuple[str, str]:
    """Return what there is too much of, and the next step."""
    flag = "--allow-updates" if one.what is GuardedWhat.UPDATES else "--allow-deletes"
    hint = f"read the plan; {flag} {one.number} lets it through, this once"
    if one.allowed is not None:
        hint = f"read the plan again: {flag} {one.allowed} was for another one; {flag} {one.number} lets this one through"
    of = f"of {one.recorded} recorded connections"
    match one.what:
        case GuardedWhat.ALL:
            return f"{_ends(one.number)} {of}: nothing that is managed here would remain", hint
        case GuardedWhat.DELETES:
            return f"{_ends(one.number)} {of}, and {one.limit} may at once (guards.maxDeletePercent)", hint
        case GuardedWhat.UPDATES:
            return f"{one.number} {of} would be updated, and {one.limit} may at once (guards.maxUpdatePercent)", hint


def _ends(number: int) -> str:
    return f"{number} would end (deleted, replaced, forgotten or re-created)" if number != 1 else "1 would end"
