"""The second decision table, a test a row."""

from typing import Any

import pytest

from reconciler.model import CredentialDrift, Doubt, Fingerprints, Lifecycle, Reason, Why
from reconciler.planning.credentials import Evidence, Judgement, Verdict, judge_credentials

SENT = Fingerprints("key", "secret")
CHANGED = Fingerprints("key", "new secret")


def judged(**changes: Any) -> Judgement:
    facts: dict[str, Any] = {
        "values": SENT,
        "sent": SENT,
        "recorded_hash": "h",
        "live_hash": "h",
        "wanted_version": None,
        "recorded_version": None,
        "host_differs": False,
        "lifecycle": Lifecycle(),
    }
    return judge_credentials(Evidence(**(facts | changes)))


def test_same_value_and_same_hash_is_nothing() -> None:
    assert judged() == Judgement(Verdict.SAME)


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"values": CHANGED}, ("credentials.consumerSecret",)),
        ({"values": Fingerprints("new", "secret")}, ("credentials.consumerKey",)),
        ({"wanted_version": "2"}, ("credentials.version",)),
        ({"recorded_version": "1"}, ("credentials.version",)),
        ({"host_differs": True}, ("credentials.instanceUrl",)),
        ({"wanted_version": "2", "values": None}, ("credentials.version",)),
        ({"host_differs": True, "values": None}, ("credentials.instanceUrl",)),
    ],
)
def test_a_changed_value_version_or_host_with_the_same_hash_is_sent(changes: dict[str, Any], fields: tuple[str, ...]) -> None:
    found = judged(**changes)
    assert (found.verdict, found.fields) == (Verdict.SEND, fields)


@pytest.mark.parametrize("values", [SENT, CHANGED, None])
@pytest.mark.parametrize("version", [None, "2"])
def test_a_moved_hash_is_held_whatever_the_value(values: Fingerprints | None, version: str | None) -> None:
    found = judged(live_hash="moved", values=values, wanted_version=version)
    assert (found.verdict, found.reason) == (Verdict.HELD, Reason(Why.HELD, Doubt.WRITTEN_OUTSIDE))
    assert found.doubt is Doubt.WRITTEN_OUTSIDE


def test_a_value_that_is_not_here_is_compared_at_apply() -> None:
    assert judged(values=None).verdict is Verdict.CONDITIONAL


@pytest.mark.parametrize(
    "unknown", [{"sent": None}, {"recorded_hash": None}, {"live_hash": None}, {"sent": None, "recorded_hash": None}]
)
def test_what_was_never_recorded_or_has_no_hash_cannot_be_compared(unknown: dict[str, None]) -> None:
    found = judged(**unknown)
    assert (found.verdict, found.reason) == (Verdict.HELD, Reason(Why.HELD, Doubt.NOT_COMPARABLE))


def test_a_server_that_gives_no_hash_leaves_the_fingerprints_once_credentials_are_ours() -> None:
    assert judged(recorded_hash=None, live_hash=None).verdict is Verdict.SAME
    assert judged(recorded_hash=None, live_hash=None, values=CHANGED).verdict is Verdict.SEND


@pytest.mark.parametrize("held", [{"live_hash": "moved"}, {"sent": None}])
@pytest.mark.parametrize(
    ("how", "verdict"),
    [
        ({"reassert": True}, Verdict.SEND),
        ({"accept": True}, Verdict.ACCEPT),
        ({"lifecycle": Lifecycle(on_credential_drift=CredentialDrift.REASSERT)}, Verdict.SEND),
        ({"lifecycle": Lifecycle(on_credential_drift=CredentialDrift.ACCEPT)}, Verdict.ACCEPT),
        ({"lifecycle": Lifecycle(on_credential_drift=CredentialDrift.REASSERT), "accept": True}, Verdict.ACCEPT),
        ({"lifecycle": Lifecycle(on_credential_drift=CredentialDrift.ACCEPT), "reassert": True}, Verdict.SEND),
    ],
)
def test_held_credentials_go_on_by_flag_or_manifest_and_the_flag_wins(
    held: dict[str, Any], how: dict[str, Any], verdict: Verdict
) -> None:
    assert judged(**held, **how).verdict is verdict


def test_theirs_cannot_be_accepted_without_values_to_remember() -> None:
    found = judged(live_hash="moved", values=None, accept=True)
    assert (found.verdict, found.reason) == (Verdict.HELD, Reason(Why.HELD_WITHOUT_VALUES, Doubt.WRITTEN_OUTSIDE))


def test_theirs_cannot_be_accepted_with_another_host_than_the_manifests() -> None:
    found = judged(live_hash="moved", host_differs=True, accept=True)
    assert (found.verdict, found.reason) == (Verdict.HELD, Reason(Why.HELD_FOR_ITS_HOST, Doubt.WRITTEN_OUTSIDE))


def test_what_an_interrupted_apply_may_have_sent_is_sent_again() -> None:
    assert judged(live_hash="moved", resend=True).verdict is Verdict.SEND


def test_ignored_credentials_are_never_looked_at() -> None:
    lifecycle = Lifecycle(ignore_changes=("credentials",))
    assert judged(lifecycle=lifecycle, live_hash="moved", values=CHANGED, host_differs=True).verdict is Verdict.SAME
