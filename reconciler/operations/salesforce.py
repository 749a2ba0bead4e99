"""The way to Salesforce of a stack, and what its checks found, in the words and at the lines of the manifests."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial

from reconciler.config import Preflight, Settings
from reconciler.model import Connection, Credentials, Diagnostic, Location, Stop, Stopped, error, warning
from reconciler.operations.stack import Where, run_url
from reconciler.operations.together import together
from reconciler.salesforce import Checked, OrgLogin, Problem, Step, log_in, reach
from reconciler.wire import Asker, Stand, Transport, asking

AT_ONCE = 16
"""Log-ins in flight: each is at another org, or few are at the same."""
_NAMED = 3


@asynccontextmanager
async def salesforce(found: Settings, where: Where) -> AsyncIterator[Asker]:
    """Open the way: to the embedded orgs, to `salesforce_endpoint`, or over the network. Raises `Stopped`."""
    async with asking(Transport.of(where.environ), _stand(found), run_url=run_url(where.environ)) as asker:
        yield asker


def _stand(found: Settings) -> Stand | None:
    if found.embedded is None:
        return Stand(found.salesforce_endpoint) if found.salesforce_endpoint else None
    from reconciler import embedded
    from reconciler.operations.orgs import read_orgs

    orgs = read_orgs(found.embedded.salesforce_orgs)
    known = {org.host.lower() for org in orgs}
    return Stand("http://salesforce", "embedded", embedded.salesforce_app(orgs), lambda host: host in known)


class Checks:
    """Checks log-ins, each once: connections that log in alike share a result, those of one host the look at it."""

    def __init__(self, asker: Asker, allowed_hosts: tuple[str, ...]) -> None:
        self._asker = asker
        self._allowed = allowed_hosts
        self._results: dict[str, Checked] = {}

    async def of(self, logins: Mapping[str, OrgLogin]) -> Mapping[str, Checked]:
        """Return what is found for each address, side by side."""
        alike: dict[str, tuple[OrgLogin, list[str]]] = {}
        for address, login in logins.items():
            alike.setdefault(_same(login), (login, []))[1].append(address)
        hosts = list(dict.fromkeys(login.host for login, _ in alike.values()))
        looks = await together(*(partial(reach, self._asker, host, self._allowed) for host in hosts), at_once=AT_ONCE)
        reached = dict(zip(hosts, looks, strict=True))
        tries = (partial(log_in, self._asker, login, reached[login.host]) for login, _ in alike.values())
        found = await together(*tries, at_once=AT_ONCE)
        for (_, addresses), checked in zip(alike.values(), found, strict=True):
            self._results |= dict.fromkeys(addresses, checked)
        return {address: self._results[address] for address in logins}

    async def again(self, address: str, login: OrgLogin) -> Checked:
        """Return what is wrong with a log-in that was refused elsewhere: what an earlier check found, or a new one."""
        known = self._results.get(address)
        return known if known is not None and known.problems else (await self.of({address: login}))[address]


def _same(login: OrgLogin) -> str:
    """What is the same for log-ins that are the same, in memory only and for as long as one run takes."""
    return "\0".join((login.host, *(secret.reveal() for secret in login.credentials or ())))


async def preflight(
    asker: Asker, found: Settings, desired: Iterable[Connection], values: Mapping[str, Credentials]
) -> tuple[Checks, Sequence[Diagnostic]]:
    """Check the log-ins of connections whose credentials are about to be sent; return the checks and their warnings.

    Raises `Stopped` (FAILED) with everything that was found when something is wrong from everywhere and may block.
    """
    checks = Checks(asker, found.allowed_hosts)
    if found.preflight is Preflight.OFF:
        return checks, ()
    about = {one.address: one for one in desired}
    results = await checks.of({address: login(one, values.get(address)) for address, one in about.items()})
    blocking = found.preflight is Preflight.BLOCK
    problems = explained([(about[address], checked) for address, checked in results.items()], blocking=blocking)
    if blocking and any(checked.blocks for checked in results.values()):
        raise Stopped(Stop.FAILED, *problems, _nothing_written())
    return checks, problems


def _nothing_written() -> Diagnostic:
    return error(
        "Nothing was written: Salesforce would refuse these log-ins from everywhere.",
        hint="mend what is marked as an error and apply again; `salesforce.preflight: warn` lets such credentials through",
    )


def login(connection: Connection, credentials: Credentials | None) -> OrgLogin:
    """Return what a connection logs in with."""
    return OrgLogin(connection.instance_url, credentials)


def explained(
    results: Iterable[tuple[Connection, Checked]], *, blocking: bool = False, failing: bool = False
) -> list[Diagnostic]:
    """Return each problem once, with all connections that have it. Errors are those that block, or all when `failing`."""
    same: dict[tuple[str, Problem], list[Connection]] = {}
    for connection, checked in results:
        for problem in checked.problems:
            same.setdefault((checked.host, problem), []).append(connection)
    return [
        _diagnostic(connections, host, problem, fails=failing or (blocking and problem.blocks))
        for (host, problem), connections in same.items()
    ]


def _diagnostic(connections: Sequence[Connection], host: str, problem: Problem, *, fails: bool) -> Diagnostic:
    first = connections[0]
    more = len(connections) - _NAMED
    named = ", ".join(f"`{one.address}`" for one in connections[:_NAMED]) + (f" and {more} more" if more > 0 else "")
    say = error if fails else warning
    return say(
        f"{named}: {problem.title} ({problem.name}).",
        detail="\n".join(details(problem)),
        location=place(first, problem.step),
        hint=problem.hint,
        address=first.address if len(connections) == 1 else "",
    )


def details(problem: Problem) -> list[str]:
    """Return what is to be known of a problem beside its title and its next step, a line each."""
    return [line for line in (problem.said, problem.meaning, problem.doubt) if line]


def place(connection: Connection, step: Step) -> Location:
    """Return the line of a manifest that a step of the set-up is about."""
    if step is Step.MY_DOMAIN:
        return connection.host_location
    match step:
        case Step.KEY:
            return connection.references.consumer_key.location
        case Step.SECRET:
            return connection.references.consumer_secret.location
        case _:
            return connection.location


async def explain_refusal(
    checks: Checks, connection: Connection, values: Credentials | None, refused: Diagnostic
) -> Diagnostic:
    """Return Infisical's refusal of credentials with what the same log-in gives from here: Infisical hides the reason."""
    checked = await checks.again(connection.address, login(connection, values))
    if not checked.problems:
        why = "The same log-in succeeds from here: Salesforce may have been down, or the org blocks Infisical's addresses."
        hint = "apply again; if it stays, compare the org's and the app's IP rules with the addresses Infisical comes from"
        return _with(refused, why, hint, refused.location)
    problem = checked.problems[0]
    found = "\n".join([f"Tried from here: {problem.title} ({problem.name}).", *details(problem)])
    return _with(refused, found, problem.hint, place(connection, problem.step))


def _with(refused: Diagnostic, why: str, hint: str, location: Location | None) -> Diagnostic:
    return error(refused.summary, detail=f"{refused.detail}\n{why}", hint=hint, location=location, address=refused.address)
