"""The embedded API behind a real socket that can lose what it is told to, and one stack that is applied to it."""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Any

import anyio
import httpx

from reconciler.applying import Journal, execute
from reconciler.embedded import SimulatedApp, SimulatedOrg, infisical_app, issue_token
from reconciler.infisical import Reader, Writer
from reconciler.model import (
    ORGANISATION,
    ApplyEvent,
    Connection,
    Credentials,
    Diagnostic,
    Lifecycle,
    LiveConnection,
    Location,
    Outcome,
    ProjectRef,
    Record,
    Reference,
    References,
    Scope,
    Secret,
    State,
)
from reconciler.planning import Basis, Change, Choices, Plan, Target, decide, missing_ids, settle, situation_of
from reconciler.state import LocalBackend
from reconciler.wire import Client, Endpoint, connect
from tests.wire.raw import Asked, Raw, refusal, reply, serving

HOST = "acme.my.salesforce.com"
KEY, SECRET = "consumer-key-of-acme", "consumer-secret-of-acme-0001"
NEW_KEY, NEW_SECRET = "consumer-key-two-of-acme", "consumer-secret-of-acme-0002"
GOOD = Credentials(Secret(KEY), Secret(SECRET))
CHANGED = Credentials(Secret(NEW_KEY), Secret(NEW_SECRET))
BAD = Credentials(Secret(KEY), Secret("not-the-secret-of-acme"))
_SALESFORCE = "/api/v1/app-connections/salesforce"


class Lose(Enum):
    """A connection that closes, or a 500, before or after the API has acted."""

    BEFORE = "closes before acting"
    AFTER = "closes after acting"
    FAIL_BEFORE = "500 before acting"
    FAIL_AFTER = "500 after acting"
    PAGE_AFTER = "a proxy's page after acting"
    HALF_AFTER = "half an answer after acting"
    STRANGE_AFTER = "an answer without the connection after acting"

    @property
    def acts(self) -> bool:
        """Whether the API acts all the same."""
        return self not in {Lose.BEFORE, Lose.FAIL_BEFORE}


Fault = Lose | bytes
Watch = Callable[[Asked], None]


@dataclass
class Gate:
    """What stands before the API: faults for the requests they match, and what arrived."""

    http: httpx.AsyncClient
    faults: list[tuple[str, str, list[Fault]]] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    watch: Watch = lambda _asked: None
    hold: Callable[[Asked], Any] | None = None
    in_flight: int = 0
    most_in_flight: int = 0
    down: bool = False

    def on(self, method: str, part: str, *faults: Fault) -> None:
        """Let the next requests of `method` whose method, target and body contain `part` go wrong, one fault each."""
        self.faults.append((method, part, list(faults)))

    @property
    def writes(self) -> list[Asked]:
        """The requests that change something, in the order of arrival."""
        return [one for one in self.asked if one.method != "GET"]

    @property
    def told(self) -> list[str]:
        """The writes in short."""
        return [one.method for one in self.writes]

    async def __call__(self, asked: Asked) -> bytes | None:
        self.asked.append(asked)
        self.watch(asked)
        fault: Fault | None = Lose.BEFORE if self.down else self._fault(asked)
        if isinstance(fault, bytes):
            return fault
        if fault is not None and not fault.acts:
            return None if fault is Lose.BEFORE else refusal(500, "InternalServerError", "Something went wrong")
        writing = asked.method != "GET"
        self.in_flight += writing
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            if self.hold is not None:
                await self.hold(asked)
            answer = await self._forward(asked)
        finally:
            self.in_flight -= writing
        match fault:
            case Lose.AFTER:
                return None
            case Lose.FAIL_AFTER:
                return refusal(500, "InternalServerError", "Something went wrong")
            case Lose.PAGE_AFTER:
                return reply(200, "<html>Please log in</html>")
            case Lose.HALF_AFTER:
                return reply(200, '{"appConnection": {"id": ')
            case Lose.STRANGE_AFTER:
                return reply(200, '{"appConnection": {"name": 5}}')
        return answer

    def _fault(self, asked: Asked) -> Fault | None:
        for method, part, faults in self.faults:
            if faults and asked.method == method and part in f"{asked.target} {asked.body.decode()}":
                return faults.pop(0)
        return None

    async def _forward(self, asked: Asked) -> bytes:
        kept = {name: value for name, value in asked.headers.items() if name in {"authorization", "content-type"}}
        got = await self.http.request(asked.method, asked.target, headers=kept, content=asked.body or None)
        return reply(got.status_code, got.content, content_type=got.headers["content-type"], date=got.headers["date"])


@dataclass
class World:
    """One stack, its state file, and the Infisical it is applied to."""

    path: Path
    database: Path
    gate: Gate
    client: Client
    direct: Client
    scopes: Mapping[ProjectRef | None, Scope]
    events: list[ApplyEvent] = field(default_factory=list)

    @property
    def backend(self) -> LocalBackend:
        """The state file's backend."""
        return LocalBackend(self.path)

    @property
    def writer(self) -> Writer:
        """A writer past the gate: somebody else's hand."""
        return Writer(self.direct)

    async def live(self) -> dict[str, LiveConnection]:
        """What is there, by name, seen past the gate."""
        return {one.name: one for one in await Reader(self.direct).connections()}

    async def state(self) -> State:
        """What is stored."""
        stored, _ = await self.backend.load()
        assert stored is not None
        return stored

    async def record(self, address: str = "crm") -> Record:
        """What is stored of one address."""
        return (await self.state()).records[address]

    async def created_outside(self, name: str, scope: Scope = ORGANISATION, description: str = "") -> LiveConnection:
        """Somebody else's connection."""
        return await self.writer.create(name, description, scope, HOST, GOOD)

    async def decided(self, *wanted: Connection, **options: Any) -> tuple[Plan, Mapping[str, Credentials], State, str]:
        """What an apply would do now."""
        stored, version = await self.backend.load()
        reader = Reader(self.direct)
        state = stored or State.born()
        live = await reader.connections()
        for one in missing_ids(state, live):
            found = await reader.connection(one)
            live += (found,) if found else ()
        settled = settle(state, live, datetime.now(UTC))
        given: Mapping[str, Credentials] = options.pop("values", {})
        values = {one.address: given.get(one.address, GOOD) for one in wanted}
        chosen = {name: options.pop(name) for name in ("accept", "reassert", "adopt_all", "destroy") if name in options}
        decisions = decide(
            situation_of(
                desired=wanted,
                scopes=self.scopes,
                state=settled.state,
                live=live,
                fingerprints={address: pair.fingerprints(state.key) for address, pair in values.items()},
                choices=Choices(**chosen),
                resend=settled.resend,
                settled=settled.done,
                **options,
            )
        )
        assert not [one for one in decisions.diagnostics if "renamedFrom" not in one.hint], decisions.diagnostics
        basis = Basis(state.lineage, state.serial)
        plan = Plan(Target("test", self.client.url), basis, changes=tuple(decisions.changes))
        return plan, values, settled.state, version

    async def apply(
        self,
        *wanted: Connection,
        stop: anyio.Event | None = None,
        between: Callable[[], Any] | None = None,
        backend: LocalBackend | None = None,
        at_once: int = 8,
        only: Sequence[Change] | None = None,
        **options: Any,
    ) -> Outcome:
        """Plan and carry out; `between` happens after the plan was made and before it is carried out."""
        plan, values, state, version = await self.decided(*wanted, **options)
        if between is not None:
            await between()
        if only is not None:
            plan = replace(plan, changes=tuple(only))
        journal = Journal(backend or self.backend, state, version)
        return await execute(
            plan,
            {one.address: one for one in wanted},
            values,
            journal,
            Reader(self.client),
            Writer(self.client),
            emit=self.events.append,
            explain_refusal=as_it_is,
            stop=stop or anyio.Event(),
            writes_in_flight=at_once,
        )


async def as_it_is(refused: Diagnostic) -> Diagnostic:
    """Nobody knows more of a refusal."""
    return refused


@asynccontextmanager
async def a_world(folder: Path) -> AsyncIterator[World]:
    """A new world: an Infisical with the projects crm and erp, and no state yet."""
    database = folder / "infisical.db"
    orgs = [SimulatedOrg(HOST, (SimulatedApp(KEY, SECRET), SimulatedApp(NEW_KEY, NEW_SECRET)))]
    app = infisical_app(database, orgs, ["crm", "erp"])
    token = Secret(issue_token(database))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://embedded") as http:
        gate = Gate(http)
        async with serving(gate) as raw, _clients(raw, app, token) as (client, direct):
            scopes: dict[ProjectRef | None, Scope] = {None: ORGANISATION}
            for slug in ("crm", "erp"):
                project = await Reader(direct).project_by_slug(slug)
                assert project is not None
                scopes[ProjectRef("slug", slug)] = Scope(project.id, slug)
            yield World(folder / "state.json", database, gate, client, direct, scopes)
    app.close()


@asynccontextmanager
async def _clients(raw: Raw, app: Any, token: Secret) -> AsyncIterator[tuple[Client, Client]]:
    async with connect(Endpoint(raw.url)) as client, connect(Endpoint("http://embedded", app)) as direct:
        client.authorise(token)
        direct.authorise(token)
        yield client, direct


def wanted(address: str = "crm", **changes: Any) -> Connection:
    """A manifest; `project` is a slug, `lifecycle` keyword arguments."""
    place = Location(f"connections/{address}.yaml", 4, 9)
    project, lifecycle = changes.pop("project", None), changes.pop("lifecycle", {})
    base = Connection(
        address=address,
        name=address,
        description="",
        project=ProjectRef("slug", project) if project else None,
        instance_url=HOST,
        references=References(Reference("fromEnv", "CRM_KEY", place), Reference("fromEnv", "CRM_SECRET", place)),
        version=None,
        labels={},
        lifecycle=Lifecycle(**lifecycle),
        file=place.file,
        location=place,
        name_location=place,
        project_location=place,
        host_location=place,
    )
    return replace(base, **changes)


def keys(items: Iterable[Any]) -> list[str]:
    """The addresses of changes, in order."""
    return sorted(item.address for item in items)
