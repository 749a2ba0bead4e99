"""Infisical: the name of a connection or a project must be its own lower-case slug."""

import re

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def is_slug(text: str) -> bool:
    """Return whether Infisical takes this text as a name."""
    return _SLUG.fullmatch(text) is not None
