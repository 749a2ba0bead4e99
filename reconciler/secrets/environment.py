"""Values from environment variables, never from the runner's own."""

import fnmatch
from collections.abc import Mapping, Sequence

from reconciler.model import Secret
from reconciler.secrets.resolve import Refused, Unavailable, trimmed_secret

RUNNERS_OWN = (
    "INFISICAL_*", "RECONCILER_*",
    "GITHUB_*", "GH_*", "ACTIONS_*", "RUNNER_*", "CI", "CI_*", "GITLAB_*", "BITBUCKET_*", "CIRCLE_*", "BUILDKITE_*",
    "JENKINS_*", "SYSTEM_*", "TRAVIS_*", "DRONE_*", "GITEA_*", "FORGEJO_*", "TEAMCITY_*", "CODEBUILD_*",
    "TF_TOKEN_*", "ARM_*", "AWS_*", "AZURE_*", "GOOGLE_*", "GCP_*", "GCLOUD_*", "CLOUDSDK_*", "ALIBABA_CLOUD_*", "OCI_*",
    "VAULT_*", "CONSUL_*", "NOMAD_*", "OP_*", "DOPPLER_*", "PULUMI_*", "SOPS_*", "SSH_*", "GPG_*", "GIT_*",
    "KUBECONFIG", "KUBERNETES_*", "DOCKER_*", "NPM_*", "NODE_AUTH_TOKEN", "PIP_*", "UV_*", "TWINE_*", "CARGO_*",
    "PGPASSWORD", "PGPASSFILE", "PGSERVICEFILE", "MYSQL_PWD", "NETRC", "*_PROXY", "*_ID_TOKEN",
    "PATH", "HOME", "USER", "PWD", "SHELL",
)  # fmt: skip
"""Variables that hold a runner's own credentials or its set-up: a manifest that names one is a leak, not a reference."""


class EnvironmentSource:
    """Reads `fromEnv`. `allow` are globs (None: all but the runner's own); `lifted` are exact names let in all the same."""

    def __init__(self, environ: Mapping[str, str], allow: Sequence[str] | None, lifted: frozenset[str]) -> None:
        self._environ = environ
        self._allow = allow
        self._lifted = lifted

    def allows(self, target: str) -> bool:
        """Tell whether the variable `target` may be read here, whether or not it is set."""
        own = target not in self._lifted and _matches(target.upper(), RUNNERS_OWN)
        return not own and (self._allow is None or _matches(target, self._allow))

    async def read(self, target: str) -> Secret:
        """Return the value of the variable `target`. Raises `Unavailable` (unset, empty) or `Refused`."""
        if target not in self._lifted and _matches(target.upper(), RUNNERS_OWN):
            raise Refused(
                f"{target} is one of the runner's own variables",
                "use a variable of your own, or name it exactly in secretSources.env.allow of the trusted configuration",
            )
        if self._allow is not None and not _matches(target, self._allow):
            lets_in = f"the variables that secretSources.env.allow lets in ({', '.join(self._allow)})"
            raise Refused(
                f"{target} is not among {lets_in}" if self._allow else "secretSources.env.allow lets in no variable at all",
                "rename the variable, or add it there",
            )
        hint = f"set {target} before the run"
        if target not in self._environ:
            raise Unavailable(f"the variable {target} is not set", hint)
        return trimmed_secret(self._environ[target], f"the variable {target}", hint)


def _matches(name: str, globs: Sequence[str]) -> bool:
    return any(fnmatch.fnmatchcase(name, glob) for glob in globs)
