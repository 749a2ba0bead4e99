"""What a pull request cannot do: with a trusted configuration, nothing in the tree decides where credentials go."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reconciler.config import Auth, Embedded, Preflight, trust
from reconciler.model import Diagnostic, Guards, Severity, Stop

from .repository import Repository, load, stopped, text, write

URL = "https://vault.example"
EVIL = "https://evil.example"
OTHER_IDENTITY = "0c9e0000-0000-4000-8000-000000000001"
MAIN = {"RECONCILER_TRUSTED_CONFIG": "git:main"}


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository.at(tmp_path / "repository")


def merged(repository: Repository, stack: str = "crm", **content: Any) -> Path:
    """Merge a configuration of `stack` into main, go to a branch, and return the stack's directory."""
    folder = repository.folder / stack
    write(folder, **{"infisical": {"url": URL}, **content})
    repository.commit()
    repository.git("checkout", "--quiet", "-B", "pull-request")
    return folder


def refused(start: Path, environ: dict[str, str], file: Path | None = None) -> Diagnostic:
    reason, (problem,) = stopped(start, environ, file)
    assert reason is Stop.REFUSED
    return problem


PINNED = [
    ({"infisical": {"url": EVIL}}, "infisical.url", f'here: "{EVIL}"; in force: "{URL}"'),
    ({"state": {"path": "other.json"}}, "state", 'here: {"path": "other.json"}; in force: not set'),
    (
        {"secretSources": {"env": {"allow": ["*"]}}},
        "secretSources",
        'here: {"env": {"allow": ["*"]}}; in force: not set',
    ),
    (
        {"salesforce": {"allowedHosts": ["evil.example"]}},
        "salesforce.allowedHosts",
        'here: ["evil.example"]; in force: not set',
    ),
    ({"guards": {"maxDeletePercent": 100}}, "guards", 'here: {"maxDeletePercent": 100}; in force: not set'),
    (
        {"infisical": {"url": URL, "auth": {"method": "kubernetes-auth", "identityId": OTHER_IDENTITY}}},
        "infisical.auth",
        f'here: {{"method": "kubernetes-auth", "identityId": "{OTHER_IDENTITY}"}}; in force: not set',
    ),
    ({"salesforce": {"preflight": "off"}}, "salesforce.preflight", 'here: "off"; in force: not set'),
    ({"embedded": {"database": "x.db"}}, "embedded", 'here: {"database": "x.db"}; in force: not set'),
]


class TestWhatIsPinned:
    @pytest.mark.parametrize(("change", "key", "detail"), PINNED, ids=[row[1] for row in PINNED])
    @pytest.mark.parametrize("by", ["file", "git"])
    def test_a_change_in_the_tree_has_no_effect_and_is_a_warning(
        self, repository: Repository, tmp_path: Path, change: dict[str, Any], key: str, detail: str, by: str
    ) -> None:
        stack = merged(repository)
        trusted = tmp_path / "trusted.yaml"
        trusted.write_text(text(infisical={"url": URL}))
        source = "git:main" if by == "git" else str(trusted)
        before = load(stack, {"RECONCILER_TRUSTED_CONFIG": source})

        write(stack, **{"infisical": {"url": URL}, **change})
        after = load(stack, {"RECONCILER_TRUSTED_CONFIG": source})

        (warning,) = after.warnings
        assert warning.severity is Severity.WARNING
        assert warning.summary == f"`{key}` is different in the trusted configuration ({source})."
        assert warning.detail == detail
        assert warning.hint == "the value here takes effect once the trusted configuration has it"
        assert replace(after, warnings=()) == before

    def test_what_the_trusted_configuration_says_is_in_force(self, repository: Repository) -> None:
        stack = merged(
            repository,
            state={"path": "kept.json"},
            secretSources={"env": {"allow": ["CRM_*"]}, "file": {"roots": ["secrets"]}},
            salesforce={"allowedHosts": ["sim.example"], "preflight": "warn"},
            infisical={"url": URL, "auth": {"method": "token", "audience": "vault"}},
            guards={"maxDeletePercent": 5},
        )
        auth = {"method": "oidc-auth", "identityId": OTHER_IDENTITY, "audience": "evil", "organizationSlug": "evil"}
        write(
            stack,
            infisical={"url": "embedded", "auth": auth},
            secretSources={"env": {"allow": ["CI_TOKEN"]}},
            salesforce={"preflight": "off"},
            guards={"maxDeletePercent": 100, "maxUpdatePercent": 100},
        )

        settings = load(stack, MAIN)

        assert settings.url == URL
        assert settings.state == stack / "kept.json"
        assert settings.environment.allow == ("CRM_*",)
        assert settings.environment.lifted == frozenset()
        assert settings.files.roots == (stack / "secrets",)
        assert settings.allowed_hosts == ("sim.example",)
        assert settings.preflight is Preflight.WARN
        assert settings.auth == Auth("token", audience="vault")
        assert settings.guards == Guards(max_delete_percent=5)

    def test_the_embedded_infisical_is_the_trusted_one_too(self, repository: Repository) -> None:
        stack = merged(repository, infisical={"url": "embedded"}, embedded={"projects": ["crm-main"], "database": "a.db"})
        write(stack, infisical={"url": "embedded"}, embedded={"projects": ["other"], "salesforceOrgs": "orgs.yaml"})

        assert load(stack, MAIN).embedded == Embedded(stack / "a.db", ("crm-main",), None)

    def test_a_key_that_is_absent_there_is_absent_here(self, repository: Repository) -> None:
        folder = repository.folder / "crm"
        write(folder)
        repository.commit()
        write(folder, infisical={"url": EVIL}, state={"path": "x"})

        settings = load(folder, MAIN)

        assert settings.url == "https://app.infisical.com"
        assert settings.state == folder / ".reconciler/state.json"
        assert [one.summary.split("`")[1] for one in settings.warnings] == ["infisical.url", "state"]

    def test_a_host_variable_is_compared_with_the_url_in_force(self, repository: Repository) -> None:
        stack = merged(repository)
        write(stack, infisical={"url": EVIL})

        assert load(stack, {**MAIN, "INFISICAL_HOST": URL}).url == URL
        assert stopped(stack, {**MAIN, "INFISICAL_HOST": EVIL})[0] is Stop.FAILED

    def test_what_is_not_pinned_is_the_tree_s(self, repository: Repository) -> None:
        stack = merged(repository, manifests=["a/*.yaml"], metadata={"name": "a"})
        write(stack, infisical={"url": URL}, manifests=["b/*.yaml"], metadata={"name": "b"})

        settings = load(stack, MAIN)

        assert (settings.manifests[0].text, settings.name) == ("b/*.yaml", "b")
        assert settings.warnings == ()

    def test_the_tree_must_be_valid_even_where_it_is_not_in_force(self, repository: Repository) -> None:
        stack = merged(repository)
        write(stack, infisical={"url": "javascript:x"})

        assert stopped(stack, MAIN)[0] is Stop.INVALID

    def test_an_invalid_trusted_configuration_is_told_by_its_own_name(self, repository: Repository) -> None:
        stack = merged(repository, zzz=1)
        write(stack)

        reason, (problem,) = stopped(stack, MAIN)

        assert reason is Stop.INVALID
        assert problem.location is not None
        assert problem.location.file == "git:main"


class TestLiftingARefusedName:
    def test_its_exact_name_in_the_trusted_configuration_lifts_it(self, repository: Repository) -> None:
        stack = merged(repository, secretSources={"env": {"allow": ["CI_CRM_KEY"]}})

        assert load(stack, MAIN).environment.lifted == {"CI_CRM_KEY"}

    @pytest.mark.parametrize("glob", ["*", "CI_*", "CI_CRM_KE?", "CI_CRM_KE[Y]", "[C]I_CRM_KEY"])
    def test_a_glob_in_the_trusted_configuration_does_not_lift_a_refused_name(self, repository: Repository, glob: str) -> None:
        stack = merged(repository, secretSources={"env": {"allow": [glob]}})

        assert load(stack, MAIN).environment.lifted == frozenset()

    def test_its_exact_name_in_the_tree_does_not(self, repository: Repository) -> None:
        stack = merged(repository)
        write(stack, infisical={"url": URL}, secretSources={"env": {"allow": ["GITHUB_TOKEN"]}})

        assert load(stack, MAIN).environment.lifted == frozenset()
        assert load(stack).environment.lifted == frozenset()


class TestWhereTheTrustedConfigurationIs:
    @pytest.mark.parametrize("source", ["", " "])
    def test_an_empty_variable_is_refused_and_does_not_mean_that_everything_is_trusted(
        self, repository: Repository, source: str
    ) -> None:
        problem = refused(merged(repository), {"RECONCILER_TRUSTED_CONFIG": source})

        assert problem.summary == "RECONCILER_TRUSTED_CONFIG is set, but empty."

    @pytest.mark.parametrize("name", ["absent.yaml", ".", "a\0b"])
    def test_a_file_that_cannot_be_read_is_refused(self, repository: Repository, tmp_path: Path, name: str) -> None:
        source = str(tmp_path / name)

        problem = refused(merged(repository), {"RECONCILER_TRUSTED_CONFIG": source})

        assert problem.summary.startswith(f"RECONCILER_TRUSTED_CONFIG names {source}, which cannot be read: ")
        assert problem.hint == "name a readable file"

    @pytest.mark.parametrize("ref", ["", "--output=x", "-h"])
    def test_what_is_no_ref_is_refused(self, repository: Repository, ref: str) -> None:
        problem = refused(merged(repository), {"RECONCILER_TRUSTED_CONFIG": f"git:{ref}"})

        assert problem.summary == "RECONCILER_TRUSTED_CONFIG names no git ref."

    def test_a_ref_that_is_not_fetched_is_refused_and_fetching_it_is_the_hint(self, repository: Repository) -> None:
        problem = refused(merged(repository), {"RECONCILER_TRUSTED_CONFIG": "git:origin/main"})

        assert problem.summary == "There is no origin/main in this clone."
        assert problem.hint.startswith("fetch it before the run")

    def test_a_new_stack_is_refused_and_says_what_must_be_merged_first(self, repository: Repository) -> None:
        merged(repository)
        write(repository.folder / "stacks" / "new")

        problem = refused(repository.folder / "stacks" / "new", MAIN)

        assert problem.summary == "There is no stacks/new/reconciler.yaml at main."
        assert problem.hint == (
            "merge the configuration of a new stack there first; until then, "
            "`reconciler plan --offline --base main` shows what its manifests want"
        )

    def test_outside_a_repository_there_is_no_ref(self, tmp_path: Path) -> None:
        write(tmp_path)

        problem = refused(tmp_path, MAIN)

        assert problem.summary == f"{tmp_path} is not in a Git repository, so git:main cannot be read."

    @pytest.mark.parametrize("ref", ["main", "refs/heads/main", "v1", "origin/main", "COMMIT"])
    def test_a_ref_is_a_branch_a_tag_a_remote_s_branch_or_a_commit(self, repository: Repository, ref: str) -> None:
        stack = merged(repository)
        commit = repository.git("rev-parse", "main")
        repository.git("tag", "--annotate", "--message=x", "v1", "main")
        repository.git("update-ref", "refs/remotes/origin/main", "main")
        write(stack, infisical={"url": EVIL})
        repository.commit()

        assert load(stack, {"RECONCILER_TRUSTED_CONFIG": f"git:{commit if ref == 'COMMIT' else ref}"}).url == URL

    def test_a_named_file_is_looked_up_by_its_own_name(self, repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
        folder = repository.folder / "a b"
        write(folder, infisical={"url": URL}).rename(folder / "prod-ä.yaml")
        repository.commit()
        (folder / "prod-ä.yaml").write_text(text(infisical={"url": EVIL}))
        monkeypatch.chdir(folder)

        assert load(folder, MAIN, Path("prod-ä.yaml")).url == URL
        assert load(folder, MAIN, folder / ".." / "a b" / "prod-ä.yaml").url == URL

    def test_a_linked_work_tree_is_a_repository_too(self, repository: Repository, tmp_path: Path) -> None:
        merged(repository)
        repository.git("worktree", "add", "--quiet", "--detach", str(tmp_path / "tree"), "main")
        write(tmp_path / "tree" / "crm", infisical={"url": EVIL})

        assert load(tmp_path / "tree" / "crm", MAIN).url == URL


class TestRoots:
    def roots(self, repository: Repository, *roots: str) -> Path:
        return merged(repository, secretSources={"file": {"roots": list(roots)}})

    def test_the_trusted_configuration_may_name_roots_outside_the_stack(self, repository: Repository, tmp_path: Path) -> None:
        stack = self.roots(repository, str(tmp_path / "vault"), "../shared", "secrets")

        assert load(stack, MAIN).files.roots == (
            tmp_path / "vault",
            repository.folder / "shared",
            stack / "secrets",
        )

    def test_the_tree_may_not(self, repository: Repository, tmp_path: Path) -> None:
        stack = merged(repository)
        write(stack, infisical={"url": URL}, secretSources={"file": {"roots": ["/"]}})

        assert load(stack, MAIN).files.roots == (stack,)
        assert stopped(stack)[0] is Stop.INVALID

    def test_a_trusted_root_outside_the_repository_may_be_a_link(self, repository: Repository, tmp_path: Path) -> None:
        (tmp_path / "real").mkdir()
        (tmp_path / "vault").symlink_to("real")

        assert load(self.roots(repository, str(tmp_path / "vault")), MAIN).files.roots == (tmp_path / "real",)

    @pytest.mark.parametrize("root", ["secrets", "secrets/of-crm", "../shared", "ABSOLUTE"])
    @pytest.mark.parametrize("target", ["/", "TMP"])
    def test_a_pull_request_that_turns_a_trusted_root_into_a_link_out_is_refused(
        self, repository: Repository, tmp_path: Path, root: str, target: str
    ) -> None:
        written = str(repository.folder / "crm" / "secrets") if root == "ABSOLUTE" else root
        stack = self.roots(repository, written)
        link = stack / ("../shared" if root == "../shared" else "secrets")
        link.symlink_to("/" if target == "/" else tmp_path)

        reason, (problem,) = stopped(stack, MAIN)

        assert reason is Stop.INVALID
        assert "which is a link to /" in problem.summary
        assert problem.summary.endswith(", outside the repository.")

    def test_a_link_by_which_the_repository_is_reached_changes_nothing(self, repository: Repository, tmp_path: Path) -> None:
        (tmp_path / "alias").symlink_to(repository.folder)
        stack = self.roots(repository, str(tmp_path / "alias" / "crm" / "secrets"))
        (stack / "secrets").symlink_to("/")

        assert stopped(stack, MAIN)[0] is Stop.INVALID
        assert stopped(tmp_path / "alias" / "crm", MAIN)[0] is Stop.INVALID


class TestAttacks:
    """Each of these sends the run's log-in to another Infisical, or reads with looser rules, where it succeeds."""

    def laxer(self, repository: Repository) -> Path:
        """Beside `crm`, main has a playground with everything open."""
        write(repository.folder / "play", infisical={"url": EVIL}, secretSources={"env": {"allow": ["GITHUB_TOKEN"]}})
        return merged(repository)

    def test_a_link_to_another_stack_s_configuration_does_not_bring_its_trust(self, repository: Repository) -> None:
        stack = self.laxer(repository)
        (stack / "reconciler.yaml").unlink()
        (stack / "reconciler.yaml").symlink_to("../play/reconciler.yaml")

        settings = load(stack, MAIN)

        assert (settings.url, settings.stack) == (URL, stack)
        assert settings.environment.lifted == frozenset()

    def test_a_stack_that_became_a_link_to_another_stack_keeps_its_own_trust(self, repository: Repository) -> None:
        stack = self.laxer(repository)
        shutil.rmtree(stack)
        stack.symlink_to("play")

        assert load(stack, MAIN).url == URL

    def test_a_stack_that_became_a_link_out_of_the_repository_is_refused(self, repository: Repository, tmp_path: Path) -> None:
        stack = merged(repository)
        write(tmp_path / "elsewhere")
        shutil.rmtree(stack)
        stack.symlink_to(tmp_path / "elsewhere")

        assert refused(stack, MAIN).summary == f"{stack} is a link that leads out of the repository."

    def test_files_that_look_like_a_bare_repository_are_none(self, repository: Repository, tmp_path: Path) -> None:
        stack = merged(repository)
        other = Repository.at(tmp_path / "other")
        write(other.folder, infisical={"url": EVIL})
        other.commit()
        for name in ("HEAD", "config"):
            shutil.copy(other.folder / ".git" / name, stack / name)
        for name in ("objects", "refs"):
            shutil.copytree(other.folder / ".git" / name, stack / name)
        write(stack, infisical={"url": EVIL})

        assert load(stack, MAIN).url == URL

    def test_a_submodule_in_the_stack_s_place_brings_no_main_of_its_own(self, repository: Repository, tmp_path: Path) -> None:
        stack = merged(repository)
        other = Repository.at(tmp_path / "other")
        write(other.folder, infisical={"url": EVIL})
        other.commit()
        repository.git("rm", "-r", "--quiet", "crm")
        repository.git("submodule", "--quiet", "add", str(other.folder), "crm")

        assert refused(stack, MAIN).summary == (
            f"{stack} is a submodule: this tree decides where its main comes from, so reconciler does not trust it."
        )

    def test_moving_the_stack_does_not_bring_another_trust(self, repository: Repository) -> None:
        stack = merged(repository)
        stack.rename(repository.folder / "moved")

        assert refused(repository.folder / "moved", MAIN).summary == "There is no moved/reconciler.yaml at main."

    def test_deleting_it_does_not_let_one_further_up_take_over_untrusted(self, repository: Repository) -> None:
        stack = merged(repository)
        (stack / "reconciler.yaml").unlink()
        write(repository.folder, infisical={"url": EVIL})

        assert refused(stack, MAIN).summary == "There is no reconciler.yaml at main."

    @pytest.mark.parametrize(
        "tree",
        [
            "infisical: &i { url: https://evil.example }\nembedded: { }\n",
            "<<: { infisical: { url: https://evil.example }, secretSources: { env: { allow: ['*'] } } }\n",
            "infisical: { <<: { url: https://evil.example } }\nsalesforce: { <<: { allowedHosts: [evil.example] } }\n",
        ],
    )
    def test_no_way_of_writing_yaml_gets_around_a_pin(self, repository: Repository, tree: str) -> None:
        stack = merged(repository)
        (stack / "reconciler.yaml").write_text(f"{text()}{tree}")

        settings = load(stack, MAIN)

        assert (settings.url, settings.environment.allow, settings.allowed_hosts) == (URL, None, ())

    def test_every_key_of_the_configuration_is_either_pinned_or_known_to_be_harmless(self) -> None:
        schema = json.loads((Path(__file__).parents[2] / "schemas" / "configuration.schema.json").read_text())
        harmless = {"apiVersion", "kind", "metadata", "manifests"}
        pinned = {path[0] for path in trust.PINNED}
        halves = {path for path in trust.PINNED if len(path) > 1}

        assert set(schema["properties"]) - pinned == harmless
        assert halves == {
            (section, key) for section in ("infisical", "salesforce") for key in schema["properties"][section]["properties"]
        }
