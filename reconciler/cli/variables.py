"""Every environment variable that changes what reconciler does. The reference is made from this table."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable. `read_by` names the library that reads it, "" for reconciler itself. A `secret` has a value to protect."""

    name: str
    meaning: str
    secret: bool = False
    read_by: str = ""


@dataclass(frozen=True, slots=True)
class Topic:
    """Variables that belong together."""

    title: str
    variables: tuple[Variable, ...]


TOPICS = (
    Topic(
        "Logging in to Infisical",
        (
            Variable("INFISICAL_TOKEN", "An access token that you already have.", secret=True),
            Variable("INFISICAL_UNIVERSAL_AUTH_ACCESS_TOKEN", "The same. If both are set, this one counts.", secret=True),
            Variable("INFISICAL_ACCESS_TOKEN", "The same, if neither of the two above is set.", secret=True),
            Variable("INFISICAL_UNIVERSAL_AUTH_CLIENT_ID", "The client id of a machine identity with universal auth."),
            Variable("INFISICAL_UNIVERSAL_AUTH_CLIENT_SECRET", "The client secret of that identity.", secret=True),
            Variable("INFISICAL_MACHINE_IDENTITY_ID", "The id of a machine identity that logs in with a JWT or with AWS."),
            Variable(
                "INFISICAL_AUTH_METHOD",
                "How to log in: `token`, `universal-auth`, `oidc-auth`, `jwt-auth`, `kubernetes-auth`, `azure-auth`, "
                "`gcp-auth`, `aws-auth`. The names that Infisical's command line and Terraform provider use are accepted too. "
                "`infisical.auth.method` overrides it. If neither is set, reconciler detects the method.",
            ),
            Variable("INFISICAL_OIDC_AUTH_IDENTITY_ID", "The id of a machine identity that logs in with `oidc-auth`."),
            Variable("INFISICAL_KUBERNETES_IDENTITY_ID", "The id of a machine identity that logs in with `kubernetes-auth`."),
            Variable("INFISICAL_AZURE_AUTH_IDENTITY_ID", "The id of a machine identity that logs in with `azure-auth`."),
            Variable("INFISICAL_GCP_AUTH_IDENTITY_ID", "The id of a machine identity that logs in with `gcp-auth`."),
            Variable("INFISICAL_AWS_IAM_AUTH_IDENTITY_ID", "The id of a machine identity that logs in with `aws-auth`."),
            Variable("INFISICAL_AUTH_JWT", "The JWT to log in with.", secret=True),
            Variable("INFISICAL_JWT", "The same, if `INFISICAL_AUTH_JWT` is not set.", secret=True),
            Variable("INFISICAL_OIDC_AUTH_JWT", "The same, if neither of the two above is set.", secret=True),
            Variable("INFISICAL_OIDC_AUTH_TOKEN_NAME", "For `oidc-auth`: the name of another variable, which holds the JWT."),
            Variable("RECONCILER_JWT_FILE", "A file that holds the JWT. reconciler reads it again for each log-in."),
            Variable(
                "INFISICAL_KUBERNETES_SERVICE_ACCOUNT_TOKEN",
                "For `kubernetes-auth`: the token of the service account.",
                secret=True,
            ),
            Variable(
                "INFISICAL_KUBERNETES_SERVICE_ACCOUNT_TOKEN_PATH",
                "A file that holds this token. By default the file that Kubernetes puts into each pod.",
            ),
            Variable(
                "INFISICAL_SERVICE_TOKEN",
                "Not used: Infisical accepts no service token for app connections. If nothing else is set, an error says so.",
                secret=True,
            ),
            Variable("INFISICAL_AUTH_ORGANIZATION_SLUG", "The sub-organisation to log in to."),
            Variable(
                "GITHUB_ACTIONS",
                "Set in GitHub Actions. With the id of an identity and no JWT, reconciler asks GitHub for the job's token.",
            ),
            Variable(
                "GITLAB_CI",
                "The same for GitLab, whose token for the audience `infisical` is in `INFISICAL_ID_TOKEN`.",
                read_by="id",
            ),
            Variable("BUILDKITE", "The same for Buildkite. The agent gives the token.", read_by="id"),
            Variable("CIRCLECI", "The same for CircleCI. The `circleci` command gives the token.", read_by="id"),
            Variable(
                "GITHUB_REPOSITORY_OWNER",
                "In GitHub Actions: the audience is the address of this owner, if no audience is set.",
            ),
            Variable("ACTIONS_ID_TOKEN_REQUEST_URL", "The address at which GitHub gives the token.", read_by="id"),
            Variable("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "The credential for that address.", secret=True, read_by="id"),
            Variable(
                "INFISICAL_ID_TOKEN",
                "The token that GitLab gives a job whose `id_tokens` has this name.",
                secret=True,
                read_by="id",
            ),
            Variable(
                "AZURE_POD_IDENTITY_AUTHORITY_HOST", "The address of Azure's metadata service, if it is not the usual one."
            ),
            Variable("GCE_METADATA_HOST", "The host of Google Cloud's metadata service, if it is not the usual one."),
            Variable(
                "AWS_ACCESS_KEY_ID",
                "For `aws-auth`, with AWS's other variables and files: who signs the log-in.",
                read_by="botocore",
            ),
        ),
    ),
    Topic(
        "Which Infisical, and which Salesforce",
        (
            Variable(
                "INFISICAL_DOMAIN",
                "The address of Infisical, if `infisical.url` is not set. If it differs from `infisical.url`, the run stops. "
                "It has no effect with `url: embedded`.",
            ),
            Variable(
                "RECONCILER_SALESFORCE_ENDPOINT",
                "The address that gets all requests to Salesforce, such as `http://127.0.0.1:PORT` of `reconciler serve`. It "
                "must be a loopback address. Every output names it. It has no effect with `url: embedded`.",
            ),
            Variable("INFISICAL_HOST", "The same as `INFISICAL_DOMAIN`, for users of Infisical's Terraform provider."),
            Variable("INFISICAL_API_URL", "The same as `INFISICAL_DOMAIN`, for users of an older Infisical command line."),
        ),
    ),
    Topic(
        "Trust",
        (
            Variable(
                "RECONCILER_TRUSTED_CONFIG",
                "A file, or `git:REF` for `reconciler.yaml` as it is at REF. The settings that decide where credentials go "
                "come from there. If the variable is empty, or there is no such file, the run stops with exit code 4.",
            ),
            Variable(
                "RECONCILER_ALLOW_HTTP",
                "`1` allows credentials to go over plain http to another machine. A loopback address does not need it.",
            ),
        ),
    ),
    Topic(
        "The network",
        (
            Variable("HTTPS_PROXY", "The proxy for https.", secret=True),
            Variable("HTTP_PROXY", "The proxy for plain http.", secret=True),
            Variable("ALL_PROXY", "The proxy for a scheme whose own variable is not set.", secret=True),
            Variable(
                "NO_PROXY",
                "Hosts, networks and domains that need no proxy, written as for curl. "
                "Requests to this machine itself (`localhost`, 127.0.0.0/8, `::1`) never go through a proxy.",
            ),
            Variable("RECONCILER_CA_FILE", "A file or a directory of certificate authorities. Only these are trusted."),
            Variable("SSL_CERT_FILE", "The same as a file, if `RECONCILER_CA_FILE` is not set."),
            Variable("SSL_CERT_DIR", "The same as a directory, if neither of the two above is set."),
            Variable("RECONCILER_CLIENT_CERTIFICATE", "A client certificate in PEM, for an Infisical that requires one."),
            Variable("RECONCILER_CLIENT_KEY", "The key of that certificate, if it is in another file."),
            Variable("RECONCILER_CLIENT_KEY_PASSWORD", "The password of that key.", secret=True),
            Variable(
                "INFISICAL_CUSTOM_HEADERS",
                "Headers to send with every request to Infisical: `name=value` pairs, written as for Infisical's command line.",
                secret=True,
            ),
        ),
    ),
    Topic(
        "What is shown",
        (
            Variable("NO_COLOR", "If it is not empty, nothing has colour."),
            Variable(
                "FORCE_COLOR", "If it is neither empty nor `0`, output in a pipe has colour too, unless `NO_COLOR` is set."
            ),
            Variable("GITHUB_STEP_SUMMARY", "In GitHub Actions: the file to which `--format markdown` writes the plan too."),
            Variable("TERM", "`dumb` turns colour off."),
            Variable("COLUMNS", "The width of text on a terminal, at most 120. In a pipe it is always 80.", read_by="Python"),
        ),
    ),
    Topic(
        "What a lock and Infisical's audit log say about the run",
        (
            Variable("GITHUB_RUN_ID", "In GitHub Actions: this and the next two give the address of the run."),
            Variable("GITHUB_SERVER_URL", "See `GITHUB_RUN_ID`."),
            Variable("GITHUB_REPOSITORY", "See `GITHUB_RUN_ID`."),
            Variable("CI_JOB_URL", "In GitLab: the address of the job."),
        ),
    ),
)
"""In the order in which a reader needs them."""
