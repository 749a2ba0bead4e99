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
_SCHEME = re.compile(r"^(https?)://", re.IGNORECASE)
_LONGEST = 253
"""Characters of a host name, as DNS has it."""
_WHERE = 'write the org\'s My Domain: Setup, My Domain, "Current My Domain URL", e.g. acme.my.salesforce.com'


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is thought of a host. `host` is what is sent, None when it is refused; `problem` is "" when all is well."""

    host: str | None
    problem: str = ""
    hint: str = ""


@lru_cache(maxsize=1024)
def judge(text: str, allowed: tuple[str, ...] = ()) -> Verdict:
    """Accept, map or refuse `text`, an instance URL as a person writes it; hosts in `allowed` are taken as they are."""
    scheme = _SCHEME.match(text.strip())
    rest = _SCHEME.sub("", text.strip()).lower()
    host, _, path = rest.partition("/")
    host, _, query = host.partition("?")
    host, _, fragment = host.partition("#")
    taken = host in {fold(entry) for entry in allowed}
    if len(host) > _LONGEST:
        return Verdict(None, f"a host has at most {_LONGEST} characters", _WHERE)
    if not taken and any(mark in host for mark in "@: \t\\"):
        return Verdict(None, "an instance URL is a host alone: no user, no port, no blank", _WHERE)
    if not host:
        return Verdict(None, "there is no host here", _WHERE)
    dropped = []
    if scheme and scheme[1].lower() == "http":
        dropped.append("plain http (https is used)")
    if path.strip("/") or query or fragment:
        dropped.append("the path behind the host")
    if taken or _MY_DOMAIN.fullmatch(host):
        if dropped:
            verb = "do" if len(dropped) > 1 else "does"
            return Verdict(_sent(host), f"{' and '.join(dropped)} {verb} not belong here", f"write `{host}`")
        return Verdict(_sent(host))
    for pattern, suffix, what in _MAPPED:
        if match := pattern.fullmatch(host):
            domain = f"{match['org']}.{suffix}"
            return Verdict(_sent(domain), f"`{host}` is {what}; `{domain}` is used", f"write `{domain}`")
    if host in {"login.salesforce.com", "test.salesforce.com"}:
        return Verdict(None, f"`{host}` does not answer the client credentials flow", _WHERE)
    return Verdict(None, f"`{host}` is not a Salesforce My Domain", _WHERE)


@lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """Return `text` for comparing: scheme, case and trailing slashes do not count. Never maps one host to another."""
    return _SCHEME.sub("", text.strip()).rstrip("/").lower()


def _sent(host: str) -> str:
    """Infisical puts https:// in front of what does not begin with `http`, so a host that does carries its scheme."""
    return f"https://{host}" if host.startswith("http") else host
