"""Which hosts are this machine: their requests need no TLS and go to no proxy, so no other host may pass for one."""

import pytest

from reconciler.model import is_loopback


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST.",
        "127.0.0.1",
        "127.255.255.254",
        "::1",
        "[::1]",
        "0:0:0:0:0:0:0:1",
        "::ffff:127.0.0.1",
        "::ffff:7f00:1",
        "::1%lo",
        "127.1",
        "127.0.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
    ],
)
def test_this_machine_in_every_spelling_that_resolvers_take(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "example.org",
        "localhost.example.org",
        "127.0.0.1.example.org",
        "127.example.org",
        "128.0.0.1",
        "0.0.0.0",
        "::",
        "::2",
        "::ffff:10.0.0.1",
        "fe80::1",
        "10.127.0.1",
        "0x7g.1",
        "09.0.0.1",
        "127.0.0.0.1",
        "1270",
    ],
)
def test_another_host_is_none(host: str) -> None:
    assert not is_loopback(host)
