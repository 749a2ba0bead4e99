"""Turns a valid document into an External Client App, and checks what its schema cannot express.

These checks need no network. `salesforce metadata --check` and `salesforce check` look at what an org really has.
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
"""The version of the Metadata API for manifests that name none: the first version that can rotate credentials."""

_FLOW_SINCE, _REST_SINCE, _ROTATION_SINCE = 60, 62, 65
"""The versions of the Metadata API that brought each feature."""
_NEVER_GRANTED = ("full", "web", "refresh_token", "offline_access")
"""Scopes that the client credentials flow does not grant."""
_SECRETS = ("secretForWebServerFlow", "secretForRefreshTokenFlow", "secretForTokenExchangeFlow")


def build_app(document: Document) -> ExternalClientApp:
    """Return the app that a document describes. The schema must have accepted the document."""
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
    """Return the problems of one app, in the order of the file. `document` is what the app was built from."""
    return sorted(_problems(document, app), key=lambda problem: problem.location or document.location())


def _problems(document: Document, app: ExternalClientApp) -> Iterator[Diagnostic]:
    spec: Mapping[str, Any] = document.value["spec"]

    def problem(severity: Any, summary: str, hint: str, *path: str) -> Diagnostic:
        location = document.location(["spec", *path])
        diagnostic: Diagnostic = severity(summary, location=location, hint=hint, address=app.address)
        return diagnostic

    yield from _flow(problem, app)
    if app.client_credentials and "api" not in app.scopes:
        summary = "`spec.scopes` lacks `api`: without it, Infisical cannot use this app to rotate credentials."
        yield problem(warning, summary, "add `api`", "scopes")
    useless = [scope for scope in app.scopes if scope in _NEVER_GRANTED]
    if app.client_credentials and useless:
        listed = ", ".join(f"`{scope}`" for scope in useless)
        summary = f"`spec.scopes` has {listed}, which the client credentials flow never grants."
        yield problem(warning, summary, "leave it out", "scopes")
    for key in _SECRETS:
        if spec.get("security", {}).get(key) is False:
            summary = f"`spec.security.{key}` is off: Salesforce then issues the app's tokens without its secret."
            yield problem(warning, summary, "remove the line: the default is on", "security", key)
    yield from _versions(problem, app)


def _flow(problem: Any, app: ExternalClientApp) -> Iterator[Diagnostic]:
    if app.client_credentials and not app.run_as:
        summary = "`spec.policies.runAs` is missing: Salesforce refuses the client credentials flow without a user to run as."
        yield problem(error, summary, "write the Username of an active user of the org", "policies")
    elif app.run_as and "@" not in app.run_as:
        summary = "`spec.policies.runAs` is not a Username: it has no `@`."
        yield problem(error, summary, "copy the Username, not the name, from Setup > Users", "policies", "runAs")
    elif app.run_as and app.run_as.lower() == app.contact_email.lower():
        summary = "`spec.policies.runAs` is the contact's e-mail address, which may not be the user's Username."
        yield problem(warning, summary, "compare it with the Username in Setup > Users", "policies", "runAs")
    if app.connections and not app.client_credentials:
        summary = "Connections log in with this app, but its client credentials flow is off."
        yield problem(error, summary, "turn `spec.flows.clientCredentials` on", "flows", "clientCredentials")
    if app.permitted_users is PermittedUsers.ADMIN_APPROVED and not (app.permission_sets or app.profiles):
        summary = "Only users that an admin approved may use this app, and nobody is approved."
        hint = "name the Run As user's permission set in `permissionSets`, or its profile in `profiles`"
        yield problem(error, summary, hint, "policies", "permittedUsers")
    if app.rotation_target and app.connections:
        summary = "Connections log in with this app, so Infisical refuses to rotate it, but `spec.rotationTarget` is on."
        hint = "use two apps: one that connections log in with, and one that Infisical rotates"
        yield problem(error, summary, hint, "rotationTarget")
    if app.rotation_target and not app.secrets_over_rest:
        summary = "`spec.rotationTarget` is on, but `spec.secretsOverRest` is off."
        yield problem(
            error, summary, "turn `spec.secretsOverRest` on: rotation reads and stages secrets over REST", "secretsOverRest"
        )


def _versions(problem: Any, app: ExternalClientApp) -> Iterator[Diagnostic]:
    version = int(app.api_version.partition(".")[0])
    features = [
        (app.client_credentials, _FLOW_SINCE, "the client credentials flow of these apps"),
        (app.secrets_over_rest, _REST_SINCE, "`secretsOverRest`"),
        (app.rotation_target, _ROTATION_SINCE, "the rotation of credentials"),
    ]
    for used, since, feature in features:
        if used and version < since:
            summary = f"`spec.salesforceApiVersion` is {app.api_version}, but {feature} needs {since}.0 or newer."
            yield problem(error, summary, f'write "{LATEST}", or leave it out', "salesforceApiVersion")


def check_apps(apps: Sequence[ExternalClientApp], connections: Sequence[Connection]) -> list[Diagnostic]:
    """Return the problems that a single app cannot show: clashes between apps, and between apps and connections."""
    problems = []
    known = {connection.address: connection for connection in connections}
    taken = {connection.address: connection.location for connection in connections}
    app_of_connection: dict[str, ExternalClientApp] = {}
    app_of_name: dict[tuple[str, str], ExternalClientApp] = {}
    for app in apps:
        if app.address in taken:
            detail = f"It is declared at {taken[app.address]} too."
            hint = "give one of them another metadata.name"
            problems.append(error(f"The address `{app.address}` is taken.", detail=detail, location=app.location, hint=hint))
        taken.setdefault(app.address, app.location)
        hosts: dict[str, AppConnection] = {}
        for reference in app.connections:
            connection = known.get(reference.address)
            if connection is None:
                summary = f"There is no connection `{reference.address}` in the manifests."
                hint = "correct the address, or remove it here"
                problems.append(warning(summary, location=reference.location, hint=hint, address=app.address))
                continue
            hosts.setdefault(connection.instance_url, reference)
            first = app_of_connection.setdefault(reference.address, app)
            if first is not app:
                summary = f"The connection `{reference.address}` already logs in with the app `{first.address}`."
                problems.append(_error(app, summary, reference, "name it in one of the two apps"))
        if len(hosts) > 1:
            summary = f"The connections of `{app.address}` belong to several orgs: {', '.join(sorted(hosts))}."
            hint = "make one app per org: an External Client App exists in one org only"
            problems.append(_error(app, summary, list(hosts.values())[1], hint))
        for host in hosts:
            other = app_of_name.setdefault((host, app.api_name.lower()), app)
            if other is not app:
                summary = f"`{other.address}` also has the API name `{app.api_name}` in {host}."
                hint = "give one of them another apiName"
                problems.append(error(summary, location=app.api_name_location, hint=hint, address=app.address))
    return problems


def _error(app: ExternalClientApp, summary: str, reference: AppConnection, hint: str) -> Diagnostic:
    return error(summary, location=reference.location, hint=hint, address=app.address)
