"""One valid document to one External Client App, and what is wrong with it that its schema cannot say.

What a lint can see offline is here; what the org really has is for `salesforce metadata --check` and `salesforce check`.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reconciler.documents import Document
from reconciler.model import (
    AppConnection,
    Connection,
    Diagnostic,
    ExternalClientApp,
    IpRelaxation,
    PermittedUsers,
    error,
    warning,
)

KIND = "ExternalClientApp"
LATEST = "65.0"
"""The Metadata API that is written for unless the manifest says another: the first with credentials that can be rotated."""

_FLOW_SINCE, _REST_SINCE, _ROTATION_SINCE = 60, 62, 65
_NOT_GIVEN = ("full", "web", "refresh_token", "offline_access")
"""Scopes that Salesforce leaves out of the client credentials flow."""
_SECRETS = ("secretForWebServerFlow", "secretForRefreshTokenFlow", "secretForTokenExchangeFlow")


def build_app(document: Document) -> ExternalClientApp:
    """Return the app of a document that its schema accepted."""
    metadata, spec = document.value["metadata"], document.value["spec"]
    flows, security, policies = (spec.get(key, {}) for key in ("flows", "security", "policies"))
    return ExternalClientApp(
        address=metadata["name"],
        label=spec["label"].strip(),
        api_name=spec["apiName"],
        contact_email=spec["contactEmail"],
        description=spec.get("description", "").strip(),
        callback_url=spec["callbackUrl"],
        scopes=tuple(spec.get("scopes", ("api",))),
        client_credentials=flows.get("clientCredentials", True),
        token_exchange=flows.get("tokenExchange", True),
        secret_for_web_server=security.get("secretForWebServerFlow", True),
        secret_for_refresh_token=security.get("secretForRefreshTokenFlow", True),
        secret_for_token_exchange=security.get("secretForTokenExchangeFlow", True),
        pkce=security.get("pkce", True),
        run_as=policies.get("runAs", "").strip(),
        permitted_users=PermittedUsers(policies.get("permittedUsers", PermittedUsers.ALL)),
        permission_sets=tuple(name.strip() for name in policies.get("permissionSets", ())),
        profiles=tuple(name.strip() for name in policies.get("profiles", ())),
        ip_relaxation=IpRelaxation(policies.get("ipRelaxation", IpRelaxation.ENFORCE)),
        secrets_over_rest=spec.get("secretsOverRest", True),
        rotation_target=spec.get("rotationTarget", False),
        connections=tuple(
            AppConnection(address, document.location(["spec", "connections", at]))
            for at, address in enumerate(spec.get("connections", ()))
        ),
        api_version=spec.get("salesforceApiVersion", LATEST),
        labels=metadata.get("labels", {}),
        location=document.location(["metadata", "name"]),
        api_name_location=document.location(["spec", "apiName"]),
    )


def check_app(document: Document, app: ExternalClientApp) -> list[Diagnostic]:
    """Return what is wrong with an app that was built of `document`."""
    return sorted(_problems(document, app), key=lambda one: one.location or document.location())


def _problems(document: Document, app: ExternalClientApp) -> Iterator[Diagnostic]:
    spec: Mapping[str, Any] = document.value["spec"]

    def problem(say: Any, summary: str, hint: str, *path: str) -> Diagnostic:
        found: Diagnostic = say(summary, location=document.location(["spec", *path]), hint=hint, address=app.address)
        return found

    yield from _flow(problem, app)
    if app.client_credentials and "api" not in app.scopes:
        yield problem(warning, "`spec.scopes` lacks `api`: Infisical cannot rotate with such a token.", "add `api`", "scopes")
    useless = [scope for scope in app.scopes if scope in _NOT_GIVEN]
    if app.client_credentials and useless:
        named = ", ".join(f"`{scope}`" for scope in useless)
        yield problem(
            warning, f"`spec.scopes` has {named}, which the client credentials flow never gives.", "leave it out", "scopes"
        )
    for key in _SECRETS:
        if spec.get("security", {}).get(key) is False:
            yield problem(
                warning,
                f"`spec.security.{key}` is off: the app's tokens can be had without its secret.",
                "leave it out: it is on by itself",
                "security",
                key,
            )
    yield from _versions(problem, app)


def _flow(problem: Any, app: ExternalClientApp) -> Iterator[Diagnostic]:
    if app.client_credentials and not app.run_as:
        summary = "`spec.policies.runAs` is missing: the client credentials flow runs as a user, or is refused."
        yield problem(error, summary, "write the Username of an active user of the org", "policies")
    elif app.run_as and "@" not in app.run_as:
        summary = "`spec.policies.runAs` is no Username: it has no `@`."
        yield problem(error, summary, "copy the Username, not the name, from Setup > Users", "policies", "runAs")
    elif app.run_as and app.run_as.lower() == app.contact_email.lower():
        summary = "`spec.policies.runAs` is the contact's e-mail address: is it that user's Username too?"
        yield problem(warning, summary, "compare it with the Username in Setup > Users", "policies", "runAs")
    if app.connections and not app.client_credentials:
        summary = "Connections log in with this app, but its client credentials flow is off."
        yield problem(error, summary, "turn `spec.flows.clientCredentials` on", "flows", "clientCredentials")
    if app.permitted_users is PermittedUsers.ADMIN_APPROVED and not (app.permission_sets or app.profiles):
        summary = "Only users whom an admin approved may use the app, and nobody is approved."
        hint = "name the Run As user's permission set in `permissionSets`, or its profile in `profiles`"
        yield problem(error, summary, hint, "policies", "permittedUsers")
    if app.rotation_target and app.connections:
        summary = "Connections log in with this app, and Infisical is to rotate it: it refuses to rotate what it logs in with."
        yield problem(error, summary, "make an app of its own for each of the two", "rotationTarget")
    if app.rotation_target and not app.secrets_over_rest:
        summary = "Infisical is to rotate this app, but `spec.secretsOverRest` is off."
        yield problem(error, summary, "turn it on: rotation reads and stages secrets over REST", "secretsOverRest")


def _versions(problem: Any, app: ExternalClientApp) -> Iterator[Diagnostic]:
    version = int(app.api_version.partition(".")[0])
    wants = [
        (app.client_credentials, _FLOW_SINCE, "the client credentials flow of these apps"),
        (app.secrets_over_rest, _REST_SINCE, "`secretsOverRest`"),
        (app.rotation_target, _ROTATION_SINCE, "the rotation of credentials"),
    ]
    for wanted, since, what in wants:
        if wanted and version < since:
            summary = f"`spec.salesforceApiVersion` is {app.api_version}: {what} is there since {since}.0."
            yield problem(error, summary, f'write "{LATEST}", or leave it out', "salesforceApiVersion")


def check_apps(apps: Sequence[ExternalClientApp], connections: Sequence[Connection]) -> list[Diagnostic]:
    """Return what is wrong between apps, and between them and the connections."""
    problems = []
    known = {one.address: one for one in connections}
    taken = {one.address: one.location for one in connections}
    used: dict[str, ExternalClientApp] = {}
    named: dict[tuple[str, str], ExternalClientApp] = {}
    for app in apps:
        if app.address in taken:
            detail = f"It is declared at {taken[app.address]} too."
            hint = "give one of them another metadata.name"
            problems.append(error(f"The address `{app.address}` is taken.", detail=detail, location=app.location, hint=hint))
        taken.setdefault(app.address, app.location)
        hosts: dict[str, AppConnection] = {}
        for one in app.connections:
            connection = known.get(one.address)
            if connection is None:
                summary = f"There is no connection `{one.address}` in the manifests."
                hint = "correct the address, or remove it here"
                problems.append(warning(summary, location=one.location, hint=hint, address=app.address))
                continue
            hosts.setdefault(connection.instance_url, one)
            first = used.setdefault(one.address, app)
            if first is not app:
                summary = f"`{one.address}` logs in with `{first.address}` already."
                problems.append(_error(app, summary, one, "name it in one of the two apps"))
        if len(hosts) > 1:
            summary = f"The connections of `{app.address}` are of several orgs: {', '.join(sorted(hosts))}."
            hint = "make an app for each org: this kind of app exists in one"
            problems.append(_error(app, summary, list(hosts.values())[1], hint))
        for host in hosts:
            other = named.setdefault((host, app.api_name.lower()), app)
            if other is not app:
                summary = f"`{other.address}` has the API name `{app.api_name}` in {host} too."
                hint = "give one of them another apiName"
                problems.append(error(summary, location=app.api_name_location, hint=hint, address=app.address))
    return problems


def _error(app: ExternalClientApp, summary: str, one: AppConnection, hint: str) -> Diagnostic:
    return error(summary, location=one.location, hint=hint, address=app.address)
