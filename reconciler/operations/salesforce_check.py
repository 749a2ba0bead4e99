"""`salesforce check`: the log-in of each connection tried on Salesforce itself. Nothing is written anywhere."""

import difflib
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from reconciler import secrets
from reconciler.config import Settings
from reconciler.infisical import Reader
from reconciler.model import Connection, Diagnostic, Stop, Stopped, error
from reconciler.operations.infisical import infisical
from reconciler.operations.running import run
from reconciler.operations.salesforce import Checks, explained, salesforce
from reconciler.operations.sources import sources
from reconciler.operations.stack import Where, manifests, settings
from reconciler.salesforce import Checked, OrgLogin
from reconciler.secrets import Resolution


@dataclass(frozen=True, slots=True)
class SalesforceCheck:
    """What was found for each connection. `endpoint` is where Salesforce was asked instead of at its own hosts, ""
    when it was not; `diagnostics` are the warnings of the settings and all that is wrong."""

    endpoint: str
    connections: Sequence[tuple[Connection, Checked]]
    diagnostics: Sequence[Diagnostic]
    valid: bool


def salesforce_check(where: Where, addresses: Sequence[str]) -> SalesforceCheck:
    """Check these connections, all without any. Raises `Stopped`: invalid files, unknown addresses, no log-in where a value
    is a secret of Infisical."""
    return run(_check, where, addresses)


async def _check(where: Where, addresses: Sequence[str]) -> SalesforceCheck:
    found = settings(where)
    loaded = manifests(found)
    connections = _chosen(loaded.connections, addresses)
    resolution = await _values(found, where, connections)
    lacking = list(_lacking(connections, resolution))
    async with salesforce(found, where) as asker:
        checks = Checks(asker, found.allowed_hosts)
        results = await checks.of({one.address: _login(one, resolution) for one in connections})
        stand = asker.stand
    checked = [(one, results[one.address]) for one in connections]
    wrong = explained(checked, failing=True)
    notes = (*found.warnings, *loaded.diagnostics)
    return SalesforceCheck(stand, checked, (*notes, *lacking, *wrong), valid=not (lacking or wrong))


def _chosen(connections: Sequence[Connection], addresses: Sequence[str]) -> list[Connection]:
    known = {one.address: one for one in connections}
    unknown = [address for address in dict.fromkeys(addresses) if address not in known]
    if unknown:
        raise Stopped(Stop.FAILED, *(_unknown(address, known) for address in unknown))
    return [known[address] for address in dict.fromkeys(addresses)] if addresses else list(connections)


def _unknown(address: str, known: Mapping[str, Connection]) -> Diagnostic:
    near = difflib.get_close_matches(address, known, n=1)
    hint = f"did you mean `{near[0]}`?" if near else "an address is a manifest's metadata.name"
    return error(f"There is no connection `{address}` in the manifests.", hint=hint)


async def _values(found: Settings, where: Where, connections: Sequence[Connection]) -> Resolution:
    """Read the values; Infisical is logged in to only where one of them is kept there."""
    references = [reference for one in connections for reference in one.references]
    async with AsyncExitStack() as stack:
        reader = None
        if any(reference.kind == "fromInfisical" for reference in references):
            session = await stack.enter_async_context(infisical(found, where))
            reader = Reader(session.client)
        return await secrets.resolve(references, sources(found, where.environ, reader))


def _login(connection: Connection, resolution: Resolution) -> OrgLogin:
    return OrgLogin(connection.instance_url, resolution.credentials(connection.references))


def _lacking(connections: Sequence[Connection], resolution: Resolution) -> list[Diagnostic]:
    problems = []
    for one in connections:
        for name, reference in one.references.named():
            if cause := resolution.missing.get(reference):
                summary = f"`{one.address}` has no {name}: {cause}."
                problems.append(error(summary, location=reference.location, hint=cause.hint, address=one.address))
    return problems
