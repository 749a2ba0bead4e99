"""`salesforce check`: tries the log-in of each connection at Salesforce itself. It writes nothing."""

import difflib
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack

from reconciler import secrets
from reconciler.config import Settings
from reconciler.model import Connection, Diagnostic, SalesforceCheck, Stop, Stopped, error
from reconciler.operations.files import read_files
from reconciler.operations.location import StackLocation
from reconciler.operations.login.session import open_session
from reconciler.operations.salesforce import Checks, diagnose, open_salesforce, org_login
from reconciler.operations.sources import value_sources
from reconciler.secrets import Resolution


async def check_salesforce(location: StackLocation, addresses: Sequence[str]) -> SalesforceCheck:
    """Try the log-ins of these connections, or of all connections if `addresses` is empty.

    Raises `Stopped` for invalid files, for unknown addresses, and if a value is in Infisical and the log-in to Infisical fails.
    """
    files = read_files(location)
    connections = _chosen(files.manifests.connections, addresses)
    resolution = await _resolve(files.settings, location, connections)
    missing = _missing(connections, resolution)
    async with open_salesforce(files.settings, location) as asker:
        logins = {each.address: org_login(each, resolution.credentials(each.references)) for each in connections}
        results = await Checks(asker, files.settings.allowed_hosts).of(logins)
        endpoint = asker.stand
    checked = [(connection, results[connection.address]) for connection in connections]
    refused = diagnose(checked, failing=True)
    return SalesforceCheck(endpoint, checked, (*files.warnings, *missing, *refused), valid=not (missing or refused))


def _chosen(connections: Sequence[Connection], addresses: Sequence[str]) -> list[Connection]:
    known = {connection.address: connection for connection in connections}
    unknown = [address for address in dict.fromkeys(addresses) if address not in known]
    if unknown:
        raise Stopped(Stop.FAILED, *(_unknown(address, known) for address in unknown))
    return [known[address] for address in dict.fromkeys(addresses)] if addresses else list(connections)


def _unknown(address: str, known: Mapping[str, Connection]) -> Diagnostic:
    near = difflib.get_close_matches(address, known, n=1)
    hint = f"did you mean `{near[0]}`?" if near else "the address of a connection is the `metadata.name` of its manifest"
    return error(f"There is no connection `{address}` in the manifests.", hint=hint)


async def _resolve(settings: Settings, location: StackLocation, connections: Sequence[Connection]) -> Resolution:
    """Read the values. The run logs in to Infisical only if Infisical keeps one of them."""
    references = [reference for connection in connections for reference in connection.references]
    async with AsyncExitStack() as opened:
        reader = None
        if any(reference.kind == "fromInfisical" for reference in references):
            session = await opened.enter_async_context(open_session(settings, location))
            reader = session.reader
        return await secrets.resolve_references(references, value_sources(settings, location.environ, reader))


def _missing(connections: Sequence[Connection], resolution: Resolution) -> list[Diagnostic]:
    problems = []
    for connection in connections:
        for name, reference in connection.references.named():
            if cause := resolution.missing.get(reference):
                summary = f"`{connection.address}` has no {name}: {cause}."
                problems.append(error(summary, location=reference.location, hint=cause.hint, address=connection.address))
    return problems
