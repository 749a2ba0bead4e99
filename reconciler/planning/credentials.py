"""The second decision table: credentials that nobody can read back, judged by a hash and fingerprints."""

from dataclasses import dataclass
from enum import StrEnum

from reconciler.model import CredentialDrift, Fingerprints, Lifecycle
from reconciler.planning.plan import ACCEPTED, CONSUMER_KEY, CONSUMER_SECRET, CREDENTIALS, INSTANCE_URL, VERSION


class Verdict(StrEnum):
    """What is to be done about one connection's credentials."""

    SAME = "same"
    SEND = "send"
    CONDITIONAL = "conditional"
    ACCEPT = "accept"
    HELD = "held"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known. `values` are the fingerprints of the values at their source, None when one is not available here;
    the hashes are None when not known (a server that gives none at all leaves only the fingerprints to compare);
    `resend` says that an interrupted apply may have sent them."""

    values: Fingerprints | None
    sent: Fingerprints | None
    recorded_hash: str | None
    live_hash: str | None
    wanted_version: str | None
    recorded_version: str | None
    host_differs: bool
    lifecycle: Lifecycle
    accept: bool = False
    reassert: bool = False
    resend: bool = False


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict, its reason in words, and which fields of the credentials it is about."""

    verdict: Verdict
    reason: str = ""
    hint: str = ""
    fields: tuple[str, ...] = ()


OUTSIDE = "credentials were written outside"
UNCOMPARABLE = "credentials cannot be compared"
_SAME = Judgement(Verdict.SAME)


def judge(evidence: Evidence) -> Judgement:
    """Return what the table says."""
    if "credentials" in evidence.lifecycle.ignore_changes:
        return _SAME
    if evidence.sent is None or (evidence.recorded_hash is None) != (evidence.live_hash is None):
        return _drifted(evidence, UNCOMPARABLE)
    if evidence.live_hash != evidence.recorded_hash:
        if evidence.resend and not evidence.accept:
            return Judgement(Verdict.SEND, "sent again: an interrupted apply may have sent them", fields=(CREDENTIALS,))
        return _drifted(evidence, OUTSIDE)
    fields = _changed(evidence)
    if fields:
        return Judgement(Verdict.SEND, _why(fields), fields=fields)
    if evidence.values is None:
        return Judgement(Verdict.CONDITIONAL, "compared at apply; sent only if changed")
    return _SAME


def _drifted(evidence: Evidence, what: str) -> Judgement:
    """Nothing tells whether theirs or ours is right, so a person says: a flag for this run, or the manifest for every run."""
    policy = evidence.lifecycle.on_credential_drift
    if evidence.reassert or (policy is CredentialDrift.REASSERT and not evidence.accept):
        return Judgement(Verdict.SEND, f"{what}; ours are sent again", fields=(CREDENTIALS,))
    if evidence.accept or policy is CredentialDrift.ACCEPT:
        if evidence.host_differs:
            return Judgement(
                Verdict.HELD,
                f"{what}, and their instanceUrl is not the manifest's",
                "write theirs into the manifest to accept them, or use --reassert-credentials",
            )
        if evidence.values is None:
            return Judgement(Verdict.HELD, f"{what}; accepting them needs key and secret here", "provide the values")
        return Judgement(Verdict.ACCEPT, f"{what}; accepted as they are", fields=(ACCEPTED,))
    return Judgement(Verdict.HELD, what, "--reassert-credentials ADDRESS sends ours, --accept-credentials ADDRESS keeps theirs")


def _changed(evidence: Evidence) -> tuple[str, ...]:
    fields = []
    if evidence.host_differs:
        fields.append(INSTANCE_URL)
    if evidence.wanted_version != evidence.recorded_version:
        fields.append(VERSION)
    if evidence.values is not None and evidence.sent is not None:
        if evidence.values.consumer_key != evidence.sent.consumer_key:
            fields.append(CONSUMER_KEY)
        if evidence.values.consumer_secret != evidence.sent.consumer_secret:
            fields.append(CONSUMER_SECRET)
    return tuple(fields)


def _why(fields: tuple[str, ...]) -> str:
    if INSTANCE_URL in fields:
        return "instanceUrl changed"
    return "credentials.version changed" if VERSION in fields else "changed at the source"
