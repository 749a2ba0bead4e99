"""What a plan and an apply begin with: look at everything once, without changing anything, and decide."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from reconciler import __version__, planning, secrets
from reconciler.model import ORGANISATION, Connection, Credentials, Diagnostic, ProjectRef, Scope, State, error, warning
from reconciler.operations.look import Seen, look
from reconciler.operations.options import Options
from reconciler.operations.sources import value_sources
from reconciler.operations.stack import OpenStack
from reconciler.planning import Basis, Choices, Plan, Settled, Target
from reconciler.secrets import Refused, Resolution


@dataclass(frozen=True, slots=True)
class Survey:
    """A plan, and what it takes to carry it out.

    `settled.state` is the state to go on from. `interrupted` says that the stored state holds intents of an apply that did not
    end. `desired` and `credentials` are by address.
    """

    plan: Plan
    settled: Settled
    interrupted: bool
    desired: Mapping[str, Connection]
    credentials: Mapping[str, Credentials]


async def survey(stack: OpenStack, options: Options, *, missing_is_error: bool) -> Survey:
    """Read Infisical and the values, settle what an interrupted apply left open, and decide.

    A value that cannot be read is an error if `missing_is_error`, else a warning. Raises `Stopped`: FAILED if Infisical refuses
    or too much is missing, STALE for another organisation.
    """
    settings, stored, reader = stack.settings, stack.state, stack.infisical.reader
    connections = stack.manifests.connections
    state = stored or State.born()
    wanted = () if options.destroy else connections
    seen = await look(settings.url, wanted, state, reader, options.confirm_missing)
    settled = planning.settle(state, seen.live, datetime.now(UTC))
    choices, contradictions = _choices(options, connections)
    present = frozenset(connection.id for connection in seen.live)
    compared = [item for item in wanted if _needs_values(item, settled.state, seen, present, choices)]
    sources = value_sources(settings, stack.location.environ, reader)
    resolution = await secrets.resolve_references((reference for item in compared for reference in item.references), sources)
    credentials = {each.address: pair for each in wanted if (pair := resolution.credentials(each.references)) is not None}
    desired = {connection.address: connection for connection in connections}
    decisions = planning.decide(
        planning.situation_of(
            desired=connections,
            scopes=_unlooked(connections) if options.destroy else seen.scopes,
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
        diagnostics=(*stack.files.warnings, *contradictions, *settled.diagnostics, *decisions.diagnostics, *missing),
        interrupted=settled.done,
    )
    plan = planning.apply_guards(_narrowed(plan, options, desired, settled.state), settings.guards, options.allowed)
    return Survey(plan, settled, bool(state.intents), desired, credentials)


def _unlooked(connections: Sequence[Connection]) -> Mapping[ProjectRef | None, Scope]:
    """Return a scope for each project that nobody looked up. A destroy needs none: manifests only tell it what is protected."""
    return dict.fromkeys((connection.project for connection in connections), ORGANISATION)


def _choices(options: Options, connections: Sequence[Connection]) -> tuple[Choices, tuple[Diagnostic, ...]]:
    """Return the options as the addresses that they are about, and an error for each that is about none or contradicts."""
    addresses = [connection.address for connection in connections]
    accept, unmatched_accept = planning.matching(options.accept, addresses)
    reassert, unmatched_reassert = planning.matching(options.reassert, addresses)
    hint = "correct --accept-/--reassert-credentials"
    unmatched = sorted({*unmatched_accept, *unmatched_reassert})
    problems = [error(f"There is no manifest of `{name}`.", hint=hint) for name in unmatched]
    if both := sorted(accept & reassert):
        problems.append(error(f"Credentials are accepted or reasserted, not both: {', '.join(both)}.", hint=hint))
    return Choices(accept, reassert, options.adopt_all, options.destroy), tuple(problems)


def _narrowed(plan: Plan, options: Options, desired: Mapping[str, Connection], state: State) -> Plan:
    if not options.selection:
        return plan
    addresses, problems = planning.select_addresses(options.selection, desired, state)
    narrowed = planning.narrow(plan, addresses)
    return replace(narrowed, diagnostics=(*problems, *narrowed.diagnostics))


def _needs_values(connection: Connection, state: State, seen: Seen, present: frozenset[str], choices: Choices) -> bool:
    """Whether a plan could compare or send the values: not if they are ignored and the connection stays where it is."""
    if "credentials" not in connection.lifecycle.ignore_changes or connection.address in choices.reassert:
        return True
    record = state.records.get(connection.address)
    if record is None or record.scope != seen.scopes.get(connection.project):
        return True
    return record.id not in present


def _missing(
    connections: Sequence[Connection], resolution: Resolution, sending: set[str], *, missing_is_error: bool
) -> list[Diagnostic]:
    """Return why each missing value is missing, at the line of its reference.

    Nobody misses the values of a connection whose credentials are ignored, unless they are about to be sent.
    """
    problems = []
    for connection in connections:
        if "credentials" in connection.lifecycle.ignore_changes and connection.address not in sending:
            continue
        for field, reference in connection.references.named():
            cause = resolution.missing.get(reference)
            if cause is None:
                continue
            diagnostic = error if missing_is_error or isinstance(cause, Refused) else warning
            problems.append(
                diagnostic(
                    f"`{connection.address}` has no {field}: {cause}.",
                    location=reference.location,
                    hint=cause.hint,
                    address=connection.address,
                )
            )
    return problems
