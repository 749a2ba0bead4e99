"""One log-in to Salesforce, tried once and looked at from end to end: the host, the way there, the token and what it is for.

Nothing is repeated: each refused log-in counts against the user's limit. The token is looked at and dropped.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from reconciler.model import Credentials, hosts
from reconciler.salesforce.causes import CAUSES, NEW_APP, Cause, refusal
from reconciler.salesforce.setup import Step
from reconciler.wire import HALF, AnswerLost, Asker, NotSent, Reply, Unresolved, Untrusted, WireError, printable

SECONDS = 30.0
"""For one answer of Salesforce."""

_VERSIONS = "/services/data"
_TOKEN = "/services/oauth2/token"  # noqa: S105  # a path
_IDENTITY = re.compile(r"/id/(?P<org>00D[A-Za-z0-9]{12,15})/(?P<user>005[A-Za-z0-9]{12,15})$")
_USUAL_KEY = "3MVG"
"""What consumer keys were seen to begin with; nothing promises it."""


class Part(StrEnum):
    """What is looked at, in this order."""

    HOST = "host"
    DNS = "dns"
    TLS = "tls"
    API = "api"
    TOKEN = "token"  # noqa: S105  # a word
    WHO = "who"
    URL = "url"
    SCOPE = "scope"


class Verdict(StrEnum):
    """What is known of a part."""

    OK = "ok"
    WRONG = "wrong"
    UNCHECKED = "not checked"


@dataclass(frozen=True, slots=True)
class OrgLogin:
    """What a connection logs in with: the host of its org as it is sent, and the key and secret, None unless both are here."""

    host: str
    credentials: Credentials | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong: `title` in one sentence, `said` what Salesforce answered or the network said, `meaning` and `doubt` in
    words, `step` and `repair` what to do. `name` is stable; `blocks` says that the answer is the same from everywhere."""

    name: str
    part: Part
    title: str
    said: str
    meaning: str
    step: Step
    repair: str
    doubt: str = ""
    blocks: bool = False

    @property
    def hint(self) -> str:
        """The next step, with its path through Salesforce Setup."""
        return self.repair if self.step is Step.CONNECTION else f"{self.step.path}: {self.repair}"


@dataclass(frozen=True, slots=True)
class Checked:
    """What became of a check. A part that is not in `parts` was not reached. `org_id` and `user_id` are Salesforce's, ""
    when they are not known; several problems are there only when the log-in itself succeeded."""

    host: str
    parts: Mapping[Part, Verdict]
    problems: tuple[Problem, ...] = ()
    org_id: str = ""
    user_id: str = ""

    @property
    def logged_in(self) -> bool:
        """Whether Salesforce gave a token."""
        return self.parts.get(Part.TOKEN) is Verdict.OK

    @property
    def blocks(self) -> bool:
        """Whether what is wrong is wrong from everywhere."""
        return any(problem.blocks for problem in self.problems)


async def check(asker: Asker, login: OrgLogin, allowed_hosts: tuple[str, ...] = ()) -> Checked:
    """Try `login` once and say what was found. Nothing is raised for what is wrong with it."""
    return await log_in(asker, login, await reach(asker, login.host, allowed_hosts))


async def reach(asker: Asker, host: str, allowed_hosts: tuple[str, ...] = ()) -> Checked:
    """Look at a host and the way to it, which needs no log-in: one look will do for all log-ins there."""
    judged = hosts.judge(host, allowed_hosts)
    host = hosts.fold(host)
    if judged.host is None:
        said = f"{judged.problem}."
        refused = Problem("host", Part.HOST, "it is no My Domain", said, "", Step.MY_DOMAIN, judged.hint, blocks=True)
        return Checked(host, {Part.HOST: Verdict.WRONG}, (refused,))
    parts = {Part.HOST: Verdict.OK}
    problem = await _way(asker, host, parts)
    return Checked(host, parts, (problem,) if problem else ())


async def log_in(asker: Asker, login: OrgLogin, reached: Checked) -> Checked:
    """Try `login` at the host that was `reached`; nothing is sent to one with a problem."""
    if reached.problems:
        return reached
    parts = dict(reached.parts)
    if login.credentials is None:
        return Checked(reached.host, parts | {Part.TOKEN: Verdict.UNCHECKED})
    key, secret = login.credentials
    form = {"grant_type": "client_credentials", "client_id": key.reveal(), "client_secret": secret.reveal()}
    try:
        reply = await asker.post(reached.host, _TOKEN, form, (key, secret), seconds=SECONDS)
    except WireError as failure:
        return Checked(reached.host, parts | {Part.TOKEN: Verdict.WRONG}, (_unreached(failure, Part.TOKEN),))
    return _judged(reached.host, parts, reply, login.credentials)


async def _way(asker: Asker, host: str, parts: dict[Part, Verdict]) -> Problem | None:
    """Ask the org for its API versions, which needs no log-in: what fails here is the host or the way to it."""
    open_way = Verdict.UNCHECKED if asker.stand else Verdict.OK
    resolved = Verdict.UNCHECKED if asker.proxied(host) else open_way
    try:
        reply = await asker.get(host, _VERSIONS, seconds=SECONDS)
    except Unresolved as failure:
        parts[Part.DNS] = Verdict.WRONG
        return _unreached(failure, Part.DNS)
    except NotSent as failure:
        part = Part.TLS if isinstance(failure, Untrusted) else Part.API
        parts |= {Part.DNS: resolved, part: Verdict.WRONG}
        return _unreached(failure, part)
    except WireError as failure:
        parts |= {Part.DNS: resolved, Part.TLS: open_way, Part.API: Verdict.WRONG}
        return _unreached(failure, Part.API)
    good = reply.status == 200 and isinstance(reply.json, list)
    parts |= {Part.DNS: resolved, Part.TLS: open_way, Part.API: Verdict.OK if good else Verdict.WRONG}
    return None if good else _no_api(reply)


def _unreached(failure: WireError, part: Part) -> Problem:
    said = str(failure)
    if isinstance(failure, Unresolved):
        return Problem(
            "dns",
            part,
            "its host does not resolve",
            said,
            "The name is misspelt, the domain was renamed or deleted, or it is so new that name servers do not have it yet.",
            Step.MY_DOMAIN,
            "copy the Current My Domain URL into instanceUrl",
            "Infisical may use other name servers than this machine.",
        )
    if isinstance(failure, Untrusted):
        hint = failure.hint or "look for a proxy between here and Salesforce"
        meaning = "Something between here and Salesforce answers in its place, or this machine lacks an authority."
        return Problem("tls", part, "TLS to Salesforce does not come about", said, meaning, Step.CONNECTION, hint, _ELSEWHERE)
    if isinstance(failure, AnswerLost):
        meaning = "Salesforce, or a proxy before it, took the question and did not answer it."
        return Problem(
            "no-answer", part, "Salesforce does not answer", said, meaning, Step.CONNECTION, "run again later", _ELSEWHERE
        )
    meaning = "Nothing listens there, or a firewall or proxy is in the way."
    return Problem(
        "unreachable", part, "Salesforce cannot be reached", said, meaning, Step.CONNECTION, failure.hint, _ELSEWHERE
    )


_ELSEWHERE = "This is what this machine sees; Infisical stands elsewhere."


def _no_api(reply: Reply) -> Problem:
    """The reply to the question for versions is none of an org's."""
    if 300 <= reply.status < 400:
        return _problem(CAUSES["redirect"], Part.API, _said(reply))
    return _problem(_no_oauth(reply), Part.API, _said(reply))


def _no_oauth(reply: Reply) -> Cause:
    """The cause of a reply that is no answer of Salesforce's."""
    if reply.status >= 500:
        return CAUSES["E18"]
    return CAUSES["half" if reply.page == HALF else "page"]


def _judged(host: str, parts: dict[Part, Verdict], reply: Reply, credentials: Credentials) -> Checked:
    body: dict[str, Any] = reply.json if isinstance(reply.json, dict) else {}
    if reply.status != 200 or not body or body.get("token_type") != "Bearer":
        parts[Part.TOKEN] = Verdict.WRONG
        return Checked(host, parts, (_refused(reply, body, credentials),))
    parts[Part.TOKEN] = Verdict.OK
    identity = _IDENTITY.search(urlsplit(_text(body, "id")).path)
    parts[Part.WHO] = Verdict.OK if identity else Verdict.UNCHECKED
    problems = []
    answered, scopes = _text(body, "instance_url"), _text(body, "scope").split()
    same = hosts.fold(answered) == host
    parts[Part.URL] = Verdict.OK if same else Verdict.WRONG
    if not same:
        problems.append(_other_url(host, hosts.fold(answered)))
    parts[Part.SCOPE] = Verdict.OK if "api" in scopes else Verdict.WRONG
    if "api" not in scopes:
        problems.append(_no_scope(scopes))
    return Checked(host, parts, tuple(problems), identity["org"] if identity else "", identity["user"] if identity else "")


def _refused(reply: Reply, body: Mapping[str, Any], credentials: Credentials) -> Problem:
    error, description = _text(body, "error"), _text(body, "error_description")
    if 300 <= reply.status < 400:
        cause = CAUSES["redirect"]
    elif reply.status == 200 and body and not error:
        cause = CAUSES["token_type"]
    elif not error and reply.status < 500 and reply.status != 429:
        cause = _no_oauth(reply)
    else:
        cause = refusal(reply.status, error, description)
    return _problem(cause, Part.TOKEN, _said(reply), _remark(cause, credentials))


def _problem(cause: Cause, part: Part, said: str, remarks: str = "") -> Problem:
    meaning = f"{cause.meaning} {remarks}".strip()
    return Problem(
        cause.name,
        part,
        cause.title,
        said,
        meaning,
        cause.step,
        cause.repair,
        cause.doubt,
        cause.blocks,
    )


def _said(reply: Reply) -> str:
    """What came, in Salesforce's own words: the pair of texts holds no secret, unless it repeats one of ours."""
    body: dict[str, Any] = reply.json if isinstance(reply.json, dict) else {}
    error, description = _text(body, "error"), _text(body, "error_description")
    if reply.repeats_a_secret:
        return f"It answered {reply.status} with what repeats a credential and is not shown."
    if error:
        return f"It said {printable(error, 80)}: {printable(description, 200) or 'no description'} ({reply.status})."
    if reply.status == 200 and body:
        return f"It gave a token of token_type {printable(_text(body, 'token_type'), 40) or 'unknown'}."
    if 300 <= reply.status < 400:
        return f"It redirects to {reply.location or 'another address'} ({reply.status})."
    return f"It answered {reply.status} with {reply.page}."


def _remark(cause: Cause, credentials: Credentials) -> str:
    """Return what can be seen of the values without showing them."""
    if credentials.consumer_key == credentials.consumer_secret and cause.step in {Step.KEY, Step.SECRET}:
        return "Key and secret have the same value here."
    if cause.step is Step.KEY and not credentials.consumer_key.reveal().startswith(_USUAL_KEY):
        return f"The key here does not begin with {_USUAL_KEY}, as consumer keys usually do."
    return ""


def _other_url(host: str, answered: str) -> Problem:
    return Problem(
        "instance_url",
        Part.URL,
        "the org calls itself otherwise",
        f"It named instance_url {printable(answered, 100) or 'not at all'}.",
        f"The log-in succeeded, but the org's own host is not {host}: an old name that is forwarded, or another org.",
        Step.MY_DOMAIN,
        "if it is the org you mean, write the host that Salesforce named into instanceUrl",
    )


def _no_scope(scopes: list[str]) -> Problem:
    return Problem(
        "scope",
        Part.SCOPE,
        "the scope `api` is missing",
        f"It gave the scope {printable(' '.join(scopes), 200) or 'of nothing'}.",
        "The log-in succeeded, but calls with its token will be refused: Infisical notices only when it rotates credentials.",
        Step.OAUTH,
        'add "Manage user data via APIs (api)" to the Selected OAuth Scopes',
        NEW_APP,
    )


def _text(body: Mapping[str, Any], key: str) -> str:
    found = body.get(key)
    return found if isinstance(found, str) else ""
