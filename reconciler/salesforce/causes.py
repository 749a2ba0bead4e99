"""What Salesforce says when it refuses a log-in, what it means, and which step of the set-up mends it.

Salesforce tells its refusals apart by `error` and `error_description`, hardly by the status. The same mistake can have other
words in another release, so what is not known is shown as it came. A row's name is stable: documentation and JSON use it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from reconciler.model import SetupStep

NEW_APP = "An app that was created or changed less than 30 minutes ago may not be known everywhere yet: wait, and check again."


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason why a log-in fails. `repair` says what to do at `step`.

    `doubt` says how sure that is, "" when it is; `blocks` that the answer is the same wherever it is asked from.
    """

    name: str
    title: str
    meaning: str
    step: SetupStep
    repair: str
    doubt: str = ""
    blocks: bool = False


_KNOWN = (
    Cause(
        "E1",
        "Salesforce refuses: the flow has no user to run as",
        "The client credentials flow is off in the app's policies, or Run As is empty or no username.",
        SetupStep.POLICIES,
        'tick "Enable Client Credentials Flow" and write the Username (not the e-mail) of an active user under "Run As"',
        "Most often exactly this. Where both are right, give that user a permission set with the app, or API Only.",
        blocks=True,
    ),
    Cause(
        "E2",
        "Salesforce refuses: this host does not log in apps",
        "It is login.salesforce.com, test.salesforce.com, or a page of Setup: the flow answers at the org's My Domain alone.",
        SetupStep.MY_DOMAIN,
        "copy the Current My Domain URL into instanceUrl",
        blocks=True,
    ),
    Cause(
        "E3",
        "Salesforce refuses: the consumer key is not known here",
        "The org does not know the key: a bad copy, the key of another org (a sandbox's in production or the other way round), "
        "a deleted app, or one that was just created.",
        SetupStep.KEY,
        "copy the Consumer Key again, from the org whose My Domain is in instanceUrl",
        NEW_APP,
    ),
    Cause(
        "E4",
        "Salesforce refuses: the consumer secret is wrong",
        "The key is known and the secret is not its own: a bad copy, a blank at its end, or a secret that was rotated.",
        SetupStep.SECRET,
        "copy the Consumer Secret again, whole and without blanks",
        "Salesforce says the same when the key did not reach it; the user's Login History in Setup then names the missing key.",
        blocks=True,
    ),
    Cause(
        "E5",
        "Salesforce refuses: it does not take this kind of log-in",
        "Usually the request did not arrive as it was sent: instanceUrl is not the My Domain but a host that redirects.",
        SetupStep.MY_DOMAIN,
        'copy the Current My Domain URL into instanceUrl; where it is right, tick "Enable Client Credentials Flow" in the '
        "app's Settings",
        "Guides blame the box in the app's Settings for it too.",
        blocks=True,
    ),
    Cause(
        "E6",
        "Salesforce refuses: the client credentials flow is off in the app's settings",
        "The flow is enabled in two places; it is off in the first, the app's Settings.",
        SetupStep.OAUTH,
        'tick "Enable Client Credentials Flow" under Flow Enablement, and look at the same box in the app\'s Policies',
        blocks=True,
    ),
    Cause(
        "E6b",
        "Salesforce refuses: the app may not use this flow",
        "Some guides report this answer where the flow is off in the app's Settings.",
        SetupStep.OAUTH,
        'tick "Enable Client Credentials Flow" under Flow Enablement, and look at the same box in the app\'s Policies',
        "This is not documented by Salesforce.",
        blocks=True,
    ),
    Cause(
        "E7",
        "Salesforce refuses: the Run As user is not approved for the app",
        "Permitted Users lets in only users whom an admin approved, and the Run As user is none of them.",
        SetupStep.POLICIES,
        "look at Permitted Users, and add the user's profile or one of its permission sets to the app",
        "Whether Permitted Users counts for this flow is told both ways.",
    ),
    Cause(
        "E8",
        "Salesforce refuses: the app is not in this org",
        "The org that was reached does not have the app: instanceUrl is another org's, or the app is not usable there yet.",
        SetupStep.MY_DOMAIN,
        "check in the org that has the app that this is its My Domain, then copy key and secret from there",
        "It was seen with other flows mostly.",
    ),
    Cause(
        "E9",
        "Salesforce refuses: this address or hour is not allowed",
        "The app's IP Relaxation enforces the user's IP ranges, and the log-in comes from outside of them, or outside of the "
        "user's login hours.",
        SetupStep.POLICIES,
        "set IP Relaxation, or add the addresses that Infisical comes from to the Login IP Ranges of the user's profile",
        "The answer is for where this check runs; Infisical comes from elsewhere and may be let in.",
    ),
    Cause(
        "E10",
        "Salesforce refuses: the Run As user is not active",
        "The user of the flow was deactivated or frozen.",
        SetupStep.POLICIES,
        'write the Username of an active user under "Run As", or activate this one in Setup > Users',
    ),
    Cause(
        "E11",
        "Salesforce refuses: the org is closed",
        "The org is locked, closed or suspended: an expired trial, scratch org or sandbox, or a contract that ended.",
        SetupStep.MY_DOMAIN,
        "check that this is the org you mean; Salesforce alone opens it again",
    ),
    Cause(
        "E12",
        "Salesforce refuses: there were too many log-ins",
        "Salesforce limits how often a user may log in, and the limit is reached.",
        SetupStep.CONNECTION,
        "wait 15 to 30 minutes; find what logs in so often in the user's Login History in Setup",
    ),
    Cause(
        "E13",
        "Salesforce refuses: the app has no usable scope",
        "The app has no OAuth scope that this flow can give, or too many of them; reconciler itself asks for none.",
        SetupStep.OAUTH,
        'add "Manage user data via APIs (api)" to the Selected OAuth Scopes',
        blocks=True,
    ),
    Cause(
        "E14",
        "Salesforce refuses: the log-in failed",
        "Salesforce says this of a user's name and password, which this flow does not send.",
        SetupStep.POLICIES,
        'check the flow in the app\'s Settings and Policies, and the user under "Run As"',
        "It is not an answer that is known for this flow.",
    ),
    Cause(
        "E15",
        "Salesforce refuses: the user has not approved the app",
        "The app's policies want an approval that nobody gives in this flow.",
        SetupStep.POLICIES,
        "set Permitted Users to users whom an admin approved, and add the Run As user's profile or permission set",
        "It is known from another flow (JWT).",
    ),
    Cause(
        "E16",
        "Salesforce refuses: it takes the request for malformed",
        "The request did not arrive as it was sent: not over https, or through a host that redirects.",
        SetupStep.CONNECTION,
        "write the org's My Domain in instanceUrl; look for a proxy between here and Salesforce",
    ),
    Cause(
        "E17",
        "Salesforce refuses: the consumer secret is wrong",
        "An older word for a secret that is not the key's own.",
        SetupStep.SECRET,
        "copy the Consumer Secret again, whole and without blanks",
        blocks=True,
    ),
    Cause(
        "E18",
        "Salesforce is down",
        "Salesforce answered with a failure of its own, or with its maintenance page.",
        SetupStep.CONNECTION,
        "run again later; status.salesforce.com tells of the org's instance",
    ),
    Cause(
        "redirect",
        "the host sends log-ins elsewhere",
        "It is no My Domain's login host: Lightning pages and old hosts redirect, and a log-in does not survive that.",
        SetupStep.MY_DOMAIN,
        "copy the Current My Domain URL into instanceUrl",
    ),
    Cause(
        "page",
        "a page answers instead of Salesforce's log-in",
        "What answers is a page for people (a log-in page, a Setup page, a proxy), not Salesforce's token service.",
        SetupStep.MY_DOMAIN,
        "copy the Current My Domain URL into instanceUrl; look for a proxy between here and Salesforce",
    ),
    Cause(
        "half",
        "the answer broke off",
        "What came is a part of an answer: the connection ended too early, or a proxy cuts answers.",
        SetupStep.CONNECTION,
        "run again; if it stays, look for a proxy between here and Salesforce",
    ),
    Cause(
        "token_type",
        "the token is of a kind that Infisical does not take",
        "Infisical takes a token of type Bearer alone.",
        SetupStep.CONNECTION,
        "look for a proxy or a test server that answers in Salesforce's place",
    ),
    Cause(
        "unknown",
        "Salesforce refuses: for a reason that is not known here",
        "The answer is none of those that are known for this flow.",
        SetupStep.MY_DOMAIN,
        "check in this order: "
        + "; ".join(step.path for step in (SetupStep.MY_DOMAIN, SetupStep.KEY, SetupStep.OAUTH, SetupStep.POLICIES)),
    ),
)
CAUSES: Mapping[str, Cause] = MappingProxyType({cause.name: cause for cause in _KNOWN})

_BY_DESCRIPTION = (
    ("no client credentials user enabled", "E1"),
    ("request not supported on this domain", "E2"),
    ("client credentials flow not enabled", "E6"),
    ("not admin approved", "E7"),
    ("is not installed in this org", "E8"),
    ("ip restricted", "E9"),
    ("invalid login hours", "E9"),
    ("login rate exceeded", "E12"),
    ("too many scopes", "E13"),
    ("no valid scopes", "E13"),
    ("client identifier invalid", "E3"),
    ("hasn't approved this consumer", "E15"),
    ("user is inactive", "E10"),
)
"""Descriptions tell more than codes, `invalid_grant` above all. Parts of them, in small letters; the first that fits counts."""
_BY_ERROR = MappingProxyType(
    {
        "invalid_client_id": "E3",
        "invalid_client": "E4",
        "unsupported_grant_type": "E5",
        "unauthorized_client": "E6b",
        "invalid_app_access": "E7",
        "app_not_found": "E8",
        "oauth_ec_app_not_found": "E8",
        "inactive_user": "E10",
        "inactive_org": "E11",
        "rate_limit_exceeded": "E12",
        "invalid_scope": "E13",
        "invalid_request": "E16",
        "invalid_client_credentials": "E17",
        "server_error": "E18",
    }
)


def cause_of_refusal(status: int, error: str, description: str) -> Cause:
    """Return the cause of a refusal, from the status and the two texts of Salesforce's answer, each "" when it has none."""
    words = description.lower()
    for part, described in _BY_DESCRIPTION:
        if part in words:
            return CAUSES[described]
    if named := _BY_ERROR.get(error.lower()):
        return CAUSES[named]
    if error.lower() == "invalid_grant" and "authentication failure" in words:
        return CAUSES["E14"]
    if status == 429:
        return CAUSES["E12"]
    return CAUSES["E18"] if status >= 500 else CAUSES["unknown"]
