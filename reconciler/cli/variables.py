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
            Variable("INFISICAL_UNIVERSAL_AUTH_CLIENT_ID", "The client id of a machine identity with universal auth."),
            Variable("INFISICAL_UNIVERSAL_AUTH_CLIENT_SECRET", "The client secret of that identity.", secret=True),
            Variable("INFISICAL_TOKEN", "A ready access token. It wins over the client id and secret.", secret=True),
            Variable(
                "INFISICAL_UNIVERSAL_AUTH_ACCESS_TOKEN",
                "The same under another name. It wins over `INFISICAL_TOKEN`.",
                secret=True,
            ),
        ),
    ),
    Topic(
        "Which Infisical",
        (
            Variable(
                "INFISICAL_DOMAIN",
                "Where Infisical is, when `infisical.url` is left out. One that disagrees with `infisical.url` stops the run; "
                "with `url: embedded` it is not read.",
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
            Variable("HTTPS_PROXY", "The proxy for https.", read_by="httpx"),
            Variable("HTTP_PROXY", "The proxy for plain http.", read_by="httpx"),
            Variable("ALL_PROXY", "The proxy where neither of the two is set.", read_by="httpx"),
            Variable("NO_PROXY", "Hosts that are reached without a proxy.", read_by="httpx"),
            Variable("SSL_CERT_FILE", "A file of certificates to trust instead of the usual ones.", read_by="httpx"),
            Variable("SSL_CERT_DIR", "A directory of them.", read_by="httpx"),
        ),
    ),
    Topic(
        "What is shown",
        (
            Variable("NO_COLOR", "Not empty: no colour."),
            Variable("FORCE_COLOR", "Not empty and not `0`: colour in a pipe too, unless `NO_COLOR` is set."),
            Variable("TERM", "`dumb`: no colour."),
            Variable("COLUMNS", "The width of text on a terminal, at most 120. In a pipe it is 80.", read_by="Python"),
        ),
    ),
    Topic(
        "What a lock says of the run that holds it",
        (
            Variable("GITHUB_RUN_ID", "In GitHub Actions: with the next two, the address of the run."),
            Variable("GITHUB_SERVER_URL", "See `GITHUB_RUN_ID`."),
            Variable("GITHUB_REPOSITORY", "See `GITHUB_RUN_ID`."),
            Variable("CI_JOB_URL", "In GitLab: the address of the job."),
        ),
    ),
)
"""In the order in which a reader needs them."""
