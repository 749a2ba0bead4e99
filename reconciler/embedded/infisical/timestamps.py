"""The one way Infisical writes a moment in a JSON body."""

from datetime import UTC, datetime, timedelta


def timestamp(seconds: float) -> str:
    """Return seconds since the epoch as Infisical writes them: ISO 8601 in UTC, with milliseconds and a Z.

    Sorting these texts sorts them by time.
    """
    return _iso(datetime.fromtimestamp(seconds, UTC))


def later_timestamp(seconds: float, than: str) -> str:
    """Return `timestamp(seconds)`, or one millisecond after `than` if the clock has not passed it.

    This way `updatedAt` moves with every write.
    """
    now = timestamp(seconds)
    return now if now > than else _iso(datetime.fromisoformat(than) + timedelta(milliseconds=1))


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
