"""What Salesforce says when it refuses a log-in, what that means, and which step of the set-up repairs it.

Salesforce's refusals differ in `error` and `error_description`, and hardly in the status. Another release of Salesforce can
describe the same mistake in other words, so an answer that is not known here is shown as it came. The name of a cause never
changes: documentation and JSON use it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from reconciler.model import SetupStep

NEW_APP = "Salesforce can take up to 30 minutes until it knows a new or changed app everywhere. Wait, and check again."


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason why a log-in fails. `repair` says what to do at `step`.

    `doubt` says why the cause may be another one, "" if it is certain. `blocks` says that Salesforce gives everybody the same
    answer, wherever the log-in comes from.
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
        "Salesforce refuses: the client credentials flow has no user to run as",
        'The flow is off in the app\'s Policies, or "Run As" is empty or not a Username.',
        SetupStep.POLICIES,
        'tick "Enable Client Credentials Flow" and write the Username (not the e-mail) of an active user under "Run As"',
        "This is usually the cause. If both are right, give that user a permission set with the app, or API Only.",
        blocks=True,
    ),
    Cause(
        "E2",
        "Salesforce refuses: apps cannot log in at this host",
        "It is login.salesforce.com, test.salesforce.com or a page of Setup. An app can log in only at its org's My Domain.",
        SetupStep.MY_DOMAIN,
        "copy the Current My Domain URL into instanceUrl",
        blocks=True,
    ),
    Cause(
        "E3",
        "Salesforce refuses: this org does not know the consumer key",
        "The key was copied wrongly, it belongs to another org (for example to a sandbox instead of production), or its app "
        "was deleted or has just been created.",
        SetupStep.KEY,
        "copy the Consumer Key again, from the org whose My Domain is in instanceUrl",
        NEW_APP,
    ),
    Cause(
        "E4",
        "Salesforce refuses: the consumer secret is wrong",
        "Salesforce knows the key, and this is not its secret: it was copied wrongly, ends with a blank, or was rotated since.",
        SetupStep.SECRET,
        "copy the Consumer Secret again, whole and without blanks",
        "Salesforce says the same if the key did not arrive. The user's Login History in Setup then shows that.",
        blocks=True,
    ),
    Cause(
        "E5",
        "Salesforce refuses: it does not support this kind of log-in",
        "Usually instanceUrl is not the My Domain but a host that redirects, so the request arrives changed.",
        SetupStep.MY_DOMAIN,
        'copy the Current My Domain URL into instanceUrl; if it is right, tick "Enable Client Credentials Flow" in the '
        "app's Settings",
        "Some guides say that the flow is off in the app's Settings.",
        blocks=True,
    ),
    Cause(
        "E6",
        "Salesforce refuses: the client credentials flow is off in the app's settings",
        "The flow must be on in two places. It is off in the first one, the app's Settings.",
        SetupStep.OAUTH,
        'tick "Enable Client Credentials Flow" under Flow Enablement, and check the same box in the app\'s Policies',
        blocks=True,
    ),
    Cause(
        "E6b",
        "Salesforce refuses: the app may not use this flow",
        "Some guides report this answer for an app whose flow is off in its Settings.",
        SetupStep.OAUTH,
        'tick "Enable Client Credentials Flow" under Flow Enablement, and check the same box in the app\'s Policies',
        "Salesforce does not document this answer.",
        blocks=True,
    ),
    Cause(
        "E7",
        "Salesforce refuses: the Run As user is not approved for the app",
        '"Permitted Users" admits only users whom an admin approved, and nobody approved the Run As user.',
        SetupStep.POLICIES,
        "check Permitted Users, and add the user's profile or one of its permission sets to the app",
        "Sources disagree on whether Permitted Users counts for this flow.",
    ),
    Cause(
        "E8",
        "Salesforce refuses: the app is not in this org",
        "instanceUrl is the host of another org, or the app cannot be used in this org yet.",
        SetupStep.MY_DOMAIN,
        "open the org that has the app, compare its My Domain with instanceUrl, then copy key and secret from there",
        "This answer is known mostly from other flows.",
    ),
    Cause(
        "E9",
        "Salesforce refuses: log-ins from this address or at this hour are not allowed",
        "The app's IP Relaxation enforces the user's IP ranges, and the log-in comes from another address; or it is outside "
        "the user's login hours.",
        SetupStep.POLICIES,
        "set IP Relaxation, or add Infisical's addresses to the Login IP Ranges of the user's profile",
        "This is the answer for the machine that runs this check. Infisical has other addresses, so Salesforce may admit it.",
    ),
    Cause(
        "E10",
        "Salesforce refuses: the Run As user is not active",
        "Somebody deactivated or froze the user of the flow.",
        SetupStep.POLICIES,
        'write the Username of an active user under "Run As", or activate this one in Setup > Users',
    ),
    Cause(
        "E11",
        "Salesforce refuses: the org is locked or closed",
        "A trial, a scratch org or a sandbox has expired, or the contract has ended.",
        SetupStep.MY_DOMAIN,
        "check that this is the org you mean; only Salesforce can open it again",
    ),
    Cause(
        "E12",
        "Salesforce refuses: there were too many log-ins",
        "Salesforce limits how often a user may log in, and this user has reached the limit.",
        SetupStep.CONNECTION,
        "wait 15 to 30 minutes; the user's Login History in Setup shows who logs in so often",
    ),
    Cause(
        "E13",
        "Salesforce refuses: the app has no usable scope",
        "The app has no OAuth scope that this flow can give, or too many. reconciler itself asks for no scope.",
        SetupStep.OAUTH,
        'add "Manage user data via APIs (api)" to the Selected OAuth Scopes',
        blocks=True,
    ),
    Cause(
        "E14",
        "Salesforce refuses: the log-in failed",
        "Salesforce says this about a user's name and password, and this flow sends none.",
        SetupStep.POLICIES,
        'check the flow in the app\'s Settings and Policies, and the user under "Run As"',
        "Nobody has reported this answer for this flow.",
    ),
    Cause(
        "E15",
        "Salesforce refuses: the user has not approved the app",
        "The app's policies require an approval that a user cannot give in this flow.",
        SetupStep.POLICIES,
        "set Permitted Users to users whom an admin approved, and add the Run As user's profile or permission set",
        "This answer is known from another flow (JWT).",
    ),
    Cause(
        "E16",
        "Salesforce refuses: it considers the request malformed",
        "The request changed on its way: it did not go over https, or it went through a host that redirects.",
        SetupStep.CONNECTION,
        "write the org's My Domain into instanceUrl; look for a proxy between this machine and Salesforce",
    ),
    Cause(
        "E17",
        "Salesforce refuses: the consumer secret is wrong",
        "This is an older answer to a secret that does not belong to the key.",
        SetupStep.SECRET,
        "copy the Consumer Secret again, whole and without blanks",
        blocks=True,
    ),
    Cause(
        "E18",
        "Salesforce is down",
        "Salesforce answered with an internal error, or with its maintenance page.",
        SetupStep.CONNECTION,
        "run again later; status.salesforce.com shows the state of the org's instance",
    ),
    Cause(
        "redirect",
        "the host redirects log-ins",
        "The host is not a My Domain. Lightning pages and old hosts redirect, and a log-in cannot follow a redirect.",
        SetupStep.MY_DOMAIN,
        "copy the Current My Domain URL into instanceUrl",
    ),
    Cause(
        "page",
        "a web page answers instead of Salesforce's log-in",
        "A log-in page, a Setup page or the page of a proxy answers, and not Salesforce's token service.",
        SetupStep.MY_DOMAIN,
        "copy the Current My Domain URL into instanceUrl; look for a proxy between this machine and Salesforce",
    ),
    Cause(
        "half",
        "the answer is incomplete",
        "Only a part of the answer arrived: the connection ended too early, or a proxy cuts answers.",
        SetupStep.CONNECTION,
        "run again; if it happens again, look for a proxy between this machine and Salesforce",
    ),
    Cause(
        "token_type",
        "Infisical does not accept this type of token",
        "Infisical accepts only tokens of type Bearer.",
        SetupStep.CONNECTION,
        "look for a proxy or a test server that answers instead of Salesforce",
    ),
    Cause(
        "unknown",
        "Salesforce refuses: reconciler does not know this answer",
        "Nobody has reported this answer for this flow.",
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
"""Parts of descriptions, in lower case. The first that fits counts. Codes such as `invalid_grant` say less."""
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
    """Return the cause of a refusal, from the status and the two texts of Salesforce's answer, each "" if it has none."""
    description = description.lower()
    for part, name in _BY_DESCRIPTION:
        if part in description:
            return CAUSES[name]
    if name_by_error := _BY_ERROR.get(error.lower()):
        return CAUSES[name_by_error]
    if error.lower() == "invalid_grant" and "authentication failure" in description:
        return CAUSES["E14"]
    if status == 429:
        return CAUSES["E12"]
    return CAUSES["E18"] if status >= 500 else CAUSES["unknown"]
