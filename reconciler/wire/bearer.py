"""The token of a run, and a fresh one before it ends or once it is refused: one renewal, however many workers need it."""

from collections.abc import Awaitable, Callable
from contextvars import ContextVar

import anyio

from reconciler.model import Secret
from reconciler.wire.errors import WireError

SECONDS_BETWEEN = 30.0
"""Infisical forgets a wrong log-in after 30 s, and locks the identity after three (facts §5)."""
SECONDS_LEFT = 60.0
SHARE_LEFT = 0.1

Renew = Callable[[], Awaitable[Secret]]
"""Gets a fresh token. What it asks through the same client goes out without a bearer: Infisical refuses a log-in that carries
an expired one (facts §5), and its own refusal renews nothing."""

_renewing: ContextVar[bool] = ContextVar("_renewing", default=False)


class Bearer:
    """What the client authorises itself with. `clock` gives seconds; anyio's when left out."""

    def __init__(
        self,
        token: Secret,
        renew: Renew | None = None,
        expires_in: float | None = None,
        *,
        clock: Callable[[], float] = anyio.current_time,
    ) -> None:
        self._token = token
        self._before = Secret("")
        self._renew = renew
        self._life = expires_in or None
        self._clock = clock
        self._since = clock() if renew else 0.0
        self._not_before = 0.0
        self._lock = anyio.Lock()

    @property
    def secrets(self) -> tuple[Secret, Secret]:
        """The token and the one before it, which a server may still repeat."""
        return self._token, self._before

    async def current(self) -> Secret | None:
        """Return the token to send, renewed when it is about to end; None for what a renewal itself asks.

        It is about to end when a tenth of its life or 60 s are left, whichever is more, and never before its half.
        """
        if _renewing.get():
            return None
        if self._is_ending():
            await self.newer_than(self._token)
        return self._token

    async def newer_than(self, used: Secret) -> bool:
        """Tell whether there is a newer token than `used`, after one renewal if need be. A failing one leaves all as it is."""
        if self._renew is None or _renewing.get():
            return False
        async with self._lock:
            if self._token is not used:
                return True
            if self._clock() < self._not_before:
                return False
            return await self._replaced(self._renew)

    async def _replaced(self, renew: Renew) -> bool:
        self._not_before = self._clock() + SECONDS_BETWEEN
        inside = _renewing.set(True)
        try:
            fresh = await renew()
        except WireError:
            return False
        except Exception:  # noqa: BLE001  # whatever the caller's kinds of refusal are; who asked is told his own
            self._renew = None
            return False
        finally:
            _renewing.reset(inside)
        self._before, self._token, self._since = self._token, fresh, self._clock()
        return True

    def _is_ending(self) -> bool:
        if self._renew is None or self._life is None:
            return False
        spare = min(max(self._life * SHARE_LEFT, SECONDS_LEFT), self._life / 2)
        now = self._clock()
        return now >= self._since + self._life - spare and now >= self._not_before
