"""Decides what a saved plan still approves. Values in, values out: nothing is read or asked here.

A saved plan is an approval, not a list of commands. An apply decides again, and carries out what the saved plan shows only if
the result is the same. Otherwise it stops as stale, with both sides shown.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from reconciler import planning
from reconciler.model import Diagnostic, Stop, Stopped, error
from reconciler.planning import Mismatch, Plan


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """A plan that somebody reviewed, and the file that keeps it."""

    plan: Plan
    file: Path


def approved_part(now: Plan, expect: str | None, saved: SavedPlan | None, at: datetime) -> Plan:
    """Return the part of the plan decided `now` that may be applied: all of it, or what the saved plan shows.

    `expect` is the digest that the plan must have, None for any. `at` is the current time. Raises `Stopped` (STALE) if the
    digest is another, or if the saved plan no longer says what would happen.
    """
    if expect is not None and (digest := planning.digest(now)) != expect:
        raise Stopped(
            Stop.STALE,
            error(
                "The plan is not the one that was expected.",
                detail=f"Expected digest {expect}, decided now {digest}.",
                hint="look at `reconciler plan`, and expect its digest once it is what you want",
            ),
        )
    if saved is None:
        return now
    if problems := why_stale(saved, now, at):
        raise Stopped(Stop.STALE, *problems)
    return planning.select(_same_part(now, saved.plan), saved.plan)


def why_stale(saved: SavedPlan, now: Plan, at: datetime) -> tuple[Diagnostic, ...]:
    """Return why the saved plan approves nothing any more: the first rule that it breaks, or else every address that differs.

    The result is empty if the plan decided `now` does what the saved plan shows.
    """
    broken = next((problem for rule in _RULES if (problem := rule(saved, now, at))), None)
    if broken is not None:
        return (broken,)
    return tuple(
        _different(mismatch, saved.plan, now) for mismatch in planning.compare(saved.plan, _same_part(now, saved.plan))
    )


def _same_part(now: Plan, saved: Plan) -> Plan:
    """Return `now`, narrowed to the addresses that the saved plan is about."""
    return planning.narrow(now, saved.part.only) if saved.part.only else now


def _made_offline(saved: SavedPlan, _now: Plan, _at: datetime) -> Diagnostic | None:
    base = saved.plan.basis.base
    if not base:
        return None
    return error(
        "The saved plan was made offline, so it approves nothing.",
        detail=f"It compares manifests with those at {base}, and was not compared with Infisical.",
        hint="plan again where there is a log-in to Infisical",
    )


def _of_other_command(saved: SavedPlan, now: Plan, _at: datetime) -> Diagnostic | None:
    destroys = saved.plan.choices.destroy
    if destroys == now.choices.destroy:
        return None
    made, here = ("plan --destroy", "apply") if destroys else ("plan", "destroy")
    other = "destroy" if destroys else "apply"
    return error(
        f"The saved plan is one of `{other}`, and this is `{here}`.",
        detail=f"It was made with `{made}`.",
        hint=f"reconciler {other} {saved.file}, if that is what you want",
    )


def _without_adopt_all(saved: SavedPlan, now: Plan, _at: datetime) -> Diagnostic | None:
    if saved.plan.choices.adopt_all or not now.choices.adopt_all:
        return None
    return error("The saved plan was not made with --adopt-all.", hint="plan again with it, or apply without it")


def _without_these_choices(saved: SavedPlan, now: Plan, _at: datetime) -> Diagnostic | None:
    accepted = now.choices.accept - saved.plan.choices.accept
    reasserted = now.choices.reassert - saved.plan.choices.reassert
    if not accepted and not reasserted:
        return None
    named = ", ".join(f"`{address}`" for address in sorted(accepted | reasserted))
    return error(
        f"The saved plan was not made with a word on the credentials of {named}.",
        hint="plan again with these options, or apply without a saved plan",
    )


def _of_other_infisical(saved: SavedPlan, now: Plan, _at: datetime) -> Diagnostic | None:
    planned, here = saved.plan.target, now.target
    if (planned.url, planned.organisation_id) == (here.url, here.organisation_id):
        return None
    return error(
        "The saved plan is of another Infisical.",
        detail=f"Planned: {planned.url}, organisation {planned.organisation_id}. "
        f"Here: {here.url}, organisation {here.organisation_id}.",
        hint="plan again here",
    )


def _of_other_state(saved: SavedPlan, now: Plan, _at: datetime) -> Diagnostic | None:
    """A state without a lineage was never applied to, so it is no other one."""
    planned, here = saved.plan.basis.lineage, now.basis.lineage
    if not planned or not here or planned == here:
        return None
    return error(
        "The saved plan is of another state.",
        detail=f"Planned: stack {saved.plan.target.stack}, lineage {planned}. Here: stack {now.target.stack}, lineage {here}.",
        hint="apply it in the stack it was made in, or plan again here",
    )


def _expired(saved: SavedPlan, _now: Plan, at: datetime) -> Diagnostic | None:
    until = saved.plan.expires_at
    if not until or at < datetime.fromisoformat(until):
        return None
    detail = f"It could be applied until {until}; it is {at.isoformat(timespec='seconds')}."
    return error("The saved plan has expired.", detail=detail, hint="plan again and review it")


_RULES: tuple[Callable[[SavedPlan, Plan, datetime], Diagnostic | None], ...] = (
    _made_offline,
    _of_other_command,
    _without_adopt_all,
    _without_these_choices,
    _of_other_infisical,
    _of_other_state,
    _expired,
)
"""What must hold before single addresses are compared. Each rule returns what breaks it, None if the saved plan keeps it."""


def _different(mismatch: Mismatch, saved: Plan, now: Plan) -> Diagnostic:
    flags = [f"--accept-credentials {name}" for name in sorted(saved.choices.accept) if name not in now.choices.accept]
    flags += [f"--reassert-credentials {name}" for name in sorted(saved.choices.reassert) if name not in now.choices.reassert]
    flags += ["--adopt-all"] if saved.choices.adopt_all and not now.choices.adopt_all else []
    return error(
        f"`{mismatch.address}`: {_both_sides(mismatch)}.",
        detail="\n".join(planning.explain(mismatch)),
        hint=f"the plan was made with {' '.join(flags)}; say so again" if flags else "plan again and review what is new",
        address=mismatch.address,
    )


def _both_sides(mismatch: Mismatch) -> str:
    if mismatch.planned is mismatch.now:
        return f"the planned {mismatch.planned} would be another one now"
    now = mismatch.now or "not decided at all"
    return f"planned to {mismatch.planned}, but now it is: {now}"
