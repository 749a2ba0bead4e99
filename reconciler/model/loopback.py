"""Which hosts are this machine itself. What is sent there never leaves the machine, so it needs no TLS and no proxy."""

import re
from ipaddress import IPv6Address, ip_address

_NUMBER = re.compile(r"0x[0-9a-f]{1,8}|[0-9]{1,11}")
_NETWORK = 127
"""The first byte of every loopback address of IPv4."""


def is_loopback(host: str) -> bool:
    """Tell whether `host` is this machine: `localhost`, an address of 127.0.0.0/8, `::1`, or one of them in another spelling.

    `host` is a host name or an address, as `urlsplit` gives it. Nothing is looked up.
    """
    name = host.lower().rstrip(".").strip("[]")
    if name == "localhost":
        return True
    try:
        address = ip_address(name.partition("%")[0])
    except ValueError:
        return _first_byte(name) == _NETWORK
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return address.is_loopback


def _first_byte(name: str) -> int | None:
    """Return the first byte of an IPv4 address in a short spelling that resolvers accept, such as `127.1` or `0x7f000001`."""
    parts = name.split(".")
    if len(parts) > 4 or not all(_NUMBER.fullmatch(part) for part in parts):
        return None
    try:
        first = int(parts[0], 16 if parts[0].startswith("0x") else 8 if parts[0].startswith("0") else 10)
    except ValueError:  # an octal number has no 8 and no 9
        return None
    return first >> 24 if len(parts) == 1 else first
