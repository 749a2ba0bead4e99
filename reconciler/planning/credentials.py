"""The second decision table: write-only credentials, judged by their hash in Infisical and by fingerprints of the values."""

from dataclasses import dataclass
from enum import StrEnum

from reconciler.model import CredentialDrift, Doubt, Fingerprints, Lifecycle, Reason, Why
from reconciler.model.action import ACCEPTED, CONSUMER_KEY, CONSUMER_SECRET, CREDENTIALS, INSTANCE_URL, VERSION


class Verdict(StrEnum):
    """What is to be done about one connection's credentials."""

    SAME = "same"
    SEND = "send"
    CONDITIONAL = "conditional"
    ACCEPT = "accept"
    HELD = "held"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known about one connection's credentials.

    `values` are the fingerprints of the values at their source, None when one of them is not available here. `sent` are those
    of the values we last sent, None when we never did. A hash is None when it is not known; with a server that gives no hashes
    at all, only the fingerprints are compared. `resend` says that an interrupted apply may have sent them.
    """

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
    """The verdict, the reason for it, and the paths of the fields it is about.

    `doubt` is what cannot be known about the credentials in Infisical, None when all of it is known.
    """

    verdict: Verdict
    reason: Reason | None = None
    fields: tuple[str, ...] = ()
    doubt: Doubt | None = None


SAME = Judgement(Verdict.SAME)


def judge_credentials(evidence: Evidence) -> Judgement:
    """Return what the table says."""
    if CREDENTIALS in evidence.lifecycle.ignore_changes:
        return SAME
    if evidence.sent is None or (evidence.recorded_hash is None) != (evidence.live_hash is None):
        return _doubtful(evidence, Doubt.NOT_COMPARABLE)
    if evidence.live_hash != evidence.recorded_hash:
        if evidence.resend and not evidence.accept:
            return Judgement(Verdict.SEND, Reason(Why.PERHAPS_SENT), (CREDENTIALS,))
        return _doubtful(evidence, Doubt.WRITTEN_OUTSIDE)
    fields = _changed(evidence)
    if fields:
        return Judgement(Verdict.SEND, _why(fields), fields)
    if evidence.values is None:
        return Judgement(Verdict.CONDITIONAL, Reason(Why.COMPARED_AT_APPLY))
    return SAME


def _doubtful(evidence: Evidence, doubt: Doubt) -> Judgement:
    """Nothing tells whether theirs or ours are right. A person says so, with a flag for this run or in the manifest."""
    policy = evidence.lifecycle.on_credential_drift
    if evidence.reassert or (policy is CredentialDrift.REASSERT and not evidence.accept):
        return Judgement(Verdict.SEND, Reason(Why.REASSERTED, doubt), (CREDENTIALS,), doubt)
    if evidence.accept or policy is CredentialDrift.ACCEPT:
        if evidence.host_differs:
            return Judgement(Verdict.HELD, Reason(Why.HELD_FOR_ITS_HOST, doubt), doubt=doubt)
        if evidence.values is None:
            return Judgement(Verdict.HELD, Reason(Why.HELD_WITHOUT_VALUES, doubt), doubt=doubt)
        return Judgement(Verdict.ACCEPT, Reason(Why.ACCEPTED, doubt), (ACCEPTED,), doubt)
    return Judgement(Verdict.HELD, Reason(Why.HELD, doubt), doubt=doubt)


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


def _why(fields: tuple[str, ...]) -> Reason:
    if INSTANCE_URL in fields:
        return Reason(Why.HOST_CHANGED)
    return Reason(Why.VERSION_CHANGED if VERSION in fields else Why.VALUES_CHANGED)
