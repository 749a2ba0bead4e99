"""Which hosts are an org's My Domain: the only hosts a consumer secret may be sent to.

The forms and partition names are those of Salesforce's own documentation and command-line libraries.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

PARTITIONS = (
    "demo", "develop", "free", "patch", "sandbox", "scratch", "sfdctest", "sfrestore", "trailblaze"
)  # fmt: skip
_LABEL = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_ORG = rf"(?P<org>{_LABEL}(?:\.(?:{'|'.join(PARTITIONS)}))?)"
_MY_DOMAIN = re.compile(rf"{_ORG}\.my\.(?:salesforce\.(?:com|mil)|sfcrmproducts\.cn)")
_MAPPED = (
    (re.compile(rf"{_ORG}\.lightning\.force\.com"), "my.salesforce.com", "the Lightning page's host"),
    (re.compile(rf"{_ORG}\.my\.salesforce-setup\.com"), "my.salesforce.com", "the Setup page's host"),
    (re.compile(rf"{_ORG}\.lightning\.(?:crm)?force\.mil"), "my.salesforce.mil", "the Lightning page's host"),
    (re.compile(rf"{_ORG}\.my\.salesforce-setup\.mil"), "my.salesforce.mil", "the Setup page's host"),
    (re.compile(rf"{_ORG}\.lightning\.sfcrmapps\.cn"), "my.sfcrmproducts.cn", "the Lightning page's host"),
    (re.compile(rf"{_ORG}\.setup\.sfcrmproducts\.cn"), "my.sfcrmproducts.cn", "the Setup page's host"),
)
_BEFORE_ENHANCED = re.compile(r"(?P<org>[^.]+--[^.]+)\.my\.salesforce\.com")
_PROXIED = re.compile(r"(?P<host>.+)\.(?:[a-z]{2}\.)?mcas\.ms")
_ORG_ID = re.compile(r"00d[a-z0-9]{12}(?:[a-z0-9]{3})?")
_WHERE = 'write the org\'s My Domain: Setup, My Domain, "Current My Domain URL", e.g. acme.my.salesforce.com'
_REFUSED = (
    (re.compile(r"(?:login|test)\.salesforce\.com"), "does not support the client credentials flow", _WHERE),
    (
        re.compile(r"[a-z]{2,4}\d+[a-z]?\.salesforce\.com"),
        "is the host of a Salesforce instance, which many orgs share",
        _WHERE,
    ),
    (
        re.compile(r".+\.(?:(?:vf|file|content|visual)\.force|visualforce|documentforce)\.com"),
        "is a host of Salesforce pages or files, where nobody can log in",
        f"{_WHERE}; the part after `--` may name a package, so do not copy it",
    ),
    (
        re.compile(r".+\.my\.site\.com|.+\.force\.com"),
        "is the host of a site; the client credentials flow works only at the My Domain",
        _WHERE,
    ),
    (
        re.compile(r"(?:help|developer|trailhead|www|status|trust|appexchange)\.salesforce\.com"),
        "is a website of Salesforce, not an org",
        _WHERE,
    ),
    (
        re.compile(r".+\.my-salesforce\.com"),
        "is an alternative domain; nobody knows whether the client credentials flow works there",
        _WHERE,
    ),
    (_ORG_ID, "is the id of an org, not its host", _WHERE),
)
"""What people paste that belongs to Salesforce but is not a My Domain, and why it is refused."""
_SCHEME = re.compile(r"^(https?)://", re.IGNORECASE)
_LONGEST = 253
"""The most characters that DNS allows in a host name."""


@dataclass(frozen=True, slots=True)
class JudgedHost:
    """A host, judged. `host` is what is sent, None if the host is refused. `problem` is "" if nothing is wrong."""

    host: str | None
    problem: str = ""
    hint: str = ""


@lru_cache(maxsize=1024)
def judge_host(text: str, allowed: tuple[str, ...] = ()) -> JudgedHost:
    """Accept, map or refuse `text`, an instance URL as a person writes it. Hosts in `allowed` are accepted as they are."""
    scheme = _SCHEME.match(text.strip())
    rest = _SCHEME.sub("", text.strip()).lower()
    host, _, path = rest.partition("/")
    host, _, query = host.partition("?")
    host, _, fragment = host.partition("#")
    taken = host in {fold(entry) for entry in allowed}
    if len(host) > _LONGEST:
        return JudgedHost(None, f"a host has at most {_LONGEST} characters", _WHERE)
    if not taken and any(mark in host for mark in "@: \t\\"):
        return JudgedHost(None, "an instance URL is only a host, without a user, a port or a blank", _WHERE)
    if not host:
        return JudgedHost(None, "there is no host in it", _WHERE)
    dropped = []
    if scheme and scheme[1].lower() == "http":
        dropped.append("plain http (reconciler uses https)")
    if path.strip("/") or query or fragment:
        dropped.append("the path after the host")
    if taken or _MY_DOMAIN.fullmatch(host):
        if dropped:
            verb = "do" if len(dropped) > 1 else "does"
            return JudgedHost(_sent(host), f"{' and '.join(dropped)} {verb} not belong here", f"write `{host}`")
        return JudgedHost(_sent(host)) if taken else _accepted(host)
    for pattern, suffix, what in _MAPPED:
        if match := pattern.fullmatch(host):
            domain = f"{match['org']}.{suffix}"
            return JudgedHost(_sent(domain), f"`{host}` is {what}; reconciler uses `{domain}`", f"write `{domain}`")
    return _refused(host)


def _accepted(host: str) -> JudgedHost:
    """Accept a host. A sandbox's host without `.sandbox` is from before enhanced domains: it may still be right."""
    if old := _BEFORE_ENHANCED.fullmatch(host):
        now = f"{old['org']}.sandbox.my.salesforce.com"
        why = "is a sandbox's host from before enhanced domains"
        return JudgedHost(
            _sent(host), f"`{host}` {why}", f"write `{now}` if the org has enhanced domains; Setup, My Domain shows it"
        )
    return JudgedHost(_sent(host))


def _refused(host: str) -> JudgedHost:
    if (proxied := _PROXIED.fullmatch(host)) and _MY_DOMAIN.fullmatch(proxied["host"]):
        why = "is a proxy of Microsoft Defender, which could read the secret"
        return JudgedHost(None, f"`{host}` {why}", f"write `{proxied['host']}`")
    for pattern, why, hint in _REFUSED:
        if pattern.fullmatch(host):
            return JudgedHost(None, f"`{host}` {why}", hint)
    return JudgedHost(None, f"`{host}` is not a Salesforce My Domain", _WHERE)


@lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """Return `text` in the form that hosts are compared in: without scheme and trailing slashes, in lower case."""
    return _SCHEME.sub("", text.strip()).rstrip("/").lower()


def _sent(host: str) -> str:
    """Return the host as it is sent. Infisical adds https:// only to a text that does not begin with `http`."""
    return f"https://{host}" if host.startswith("http") else host
