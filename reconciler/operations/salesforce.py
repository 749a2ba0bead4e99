"""Opens the way to Salesforce, and turns what its checks say into diagnostics at the lines of the manifests."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial

from reconciler.config import Preflight, Settings
from reconciler.model import (
    Connection,
    Credentials,
    Diagnostic,
    Location,
    OrgCheck,
    OrgProblem,
    SetupStep,
    Stop,
    Stopped,
    error,
    warning,
)
from reconciler.operations.location import StackLocation, run_url
from reconciler.operations.together import together
from reconciler.salesforce import OrgLogin, reach_org, try_org_login
from reconciler.wire import Asker, Stand, Transport, asking

AT_ONCE = 16
"""How many log-ins are in flight at once. Most of them are at different orgs."""
_NAMED = 3


@asynccontextmanager
async def open_salesforce(settings: Settings, location: StackLocation) -> AsyncIterator[Asker]:
    """Open the way to Salesforce for the block: the embedded orgs, `salesforce_endpoint`, or the network. Raises `Stopped`."""
    environ = location.environ
    async with asking(Transport.of(environ), _stand(settings), run_url=run_url(environ)) as asker:
        yield asker


def _stand(settings: Settings) -> Stand | None:
    if settings.embedded is None:
        return Stand(settings.salesforce_endpoint) if settings.salesforce_endpoint else None
    from reconciler import embedded
    from reconciler.operations.orgs import read_orgs

    orgs = read_orgs(settings.embedded.salesforce_orgs)
    known = {org.host.lower() for org in orgs}
    return Stand("http://salesforce", "embedded", embedded.salesforce_app(orgs), lambda host: host in known)


class Checks:
    """Checks each log-in and each host once. Connections with the same log-in share one result."""

    def __init__(self, asker: Asker, allowed_hosts: tuple[str, ...]) -> None:
        self._asker = asker
        self._allowed = allowed_hosts
        self._results: dict[str, OrgCheck] = {}

    async def of(self, logins: Mapping[str, OrgLogin]) -> Mapping[str, OrgCheck]:
        """Return the result for each address. The checks run side by side."""
        alike: dict[str, tuple[OrgLogin, list[str]]] = {}
        for address, login in logins.items():
            alike.setdefault(_same(login), (login, []))[1].append(address)
        hosts = list(dict.fromkeys(login.host for login, _ in alike.values()))
        looks = await together(*(partial(reach_org, self._asker, host, self._allowed) for host in hosts), at_once=AT_ONCE)
        reached = dict(zip(hosts, looks, strict=True))
        tries = (partial(try_org_login, self._asker, login, reached[login.host]) for login, _ in alike.values())
        results = await together(*tries, at_once=AT_ONCE)
        for (_, addresses), checked in zip(alike.values(), results, strict=True):
            self._results |= dict.fromkeys(addresses, checked)
        return {address: self._results[address] for address in logins}

    async def again(self, address: str, login: OrgLogin) -> OrgCheck:
        """Check a log-in that Infisical refused, unless an earlier check already found its problem."""
        known = self._results.get(address)
        return known if known is not None and known.problems else (await self.of({address: login}))[address]


def _same(login: OrgLogin) -> str:
    """Return a key that equal log-ins share. It contains the secret, so it stays in memory and ends with the run."""
    return "\0".join((login.host, *(secret.reveal() for secret in login.credentials or ())))


async def preflight(
    asker: Asker, settings: Settings, sending: Iterable[Connection], credentials: Mapping[str, Credentials]
) -> tuple[Checks, Sequence[Diagnostic]]:
    """Check the log-ins of connections whose credentials are about to be sent. Return the checks and their warnings.

    Raises `Stopped` (FAILED) with all problems if the settings say so, and if Salesforce would refuse a log-in from everywhere.
    """
    checks = Checks(asker, settings.allowed_hosts)
    if settings.preflight is Preflight.OFF:
        return checks, ()
    connections = {connection.address: connection for connection in sending}
    logins = {address: org_login(connection, credentials.get(address)) for address, connection in connections.items()}
    results = await checks.of(logins)
    blocking = settings.preflight is Preflight.BLOCK
    problems = diagnose([(connections[address], checked) for address, checked in results.items()], blocking=blocking)
    if blocking and any(checked.blocks for checked in results.values()):
        raise Stopped(Stop.FAILED, *problems, _nothing_written())
    return checks, problems


def _nothing_written() -> Diagnostic:
    return error(
        "Nothing was written: Salesforce would refuse these log-ins, also from Infisical.",
        hint="correct each error above and apply again; `salesforce.preflight: warn` sends such credentials anyway",
    )


def org_login(connection: Connection, credentials: Credentials | None) -> OrgLogin:
    """Return what a connection logs in with."""
    return OrgLogin(connection.instance_url, credentials)


def diagnose(
    results: Iterable[tuple[Connection, OrgCheck]], *, blocking: bool = False, failing: bool = False
) -> list[Diagnostic]:
    """Return each problem once, with all connections that have it. Problems that block are errors, or all if `failing`."""
    same: dict[tuple[str, OrgProblem], list[Connection]] = {}
    for connection, checked in results:
        for problem in checked.problems:
            same.setdefault((checked.host, problem), []).append(connection)
    return [
        _diagnostic(connections, host, problem, fails=failing or (blocking and problem.blocks))
        for (host, problem), connections in same.items()
    ]


def _diagnostic(connections: Sequence[Connection], host: str, problem: OrgProblem, *, fails: bool) -> Diagnostic:
    first = connections[0]
    more = len(connections) - _NAMED
    named = ", ".join(f"`{connection.address}`" for connection in connections[:_NAMED]) + (
        f" and {more} more" if more > 0 else ""
    )
    diagnostic = error if fails else warning
    return diagnostic(
        f"{named}: {problem.title} ({problem.name}).",
        detail="\n".join(details(problem)),
        location=location_of(first, problem.step),
        hint=problem.hint,
        address=first.address if len(connections) == 1 else "",
    )


def details(problem: OrgProblem) -> list[str]:
    """Return the facts of a problem beside its title and its next step, one line each."""
    return [line for line in (problem.said, problem.meaning, problem.doubt) if line]


def location_of(connection: Connection, step: SetupStep) -> Location:
    """Return the place in a manifest that belongs to a step of the set-up."""
    if step is SetupStep.MY_DOMAIN:
        return connection.host_location
    match step:
        case SetupStep.KEY:
            return connection.references.consumer_key.location
        case SetupStep.SECRET:
            return connection.references.consumer_secret.location
        case _:
            return connection.location


async def explain_refusal(
    checks: Checks, connection: Connection, values: Credentials | None, refused: Diagnostic
) -> Diagnostic:
    """Return Infisical's refusal of credentials, with what the same log-in gives from here. Infisical hides the reason."""
    checked = await checks.again(connection.address, org_login(connection, values))
    if not checked.problems:
        why = "The same log-in succeeds from this machine. Salesforce was down, or the org blocks Infisical's addresses."
        hint = "apply again; if it fails again, compare the IP rules of the org and the app with Infisical's addresses"
        return _with(refused, why, hint, refused.location)
    problem = checked.problems[0]
    tried = "\n".join([f"reconciler tried the same log-in: {problem.title} ({problem.name}).", *details(problem)])
    return _with(refused, tried, problem.hint, location_of(connection, problem.step))


def _with(refused: Diagnostic, why: str, hint: str, location: Location | None) -> Diagnostic:
    return error(refused.summary, detail=f"{refused.detail}\n{why}", hint=hint, location=location, address=refused.address)
