"""Simulated Salesforce orgs as plain values: the hosts that exist, the apps and users that each knows, and its faults."""

import time
from dataclasses import dataclass, field

from reconciler.embedded.salesforce.refusals import require_known_fault


@dataclass(frozen=True, slots=True)
class SimulatedUser:
    """A user of a simulated org. The username looks like an e-mail address, but need not be the user's own address."""

    username: str
    email: str = ""
    active: bool = True


@dataclass(frozen=True, slots=True)
class SimulatedApp:
    """An External Client App of a simulated org.

    - `run_as` is the Salesforce username that the app acts as. If it is empty the app refuses with E1, as a real app does.
    - `flow_in_settings` and `flow_in_policies` are the two switches of the client-credentials flow.
    - `approved` says whether the user may use the app.
    - The org learns of the app `known_after_ms` after this value was made.
    - `fault`, a name in `TOKEN_REFUSALS` or `BROKEN_ANSWERS`, is the answer even to the right key and secret.
    - Infisical accepts no answer with a `token_type` other than Bearer.

    Raises ValueError for an unknown fault.
    """

    consumer_key: str = field(repr=False)
    consumer_secret: str = field(repr=False)
    run_as: str = "integration@example.com"
    scopes: tuple[str, ...] = ("api",)
    fault: str | None = None
    token_type: str = "Bearer"  # noqa: S105  a kind of token, not a token
    flow_in_settings: bool = True
    flow_in_policies: bool = True
    approved: bool = True
    known_after_ms: int = 0
    made: float = field(default_factory=time.monotonic, compare=False)

    def __post_init__(self) -> None:
        require_known_fault(self.fault)

    @property
    def known(self) -> bool:
        """Whether the org knows the app by now."""
        return time.monotonic() >= self.made + self.known_after_ms / 1000


@dataclass(frozen=True, slots=True)
class SimulatedOrg:
    """A simulated Salesforce org. Clients reach it by its My Domain host, in upper or lower case.

    - `fault`, a name in `TOKEN_REFUSALS` or `BROKEN_ANSWERS`, is the answer to every token request.
    - The org waits `delay_ms` before each answer.
    - If there are no `users`, every username is a user.
    - `instance_url` is the URL that the org gives as its own. If it is empty, the org gives the URL of its host.

    Raises ValueError for an unknown fault.
    """

    host: str
    apps: tuple[SimulatedApp, ...] = ()
    fault: str | None = None
    delay_ms: int = 0
    users: tuple[SimulatedUser, ...] = ()
    instance_url: str = ""

    def __post_init__(self) -> None:
        require_known_fault(self.fault)

    def user(self, username: str) -> SimulatedUser | None:
        """Return the user with this username, or None. An e-mail address is not a username."""
        if not self.users:
            return SimulatedUser(username)
        return next((user for user in self.users if user.username.lower() == username.lower()), None)
