"""Reads values from environment variables, but not from the runner's own variables."""

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
"""Globs of the variables that have a runner's own credentials or settings.

A manifest that names one of them would leak it: reconciler would send its value to Infisical.
"""


class EnvironmentSource:
    """Reads the variables that `fromEnv` names.

    `allow` are globs of the variables that it may read. None allows every variable except the runner's own. `lifted` are exact
    names of the runner's own variables that it may read all the same.
    """

    def __init__(self, environ: Mapping[str, str], allow: Sequence[str] | None, lifted: frozenset[str]) -> None:
        self._environ = environ
        self._allow = allow
        self._lifted = lifted

    def allows(self, target: str) -> bool:
        """Tell whether a manifest may name the variable `target`. The variable need not be set."""
        own = target not in self._lifted and _matches(target.upper(), RUNNERS_OWN)
        return not own and (self._allow is None or _matches(target, self._allow))

    async def read(self, target: str) -> Secret:
        """Return the value of the variable `target`, trimmed.

        Raises `Refused` if a manifest must not name it, and `Unavailable` if it is not set, is empty, or is not text.
        """
        if target not in self._lifted and _matches(target.upper(), RUNNERS_OWN):
            raise Refused(
                f"{target} is one of the runner's own variables",
                "use a variable of your own, or name it exactly in secretSources.env.allow of the trusted configuration",
            )
        if self._allow is not None and not _matches(target, self._allow):
            allowed = ", ".join(self._allow) or "no variable at all"
            raise Refused(
                f"secretSources.env.allow does not allow the variable {target} (it allows {allowed})",
                "rename the variable, or add it to secretSources.env.allow",
            )
        hint = f"set {target} before the run"
        if target not in self._environ:
            raise Unavailable(f"the variable {target} is not set", hint)
        return trimmed_secret(self._environ[target], f"the variable {target}", hint)


def _matches(name: str, globs: Sequence[str]) -> bool:
    return any(fnmatch.fnmatchcase(name, glob) for glob in globs)
