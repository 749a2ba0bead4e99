"""Looks at everything once, without changing anything, and has it decided: what a plan and an apply begin with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from reconciler import __version__, planning, secrets
from reconciler.config import Settings
from reconciler.infisical import Reader
from reconciler.model import Connection, Credentials, Diagnostic, State, error, warning
from reconciler.operations.looking import Seen, look
from reconciler.operations.options import Options
from reconciler.planning import Basis, Choices, Plan, Settled, Target
from reconciler.secrets import Refused, Resolution, Source


@dataclass(frozen=True, slots=True)
class Survey:
    """A plan with what it takes to carry it out. `settled.state` is the state to go on from; `interrupted` says that the
    stored one holds intents of an apply that did not end."""

    plan: Plan
    settled: Settled
    interrupted: bool
    desired: Mapping[str, Connection]
    credentials: Mapping[str, Credentials]


async def survey(
    settings: Settings,
    connections: Sequence[Connection],
    stored: State | None,
    reader: Reader,
    sources: Mapping[str, Source],
    options: Options,
    *,
    missing_is_error: bool,
    notes: Sequence[Diagnostic] = (),
) -> Survey:
    """Read Infisical and the sources, settle what was interrupted, decide, and return it all.

    Raises `Stopped`: FAILED when Infisical refuses or too much is missing, STALE for another organisation.
    """
    state = stored or State.born()
    wanted = () if options.destroy else connections
    seen = await look(settings.url, wanted, state, reader, options.confirm_missing)
    settled = planning.settle(state, seen.live, datetime.now(UTC))
    said = _Said.of(options, connections)
    needed = [item for item in wanted if _needs_values(item, settled.state, seen, said)]
    resolution = await secrets.resolve((one for item in needed for one in item.references), sources)
    credentials = {each.address: pair for each in wanted if (pair := resolution.credentials(each.references)) is not None}
    desired = {one.address: one for one in connections}
    choices = Choices(said.accept, said.reassert, options.adopt_all, options.destroy)
    decisions = planning.decide(
        planning.situation_of(
            desired=connections,
            scopes=seen.scopes,
            state=settled.state,
            live=seen.live,
            fingerprints={address: pair.fingerprints(state.key) for address, pair in credentials.items()},
            choices=choices,
            resend=settled.resend,
            settled=settled.done,
        )
    )
    sending = {change.address for change in decisions.changes if change.sends_credentials}
    missing = _missing(wanted, resolution, sending, missing_is_error=missing_is_error)
    plan = Plan(
        target=Target(settings.name, settings.url, seen.organisation.id, seen.organisation.name),
        basis=Basis(
            lineage=stored.lineage if stored else "",
            serial=stored.serial if stored else 0,
            recorded=len(settled.state.records),
            created_at=datetime.now(UTC).isoformat(timespec="seconds"),
            tool_version=__version__,
        ),
        choices=choices,
        changes=tuple(decisions.changes),
        unchanged=tuple(decisions.unchanged),
        kept=tuple(decisions.kept),
        drift=tuple(seen.with_project(drift) for drift in decisions.drift),
        unmanaged=decisions.unmanaged,
        diagnostics=(*notes, *said.diagnostics, *settled.diagnostics, *decisions.diagnostics, *missing),
        interrupted=settled.done,
    )
    plan = planning.guarded(_narrowed(plan, options, desired, settled.state), settings.guards, options.allowed)
    return Survey(plan, settled, bool(state.intents), desired, credentials)


@dataclass(frozen=True, slots=True)
class _Said:
    """The words on credentials, as the addresses they are about."""

    accept: frozenset[str]
    reassert: frozenset[str]
    diagnostics: tuple[Diagnostic, ...]

    @classmethod
    def of(cls, options: Options, connections: Sequence[Connection]) -> "_Said":
        addresses = [one.address for one in connections]
        accept, nobody = planning.matching(options.accept, addresses)
        reassert, none = planning.matching(options.reassert, addresses)
        hint = "correct --accept-/--reassert-credentials"
        problems = [error(f"There is no manifest of `{name}`.", hint=hint) for name in sorted({*nobody, *none})]
        if both := sorted(accept & reassert):
            problems.append(error(f"Credentials are accepted or reasserted, not both: {', '.join(both)}.", hint=hint))
        return cls(accept, reassert, tuple(problems))


def _narrowed(plan: Plan, options: Options, desired: Mapping[str, Connection], state: State) -> Plan:
    if not options.selection:
        return plan
    addresses, problems = planning.selected(options.selection, desired, state)
    found = planning.narrowed(plan, addresses)
    return replace(found, diagnostics=(*problems, *found.diagnostics))


def _needs_values(one: Connection, state: State, seen: Seen, said: _Said) -> bool:
    """Whether values could be compared or sent: not where they are ignored and the connection stays where it is."""
    if "credentials" not in one.lifecycle.ignore_changes or one.address in said.reassert:
        return True
    record = state.records.get(one.address)
    return record is None or record.scope != seen.scopes.get(one.project) or record.id not in {one.id for one in seen.live}


def _missing(
    connections: Sequence[Connection], resolution: Resolution, creating: set[str], *, missing_is_error: bool
) -> list[Diagnostic]:
    """Say of each reference that gave nothing why, at its line; not where credentials are ignored and none are sent."""
    found = []
    for one in connections:
        if "credentials" in one.lifecycle.ignore_changes and one.address not in creating:
            continue
        for field, reference in one.references.named():
            cause = resolution.missing.get(reference)
            if cause is None:
                continue
            say = error if missing_is_error or isinstance(cause, Refused) else warning
            found.append(
                say(
                    f"`{one.address}` has no {field}: {cause}.",
                    location=reference.location,
                    hint=cause.hint,
                    address=one.address,
                )
            )
    return found
