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
    (re.compile(r"(?:login|test)\.salesforce\.com"), "does not answer the client credentials flow", _WHERE),
    (
        re.compile(r"[a-z]{2,4}\d+[a-z]?\.salesforce\.com"),
        "is the host of a Salesforce instance, which many orgs share",
        _WHERE,
    ),
    (
        re.compile(r".+\.(?:(?:vf|file|content|visual)\.force|visualforce|documentforce)\.com"),
        "is a host of Salesforce pages or files, and no log-in answers there",
        f"{_WHERE}; what stands behind `--` may be a package and not a part of it",
    ),
    (
        re.compile(r".+\.my\.site\.com|.+\.force\.com"),
        "is the host of a site; the client credentials flow is known to work at the My Domain alone",
        _WHERE,
    ),
    (
        re.compile(r"(?:help|developer|trailhead|www|status|trust|appexchange)\.salesforce\.com"),
        "is a page of Salesforce's own and no org",
        _WHERE,
    ),
    (
        re.compile(r".+\.my-salesforce\.com"),
        "is an alternative domain, of which it is not known whether it answers the client credentials flow",
        _WHERE,
    ),
    (_ORG_ID, "is the id of an org and not its host", _WHERE),
)
"""What people paste that is Salesforce's but no My Domain, and why not."""
_SCHEME = re.compile(r"^(https?)://", re.IGNORECASE)
_LONGEST = 253
"""Characters of a host name, as DNS has it."""


@dataclass(frozen=True, slots=True)
class JudgedHost:
    """A host, judged. `host` is what is sent, None if the host is refused. `problem` is "" if nothing is wrong."""

    host: str | None
    problem: str = ""
    hint: str = ""


@lru_cache(maxsize=1024)
def judge_host(text: str, allowed: tuple[str, ...] = ()) -> JudgedHost:
    """Accept, map or refuse `text`, an instance URL as a person writes it; hosts in `allowed` are taken as they are."""
    scheme = _SCHEME.match(text.strip())
    rest = _SCHEME.sub("", text.strip()).lower()
    host, _, path = rest.partition("/")
    host, _, query = host.partition("?")
    host, _, fragment = host.partition("#")
    taken = host in {fold(entry) for entry in allowed}
    if len(host) > _LONGEST:
        return JudgedHost(None, f"a host has at most {_LONGEST} characters", _WHERE)
    if not taken and any(mark in host for mark in "@: \t\\"):
        return JudgedHost(None, "an instance URL is a host alone: no user, no port, no blank", _WHERE)
    if not host:
        return JudgedHost(None, "there is no host here", _WHERE)
    dropped = []
    if scheme and scheme[1].lower() == "http":
        dropped.append("plain http (https is used)")
    if path.strip("/") or query or fragment:
        dropped.append("the path behind the host")
    if taken or _MY_DOMAIN.fullmatch(host):
        if dropped:
            verb = "do" if len(dropped) > 1 else "does"
            return JudgedHost(_sent(host), f"{' and '.join(dropped)} {verb} not belong here", f"write `{host}`")
        return JudgedHost(_sent(host)) if taken else _accepted(host)
    for pattern, suffix, what in _MAPPED:
        if match := pattern.fullmatch(host):
            domain = f"{match['org']}.{suffix}"
            return JudgedHost(_sent(domain), f"`{host}` is {what}; `{domain}` is used", f"write `{domain}`")
    return _refused(host)


def _accepted(host: str) -> JudgedHost:
    """A sandbox without its partition is a form from before enhanced domains: it may still be right."""
    if old := _BEFORE_ENHANCED.fullmatch(host):
        now = f"{old['org']}.sandbox.my.salesforce.com"
        why = "is a sandbox's host from before enhanced domains"
        return JudgedHost(
            _sent(host), f"`{host}` {why}", f"write `{now}` if the org has enhanced domains; Setup, My Domain tells"
        )
    return JudgedHost(_sent(host))


def _refused(host: str) -> JudgedHost:
    if (proxied := _PROXIED.fullmatch(host)) and _MY_DOMAIN.fullmatch(proxied["host"]):
        why = "is a Microsoft Defender proxy, which would read the secret"
        return JudgedHost(None, f"`{host}` {why}", f"write `{proxied['host']}`")
    for pattern, why, hint in _REFUSED:
        if pattern.fullmatch(host):
            return JudgedHost(None, f"`{host}` {why}", hint)
    return JudgedHost(None, f"`{host}` is not a Salesforce My Domain", _WHERE)


@lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """Return `text` for comparing: scheme, case and trailing slashes do not count. Never maps one host to another."""
    return _SCHEME.sub("", text.strip()).rstrip("/").lower()


def _sent(host: str) -> str:
    """Infisical puts https:// in front of what does not begin with `http`, so a host that does carries its scheme."""
    return f"https://{host}" if host.startswith("http") else host
