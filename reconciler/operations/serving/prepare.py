"""What is served: the embedded Infisical and the simulated orgs as one app, and what a client must know to use it."""

import json
import random
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send

from reconciler import embedded
from reconciler.embedded.faults import Drop, Fault, Faulty
from reconciler.model import Stop, Stopped, error
from reconciler.operations.orgs import read_orgs
from reconciler.workspace import permissions, place_to_write, write_file

_IDENTITY = "serve"
"""The name of the machine identity whose credentials the first start gives."""


@dataclass(frozen=True, slots=True)
class Serving:
    """What is served and where. Port 0 takes any free port. Limits are requests in a window, None for no limit."""

    host: str
    port: int
    salesforce_port: int
    database: Path
    orgs: Path | None = None
    projects: tuple[str, ...] = ()
    read_limit: int | None = None
    write_limit: int | None = None
    limit_window_seconds: float = 60
    older_build: bool = False
    faults: Mapping[Fault, float] = field(default_factory=dict)
    delay_seconds: float = 0
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Served:
    """What a client must know. `client_id` and `client_secret` are None if an earlier start gave them."""

    url: str
    salesforce_url: str
    organisation_id: str
    client_id: str | None = None
    client_secret: str | None = field(default=None, repr=False)

    def told(self) -> dict[str, str]:
        """Return the values by the names that a client reads."""
        keys = {"url": self.url, "salesforceUrl": self.salesforce_url, "organizationId": self.organisation_id}
        if self.client_id and self.client_secret:
            keys |= {"clientId": self.client_id, "clientSecret": self.client_secret}
        return keys


@dataclass(frozen=True, slots=True)
class Prepared:
    """One app for both, with the id of its organisation and the client id and secret of a first start."""

    app: ASGIApp
    organisation_id: str
    identity: tuple[str, str] | tuple[None, None] = field(repr=False)

    def describe(self, url: str, salesforce_url: str) -> Served:
        """Return what a client must know once the app is served at these addresses."""
        return Served(url, salesforce_url, self.organisation_id, *self.identity)


@contextmanager
def prepare(serving: Serving, salesforce_port: int, drop: Drop) -> Iterator[Prepared]:
    """Open the database for the block, and make the app. The first start also makes the machine identity.

    A request to `salesforce_port` is for Salesforce. `drop` breaks a client's connection, for faults that need it. Raises
    `Stopped` if the database, a project or the org file cannot be used.
    """
    orgs = read_orgs(serving.orgs)
    try:
        permissions(place_to_write(serving.database))
        infisical = _infisical(serving, orgs)
        identity = _identity(serving.database)
    except ValueError as wrong:
        raise _failed(
            f"reconciler cannot serve this: {wrong}.", "write a project's slug as lower-case words with hyphens between them"
        ) from None
    except (embedded.DatabaseUnusableError, sqlite3.Error, OSError) as broken:
        cause = getattr(broken, "strerror", None) or broken
        raise _failed(f"The database cannot be used: {cause}.", "name another file with --db") from None
    with closing(infisical):
        draw = random.Random(serving.seed).random  # noqa: S311  # nosec B311  # which requests fail is no secret
        faulty = Faulty(infisical, serving.faults, drop, draw, serving.delay_seconds)
        hosts = frozenset(org.host.lower() for org in orgs)
        both = _Dispatch(faulty, embedded.salesforce_app(orgs, drop), hosts, salesforce_port)
        yield Prepared(both, infisical.organisation_id, identity)


def write_credentials(path: Path, served: Served) -> None:
    """Write what a client must know as one JSON object, mode 0600.

    If the file has the credentials of an earlier start in the same organisation, they stay, and only addresses change. Raises
    `Stopped` if the file cannot be written.
    """
    values = served.told()
    try:
        place = place_to_write(path)
        if permissions(place) is not None and not served.client_secret:
            earlier = json.loads(place.read_text("utf-8"))
            if isinstance(earlier, dict) and earlier.get("organizationId") == served.organisation_id:
                values = earlier | values
        write_file(path, (json.dumps(values, indent=2) + "\n").encode(), mode=0o600)
    except (OSError, ValueError) as broken:
        why = getattr(broken, "strerror", None) or "it contains something else"
        raise _failed(f"The credentials cannot be written to {path}: {why}.", "choose another --credentials-file") from None


class _Dispatch:
    """One app for both. Its port, or the host that a request names, leads to Salesforce. Everything else goes to Infisical."""

    def __init__(self, infisical: ASGIApp, salesforce: ASGIApp, hosts: frozenset[str], port: int) -> None:
        self._infisical = infisical
        self._salesforce = salesforce
        self._hosts = hosts
        self._port = port

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        to_salesforce = scope["type"] == "http" and (scope["server"][1] == self._port or _host(scope) in self._hosts)
        await (self._salesforce if to_salesforce else self._infisical)(scope, receive, send)


def _host(scope: Scope) -> str:
    header = next((value for name, value in scope["headers"] if name == b"host"), b"")
    return str(header.decode("latin-1").partition(":")[0].lower())


def _infisical(serving: Serving, orgs: Sequence[embedded.SimulatedOrg]) -> embedded.InfisicalApp:
    return embedded.infisical_app(
        serving.database,
        orgs,
        serving.projects,
        build=embedded.OLDER if serving.older_build else embedded.CURRENT,
        limits=_limits(serving),
    )


def _limits(serving: Serving) -> embedded.RateLimits | None:
    if serving.read_limit is None and serving.write_limit is None:
        return None
    return embedded.RateLimits(serving.read_limit, serving.write_limit, serving.read_limit, serving.limit_window_seconds)


def _identity(database: Path) -> tuple[str, str] | tuple[None, None]:
    """Return the client id and secret. Only the first start makes and sees them."""
    try:
        made = embedded.create_identity(database, _IDENTITY)
    except ValueError:  # an identity of that name exists
        return None, None
    return made.client_id, made.client_secret


def _failed(summary: str, hint: str) -> Stopped:
    return Stopped(Stop.FAILED, error(summary, hint=hint))
