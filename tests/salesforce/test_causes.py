"""What Salesforce says, and what it is taken for: each row that is known, and what none of them fits."""

import pytest

from reconciler.embedded.salesforce import TOKEN_REFUSALS
from reconciler.model import SetupStep
from reconciler.salesforce import CAUSES
from reconciler.salesforce.causes import cause_of_refusal

SAME_FROM_EVERYWHERE = {"E1", "E2", "E4", "E5", "E6", "E6b", "E13", "E17"}
SAID = [
    *(
        (name, fault.status, fault.error, fault.description)
        for name, fault in TOKEN_REFUSALS.items()
        if name not in {"E3b", "E18"}
    ),
    ("E3", 400, "invalid_client", "client identifier invalid"),
    ("E1", 400, "invalid_grant", "No Client Credentials User Enabled"),
    ("E6", 400, "invalid_grant", "Client Credentials Flow not enabled for this application."),
    ("E4", 401, "invalid_client", "invalid client credentials"),
    ("E9", 400, "invalid_grant", "IP restricted or invalid login hours"),
    ("E9", 400, "invalid_grant", "invalid login hours"),
    ("E12", 400, "invalid_grant", "login rate exceeded"),
    ("E12", 429, "", ""),
    ("E13", 400, "invalid_request", "too many scopes requested"),
    ("E13", 400, "invalid_grant", "no valid scopes defined"),
    ("E8", 400, "OAUTH_EC_APP_NOT_FOUND", ""),
    ("E18", 500, "server_error", ""),
    ("E18", 503, "", ""),
    ("unknown", 400, "invalid_grant", "expired access/refresh token"),
    ("unknown", 418, "teapot", ""),
    ("unknown", 400, "", "words without a code"),
]


@pytest.mark.parametrize(("name", "status", "error", "description"), SAID)
def test_an_answer_has_its_cause(name: str, status: int, error: str, description: str) -> None:
    assert cause_of_refusal(status, error, description).name == name


def test_only_what_is_the_same_from_everywhere_blocks() -> None:
    assert {cause.name for cause in CAUSES.values() if cause.blocks} == SAME_FROM_EVERYWHERE


@pytest.mark.parametrize("name", CAUSES)
def test_every_cause_says_what_it_means_and_what_to_repair_where(name: str) -> None:
    cause = CAUSES[name]
    assert all((cause.title, cause.meaning, cause.repair))
    assert not cause.title.endswith(".")
    assert cause.meaning.endswith(".")
    assert not cause.repair.endswith(".")
    assert cause.doubt == "" or cause.doubt.endswith(".")


@pytest.mark.parametrize("step", SetupStep)
def test_every_step_has_its_path(step: SetupStep) -> None:
    assert step.path.startswith("`spec" if step is SetupStep.CONNECTION else "Setup > ")
