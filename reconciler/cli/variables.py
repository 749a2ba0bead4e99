"""Every environment variable that changes what reconciler does, in one table: the reference is made of it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable. `read_by` names the library that reads it, "" for reconciler itself; `secret` is a value to protect."""

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
            Variable("INFISICAL_TOKEN", "A ready access token.", secret=True),
            Variable("INFISICAL_UNIVERSAL_AUTH_ACCESS_TOKEN", "The same; it wins over `INFISICAL_TOKEN`.", secret=True),
            Variable("INFISICAL_ACCESS_TOKEN", "The same; `INFISICAL_TOKEN` wins over it.", secret=True),
            Variable("INFISICAL_UNIVERSAL_AUTH_CLIENT_ID", "The client id of a machine identity with universal auth."),
            Variable("INFISICAL_UNIVERSAL_AUTH_CLIENT_SECRET", "The client secret of that identity.", secret=True),
            Variable(
                "INFISICAL_MACHINE_IDENTITY_ID", "The id of a machine identity that proves itself with a JWT or with AWS."
            ),
            Variable(
                "INFISICAL_AUTH_METHOD",
                "How to log in: `token`, `universal-auth`, `oidc-auth`, `jwt-auth`, `kubernetes-auth`, `azure-auth`, "
                "`gcp-auth`, `aws-auth`, or what Infisical's command line and Terraform provider call them. "
                "`infisical.auth.method` wins over it; with neither, the way is detected.",
            ),
            Variable("INFISICAL_OIDC_AUTH_IDENTITY_ID", "An identity's id, and that the method is `oidc-auth`."),
            Variable("INFISICAL_KUBERNETES_IDENTITY_ID", "An identity's id, and that the method is `kubernetes-auth`."),
            Variable("INFISICAL_AZURE_AUTH_IDENTITY_ID", "An identity's id, and that the method is `azure-auth`."),
            Variable("INFISICAL_GCP_AUTH_IDENTITY_ID", "An identity's id, and that the method is `gcp-auth`."),
            Variable("INFISICAL_AWS_IAM_AUTH_IDENTITY_ID", "An identity's id, and that the method is `aws-auth`."),
            Variable("INFISICAL_AUTH_JWT", "The JWT to log in with.", secret=True),
            Variable("INFISICAL_JWT", "The same; `INFISICAL_AUTH_JWT` wins over it.", secret=True),
            Variable("INFISICAL_OIDC_AUTH_JWT", "The same; the two above win over it.", secret=True),
            Variable("INFISICAL_OIDC_AUTH_TOKEN_NAME", "The name of the variable that holds the JWT, for `oidc-auth`."),
            Variable("RECONCILER_JWT_FILE", "A file that holds the JWT; read anew for each log-in."),
            Variable(
                "INFISICAL_KUBERNETES_SERVICE_ACCOUNT_TOKEN", "The service account's token, for `kubernetes-auth`.", secret=True
            ),
            Variable(
                "INFISICAL_KUBERNETES_SERVICE_ACCOUNT_TOKEN_PATH",
                "A file that holds it. Left out: where Kubernetes puts it.",
            ),
            Variable(
                "INFISICAL_SERVICE_TOKEN",
                "Not used: Infisical takes no service token for app connections. When nothing else is set, that is said.",
                secret=True,
            ),
            Variable("INFISICAL_AUTH_ORGANIZATION_SLUG", "The sub-organisation to log in to."),
            Variable("GITHUB_ACTIONS", "A job's own token is asked for, when there is an identity's id and no JWT."),
            Variable("GITLAB_CI", "The same; the token of the audience `infisical` is in `INFISICAL_ID_TOKEN`.", read_by="id"),
            Variable("BUILDKITE", "The same, from the agent.", read_by="id"),
            Variable("CIRCLECI", "The same, from the `circleci` command.", read_by="id"),
            Variable("GITHUB_REPOSITORY_OWNER", "In GitHub Actions: the audience is this owner's address, unless one is set."),
            Variable("ACTIONS_ID_TOKEN_REQUEST_URL", "Where GitHub gives the token.", read_by="id"),
            Variable("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "What GitHub gives it for.", secret=True, read_by="id"),
            Variable("INFISICAL_ID_TOKEN", "The token that GitLab gives, as `id_tokens` names it.", secret=True, read_by="id"),
            Variable("AZURE_POD_IDENTITY_AUTHORITY_HOST", "Where Azure's metadata service is, when not where it usually is."),
            Variable("GCE_METADATA_HOST", "The host of Google Cloud's metadata service, when not the usual one."),
            Variable(
                "AWS_ACCESS_KEY_ID", "With AWS's other variables and files: who signs, for `aws-auth`.", read_by="botocore"
            ),
        ),
    ),
    Topic(
        "Which Infisical, and which Salesforce",
        (
            Variable(
                "INFISICAL_DOMAIN",
                "Where Infisical is, when `infisical.url` is left out. One that disagrees with `infisical.url` stops the run; "
                "with `url: embedded` it is not read.",
            ),
            Variable(
                "RECONCILER_SALESFORCE_ENDPOINT",
                "Where Salesforce is asked instead of at its own hosts: `http://127.0.0.1:PORT` of `reconciler serve`, on "
                "loopback alone. Every output says so. With `url: embedded` it is not read.",
            ),
            Variable("INFISICAL_HOST", "As `INFISICAL_DOMAIN`; read for those who have it set for Terraform."),
            Variable("INFISICAL_API_URL", "As `INFISICAL_DOMAIN`; read for those who have it set for an older command line."),
        ),
    ),
    Topic(
        "Trust",
        (
            Variable(
                "RECONCILER_TRUSTED_CONFIG",
                "A file, or `git:REF` for `reconciler.yaml` as it is at REF. What decides where credentials go is taken from "
                "there. Empty or not to be had: the run stops with exit code 4.",
            ),
            Variable(
                "RECONCILER_ALLOW_HTTP", "`1` lets credentials go over plain http to another machine. Loopback needs none."
            ),
        ),
    ),
    Topic(
        "The network",
        (
            Variable("HTTPS_PROXY", "The proxy for https.", secret=True),
            Variable("HTTP_PROXY", "The proxy for plain http.", secret=True),
            Variable("ALL_PROXY", "The proxy where neither of the two is set.", secret=True),
            Variable(
                "NO_PROXY",
                "Hosts, networks and domains that are reached without a proxy, as curl reads it. "
                "This machine itself (`localhost`, 127.0.0.0/8, `::1`) never goes through a proxy.",
            ),
            Variable(
                "RECONCILER_CA_FILE", "A file, or a directory, of certificate authorities to trust instead of the usual ones."
            ),
            Variable("SSL_CERT_FILE", "The same; `RECONCILER_CA_FILE` wins over it."),
            Variable("SSL_CERT_DIR", "A directory of them."),
            Variable("RECONCILER_CLIENT_CERTIFICATE", "A client certificate in PEM, for an Infisical that asks for one."),
            Variable("RECONCILER_CLIENT_KEY", "Its key, when that is a file of its own."),
            Variable("RECONCILER_CLIENT_KEY_PASSWORD", "The key's password.", secret=True),
            Variable(
                "INFISICAL_CUSTOM_HEADERS",
                "`name=value` pairs to send with every request, as Infisical's command line reads it.",
                secret=True,
            ),
        ),
    ),
    Topic(
        "What is shown",
        (
            Variable("NO_COLOR", "Not empty: no colour."),
            Variable("FORCE_COLOR", "Not empty and not `0`: colour in a pipe too, unless `NO_COLOR` is set."),
            Variable("GITHUB_STEP_SUMMARY", "In GitHub Actions: where `--format markdown` is written too."),
            Variable("TERM", "`dumb`: no colour."),
            Variable("COLUMNS", "The width of text on a terminal, at most 120. In a pipe it is 80.", read_by="Python"),
        ),
    ),
    Topic(
        "What a lock and Infisical's audit log say of the run",
        (
            Variable("GITHUB_RUN_ID", "In GitHub Actions: with the next two, the address of the run."),
            Variable("GITHUB_SERVER_URL", "See `GITHUB_RUN_ID`."),
            Variable("GITHUB_REPOSITORY", "See `GITHUB_RUN_ID`."),
            Variable("CI_JOB_URL", "In GitLab: the address of the job."),
        ),
    ),
)
"""In the order in which a reader needs them."""
