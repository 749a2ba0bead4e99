"""The token of a run. It is renewed before it ends or after a refusal: once, however many workers need a new one."""

from collections.abc import Awaitable, Callable
from contextvars import ContextVar

import anyio

from reconciler.model import Secret
from reconciler.wire.errors import WireError

SECONDS_BETWEEN = 30.0
"""Infisical locks an identity after three wrong log-ins, and forgets a wrong log-in after 30 s (facts §5)."""
SECONDS_LEFT = 60.0
SHARE_LEFT = 0.1

Renew = Callable[[], Awaitable[Secret]]
"""Gets a new token. Its requests through the same client carry no bearer, because Infisical refuses a log-in with an expired
one (facts §5). A refusal of these requests starts no other renewal."""

_renewing: ContextVar[bool] = ContextVar("_renewing", default=False)


class Bearer:
    """The token that a client sends. `clock` gives seconds, by default those of anyio."""

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
        """Return the token to send, renewed if it is about to end. None for a request that a renewal itself sends.

        It is about to end if a tenth of its life or 60 s are left, whichever is more, but not in the first half of its life.
        """
        if _renewing.get():
            return None
        if self._is_ending():
            await self.newer_than(self._token)
        return self._token

    async def newer_than(self, used: Secret) -> bool:
        """Tell whether there is a newer token than `used`. If not, renew it once. A renewal that fails changes nothing."""
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
            renewed = await renew()
        except WireError:
            return False
        except Exception:  # noqa: BLE001  # any refusal that the caller knows; the request that came here reports its own
            self._renew = None
            return False
        finally:
            _renewing.reset(inside)
        self._before, self._token, self._since = self._token, renewed, self._clock()
        return True

    def _is_ending(self) -> bool:
        if self._renew is None or self._life is None:
            return False
        spare = min(max(self._life * SHARE_LEFT, SECONDS_LEFT), self._life / 2)
        now = self._clock()
        return now >= self._since + self._life - spare and now >= self._not_before
