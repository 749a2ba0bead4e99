"""Summarises a whole plan in a sentence or two."""

from collections import Counter

from reconciler.planning import Plan
from reconciler.reports import words
from reconciler.reports.characters import visible

_COUNTED = ("to create", "to update", "to replace", "to delete")
"""What every summary counts."""
_ALSO_COUNTED = ("to adopt", "to record", "to forget", "to compare at apply")
"""What a summary counts only if there is any."""


def heading(plan: Plan) -> str:
    """Return the first line of a plan: its stack, and the Infisical or the commit that it is compared with."""
    stack = visible(plan.target.stack)
    what = "Plan to destroy" if plan.choices.destroy else "Plan for"
    if plan.basis.base:
        return f"{what} {stack}: the manifests here, compared with those at {visible(plan.basis.base)}"
    where = plan.target.organisation_name or plan.target.organisation_id
    return f"{what} {stack} on {visible(plan.target.url)}" + (f" (organisation {visible(where)})" if where else "")


def summary(plan: Plan) -> str:
    """Return the number of changes of a plan, and what it leaves out."""
    if plan.errored and not plan.changes:
        return "No plan: correct the errors first."
    if plan.changes:
        return _with_changes(plan)
    if plan.part.left_out:
        return f"Nothing to apply. {left_out(plan)}."
    result = "No changes. Infisical matches the manifests"
    if plan.basis.base:
        result = f"No changes. The manifests say the same as those at {visible(plan.basis.base)}"
    elif plan.choices.destroy:
        result = "Nothing to destroy. This stack manages no connection"
    return f"{result}{', except for what is listed above' if plan.kept else ''}."


def _with_changes(plan: Plan) -> str:
    counts = Counter(words.WORDS[change.action].counted for change in plan.changes)
    parts = [f"{counts[counted]} {counted}" for counted in _COUNTED]
    parts += [f"{counts[counted]} {counted}" for counted in _ALSO_COUNTED if counts[counted]]
    if plan.kept:
        parts.append(f"{len(plan.kept)} not touched")
    if plan.errored:
        return f"This plan is not complete and cannot be applied: correct the errors below. So far: {', '.join(parts)}."
    unmanaged = f" {plan.unmanaged} more in Infisical that this stack does not manage." if plan.unmanaged else ""
    return f"Plan: {', '.join(parts)}.{unmanaged}{f' {left_out(plan)}.' if plan.part.left_out else ''}"


def left_out(plan: Plan) -> str:
    """Return which changes a plan leaves out, and why."""
    return f"{why_left_out(plan)}: {words.named(map(visible, plan.part.left_out))}"


def why_left_out(plan: Plan) -> str:
    """Return why a plan leaves changes out."""
    return f"Skipped, because they are not {'selected' if plan.part.only else 'in the saved plan'}"
