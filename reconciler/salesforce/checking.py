"""Tries one log-in to Salesforce and checks it from end to end: the host, the way there, the token and its scope.

It tries each log-in once, because each refused log-in counts against the user's limit. It keeps no token.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler.model import Credentials, OrgCheck, OrgCheckPart, OrgProblem, PartResult, SetupStep, hosts
from reconciler.salesforce.causes import CAUSES, NEW_APP, Cause, cause_of_refusal
from reconciler.wire import HALF, AnswerLost, Asker, NotSent, Reply, Unresolved, Untrusted, WireError, printable

SECONDS = 30.0
"""How long Salesforce has for one answer."""

_VERSIONS = "/services/data"
_TOKEN = "/services/oauth2/token"  # noqa: S105  # nosec B105  # a path
_IDENTITY = re.compile(r"/id/(?P<org>00D[A-Za-z0-9]{12,15})/(?P<user>005[A-Za-z0-9]{12,15})$")
_WITHHELD = "(not shown, because the answer repeats a credential)"
_USUAL_KEY = "3MVG"
"""How all known consumer keys begin. Salesforce does not promise it."""


@dataclass(frozen=True, slots=True)
class OrgLogin:
    """What a connection logs in with: the host of its org as it is sent, and key and secret, None unless both are available."""

    host: str
    credentials: Credentials | None = field(repr=False)


async def check_org_login(asker: Asker, login: OrgLogin, allowed_hosts: tuple[str, ...] = ()) -> OrgCheck:
    """Try `login` once and return the result. It raises nothing if the log-in fails: the result says why."""
    return await try_org_login(asker, login, await reach_org(asker, login.host, allowed_hosts))


async def reach_org(asker: Asker, host: str, allowed_hosts: tuple[str, ...] = ()) -> OrgCheck:
    """Check a host and the way to it. This needs no log-in, so one check serves all log-ins at that host."""
    judged = hosts.judge_host(host, allowed_hosts)
    host = hosts.fold(host)
    if judged.host is None:
        sentence = f"{judged.problem}."
        refused = OrgProblem(
            "host",
            OrgCheckPart.HOST,
            "its host is not a My Domain",
            sentence,
            "",
            SetupStep.MY_DOMAIN,
            judged.hint,
            blocks=True,
        )
        return OrgCheck(host, {OrgCheckPart.HOST: PartResult.WRONG}, (refused,))
    parts = {OrgCheckPart.HOST: PartResult.OK}
    problem = await _way(asker, host, parts)
    return OrgCheck(host, parts, (problem,) if problem else ())


async def try_org_login(asker: Asker, login: OrgLogin, reached: OrgCheck) -> OrgCheck:
    """Try `login` at the host that was `reached`. If that host has a problem, send nothing to it."""
    if reached.problems:
        return reached
    parts = dict(reached.parts)
    if login.credentials is None:
        return OrgCheck(reached.host, parts | {OrgCheckPart.TOKEN: PartResult.UNCHECKED})
    key, secret = login.credentials
    form = {"grant_type": "client_credentials", "client_id": key.reveal(), "client_secret": secret.reveal()}
    try:
        reply = await asker.post(reached.host, _TOKEN, form, (key, secret), seconds=SECONDS)
    except WireError as failure:
        return OrgCheck(
            reached.host, parts | {OrgCheckPart.TOKEN: PartResult.WRONG}, (_unreached(failure, OrgCheckPart.TOKEN),)
        )
    return _judged(reached.host, parts, reply, login.credentials)


async def _way(asker: Asker, host: str, parts: dict[OrgCheckPart, PartResult]) -> OrgProblem | None:
    """Ask the org for its API versions. This needs no log-in: if it fails, the host or the way to it is wrong."""
    open_way = PartResult.UNCHECKED if asker.stand else PartResult.OK
    resolved = PartResult.UNCHECKED if asker.uses_proxy(host) else open_way
    try:
        reply = await asker.get(host, _VERSIONS, seconds=SECONDS)
    except Unresolved as failure:
        parts[OrgCheckPart.DNS] = PartResult.WRONG
        return _unreached(failure, OrgCheckPart.DNS)
    except NotSent as failure:
        part = OrgCheckPart.TLS if isinstance(failure, Untrusted) else OrgCheckPart.API
        parts |= {OrgCheckPart.DNS: resolved, part: PartResult.WRONG}
        return _unreached(failure, part)
    except WireError as failure:
        parts |= {OrgCheckPart.DNS: resolved, OrgCheckPart.TLS: open_way, OrgCheckPart.API: PartResult.WRONG}
        return _unreached(failure, OrgCheckPart.API)
    good = reply.status == 200 and isinstance(reply.json, list)
    parts |= {
        OrgCheckPart.DNS: resolved,
        OrgCheckPart.TLS: open_way,
        OrgCheckPart.API: PartResult.OK if good else PartResult.WRONG,
    }
    return None if good else _no_api(reply)


def _unreached(failure: WireError, part: OrgCheckPart) -> OrgProblem:
    sentence = str(failure)
    if isinstance(failure, Unresolved):
        return OrgProblem(
            "dns",
            part,
            "its host does not resolve",
            sentence,
            "The name is misspelt, somebody renamed or deleted the domain, or it is too new for the name servers.",
            SetupStep.MY_DOMAIN,
            "copy the Current My Domain URL into instanceUrl",
            "Infisical may use other name servers.",
        )
    if isinstance(failure, Untrusted):
        hint = failure.hint or "look for a proxy between this machine and Salesforce"
        meaning = "Something else answers instead of Salesforce, or this machine does not know the certificate authority."
        return OrgProblem("tls", part, "TLS to Salesforce fails", sentence, meaning, SetupStep.CONNECTION, hint, _ELSEWHERE)
    if isinstance(failure, AnswerLost):
        meaning = "Salesforce, or a proxy in front of it, received the request and did not answer."
        return OrgProblem(
            "no-answer",
            part,
            "Salesforce does not answer",
            sentence,
            meaning,
            SetupStep.CONNECTION,
            "run again later",
            _ELSEWHERE,
        )
    meaning = "No server listens at this address, or a firewall or proxy blocks the way."
    return OrgProblem(
        "unreachable", part, "Salesforce cannot be reached", sentence, meaning, SetupStep.CONNECTION, failure.hint, _ELSEWHERE
    )


_ELSEWHERE = "This is the result for this machine. Infisical runs elsewhere, and may have another result."


def _no_api(reply: Reply) -> OrgProblem:
    """Return the problem of a reply to the question for versions that no org gives."""
    if 300 <= reply.status < 400:
        return _problem(CAUSES["redirect"], OrgCheckPart.API, _answer_sentence(reply))
    return _problem(_no_oauth(reply), OrgCheckPart.API, _answer_sentence(reply))


def _no_oauth(reply: Reply) -> Cause:
    """Return the cause of a reply that Salesforce's token service does not give."""
    if reply.status >= 500:
        return CAUSES["E18"]
    return CAUSES["half" if reply.page == HALF else "page"]


def _judged(host: str, parts: dict[OrgCheckPart, PartResult], reply: Reply, credentials: Credentials) -> OrgCheck:
    body: dict[str, Any] = reply.json if isinstance(reply.json, dict) else {}
    if reply.status != 200 or not body or body.get("token_type") != "Bearer":
        parts[OrgCheckPart.TOKEN] = PartResult.WRONG
        return OrgCheck(host, parts, (_refused(reply, body, credentials),))
    parts[OrgCheckPart.TOKEN] = PartResult.OK
    identity = _IDENTITY.search(_text(body, "id").partition("?")[0])
    parts[OrgCheckPart.WHO] = PartResult.OK if identity else PartResult.UNCHECKED
    problems = []
    answered, scopes = _text(body, "instance_url"), _text(body, "scope").split()
    same = hosts.fold(answered) == host
    parts[OrgCheckPart.URL] = PartResult.OK if same else PartResult.WRONG
    if not same:
        problems.append(_other_url(host, _WITHHELD if reply.repeats_a_secret else hosts.fold(answered)))
    parts[OrgCheckPart.SCOPE] = PartResult.OK if "api" in scopes else PartResult.WRONG
    if "api" not in scopes:
        problems.append(_no_scope([_WITHHELD] if reply.repeats_a_secret else scopes))
    return OrgCheck(host, parts, tuple(problems), identity["org"] if identity else "", identity["user"] if identity else "")


def _refused(reply: Reply, body: Mapping[str, Any], credentials: Credentials) -> OrgProblem:
    error, description = _text(body, "error"), _text(body, "error_description")
    if 300 <= reply.status < 400:
        cause = CAUSES["redirect"]
    elif reply.status == 200 and body and not error:
        cause = CAUSES["token_type"]
    elif not error and reply.status < 500 and reply.status != 429:
        cause = _no_oauth(reply)
    else:
        cause = cause_of_refusal(reply.status, error, description)
    return _problem(cause, OrgCheckPart.TOKEN, _answer_sentence(reply), _remark(cause, credentials))


def _problem(cause: Cause, part: OrgCheckPart, answer: str, remark: str = "") -> OrgProblem:
    meaning = f"{cause.meaning} {remark}".strip()
    return OrgProblem(
        cause.name,
        part,
        cause.title,
        answer,
        meaning,
        cause.step,
        cause.repair,
        cause.doubt,
        cause.blocks,
    )


def _answer_sentence(reply: Reply) -> str:
    """Return a sentence with Salesforce's own words. They contain no secret, unless they repeat one that we sent."""
    body: dict[str, Any] = reply.json if isinstance(reply.json, dict) else {}
    error, description = _text(body, "error"), _text(body, "error_description")
    if reply.repeats_a_secret:
        return f"It answered {reply.status}. The answer repeats a credential, so it is not shown."
    if error:
        return f"It said {printable(error, 80)}: {printable(description, 200) or 'no description'} ({reply.status})."
    if reply.status == 200 and body:
        return f"It gave a token with the token_type {printable(_text(body, 'token_type'), 40) or 'unknown'}."
    if 300 <= reply.status < 400:
        return f"It redirects to {reply.location or 'another address'} ({reply.status})."
    return f"It answered {reply.status} with {reply.page}."


def _remark(cause: Cause, credentials: Credentials) -> str:
    """Return a sentence about the values that does not show them."""
    if credentials.consumer_key == credentials.consumer_secret and cause.step in {SetupStep.KEY, SetupStep.SECRET}:
        return "Here, key and secret have the same value."
    if cause.step is SetupStep.KEY and not credentials.consumer_key.reveal().startswith(_USUAL_KEY):
        return f"The key here does not begin with {_USUAL_KEY}, as consumer keys usually do."
    return ""


def _other_url(host: str, answered: str) -> OrgProblem:
    return OrgProblem(
        "instance_url",
        OrgCheckPart.URL,
        "the org names another host than instanceUrl",
        f"It named the instance_url {printable(answered, 100)}." if answered else "It named no instance_url.",
        f"The log-in succeeded, but {host} is not the org's own host. It is an old name, or this is another org.",
        SetupStep.MY_DOMAIN,
        "if this is the org you mean, write the host that Salesforce named into instanceUrl",
    )


def _no_scope(scopes: list[str]) -> OrgProblem:
    return OrgProblem(
        "scope",
        OrgCheckPart.SCOPE,
        "the scope `api` is missing",
        f"It gave the scopes: {printable(' '.join(scopes), 200) or 'none'}.",
        "The log-in succeeded, but Salesforce will refuse calls with its token. Infisical notices that only at a rotation.",
        SetupStep.OAUTH,
        'add "Manage user data via APIs (api)" to the Selected OAuth Scopes',
        NEW_APP,
    )


def _text(body: Mapping[str, Any], key: str) -> str:
    text = body.get(key)
    return text if isinstance(text, str) else ""
