"""The CI recipes of `examples/gitops-repo` do what their comments say: their shell lines, run on a real repository."""

import re
import subprocess
import sys
import venv
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import yaml

from tests.config.repository import Repository
from tests.examples.recipes import GITHUB, GITLAB, Job, Recipe, Runner, document, github, gitlab
from tests.examples.team import STACKS, Team, orgs, values
from tests.serving import ROOT, Server, serve


@dataclass(frozen=True)
class Project:
    """The team's repository on a CI: what was pushed to `origin`, and a runner that checks it out anew for each job."""

    team: Team
    origin: Path
    runner: Runner
    recipe: Recipe

    def push(self, branch: str, message: str) -> None:
        """Commit and push."""
        self.team.commit(message)
        self.team.repository.git("push", "--quiet", "--force", str(self.origin), f"HEAD:refs/heads/{branch}")

    def push_to_main(self) -> None:
        """Merge what is committed."""
        self.team.repository.git("push", "--quiet", str(self.origin), "HEAD:refs/heads/main")

    def run(self, job: str, stack: str, branch: str) -> Job:
        """Run a job of the recipe in a fresh clone, where the branch is checked out and the others are those of origin."""
        folder = self.runner.home / f"{job}-{stack}-{branch}"
        self.team.repository.git("clone", "--quiet", str(self.origin), str(folder))
        Repository(folder).git("checkout", "--quiet", "--detach", f"origin/{branch}")
        ran = self.recipe(self.runner, job, stack, folder)
        assert "Traceback" not in ran.log, ran.log
        return ran


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Runner:
    """A runner with a Python of its own, which has the libraries of this one, and a wheel of the product to install."""
    folder = tmp_path_factory.mktemp("machine")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    venv.create(folder / "python", with_pip=False)
    (own,) = (folder / "python").glob("lib/python*/site-packages")
    (own / "libraries.pth").write_text("\n".join(path for path in sys.path if path.endswith("site-packages")))
    offline = dict.fromkeys(("PIP_NO_INDEX", "PIP_NO_DEPS", "PIP_IGNORE_INSTALLED", "PIP_DISABLE_PIP_VERSION_CHECK"), "1")
    return Runner(folder / "python/bin/python", folder, {"RECONCILER_PACKAGE": str(wheel)}, {}, offline)


@pytest.fixture(params=[pytest.param(github, id="github"), pytest.param(gitlab, id="gitlab")])
def project(request: pytest.FixtureRequest, machine: Runner, tmp_path: Path) -> Project:
    """The example as it is, pushed to `main` of a bare repository."""
    (tmp_path / "runner").mkdir()
    variables = {**machine.variables, "STATE_DIR": str(tmp_path / "kept")}
    names = ("INFISICAL_UNIVERSAL_AUTH_CLIENT_ID", "INFISICAL_UNIVERSAL_AUTH_CLIENT_SECRET")
    runner = replace(machine, home=tmp_path / "runner", variables=variables, secrets={**values(), **dict.fromkeys(names, "")})
    team = Team.at(tmp_path / "repository")
    team.repository.git("clone", "--quiet", "--bare", str(team.folder), str(tmp_path / "origin.git"))
    return Project(team, tmp_path / "origin.git", runner, request.param)


@pytest.fixture
def real(project: Project, tmp_path: Path) -> Iterator[tuple[Project, Server]]:
    """The same on an Infisical that is served, with what the README says to change for that."""
    (tmp_path / "infisical").mkdir()
    accepted = tmp_path / "infisical" / "orgs.yaml"
    accepted.write_text(yaml.safe_dump({"apiVersion": "reconciler/v1", "kind": "SimulatedSalesforceOrgs", "orgs": orgs()}))
    with serve(tmp_path / "infisical", accepted, ("sales", "support")) as server:
        for stack in STACKS:
            file = project.team.folder / stack / "reconciler.yaml"
            text = re.sub(r"url: embedded.*\n", f"url: {server.url}\n", file.read_text())
            file.write_text(re.sub(r"embedded:.*\n(  .*\n)+", "", text))
            project.team.remove(f"{stack}/salesforce-orgs.yaml")
        project.team.remove("demo.env")
        project.push("main", "go real")
        yield replace(project, runner=replace(project.runner, secrets={**project.runner.secrets, **server.environ})), server


def test_a_pull_request_shows_the_plan_and_a_merge_applies_it(real: tuple[Project, Server]) -> None:
    project, server = real
    project.team.edit("production/connections/sales/quotes-production.yaml", "description: Quotes", "description: Offers")
    project.push("change", "a change")
    job = project.run("plan", "production", "change")
    assert job.code == 0, job.log
    assert '+ description    = "Offers"' in job.summary
    assert "Plan: 5 to create, 0 to update, 0 to replace, 0 to delete." in job.summary
    assert len(job.artifacts) >= 1
    assert all(path.stat().st_size for path in job.artifacts)
    assert not [
        name
        for name, value in project.runner.secrets.items()
        if not name.startswith("RECONCILER_") and value in job.log + job.summary
    ]
    assert server.connections() == []

    project.push_to_main()
    job = project.run("apply", "production", "main")
    assert job.code == 0, job.log
    assert "Done: 5 created." in job.log
    assert "Offers" in [one["description"] for one in server.connections()]
    by_hand = replace(project.team, environ={**project.runner.secrets}).stack("production")
    (by_hand.folder / ".state").symlink_to(Path(project.runner.variables["STATE_DIR"]) / "production")
    assert by_hand.run("plan", "--detailed-exitcode").code == 0

    project.team.remove("production/connections/guarded/sales-production.yaml")
    project.team.edit("production/reconciler.yaml", server.url, "https://elsewhere.example")
    project.push("next", "remove what is protected, and send the log-in elsewhere")
    job = project.run("plan", "production", "next")
    assert job.code == 4, job.log
    said = " ".join(job.summary.split())
    assert "Plan for production on" in job.log
    assert "sales-production" in said
    assert "`infisical.url` is different in the trusted configuration (git:refs/remotes/origin/main)" in said
    assert all(path.exists() for path in job.artifacts)


def test_an_invalid_manifest_makes_the_pull_request_red(project: Project) -> None:
    project.team.edit("shared/connections/data-warehouse.yaml", "metadata:", "metdata:")
    project.push("change", "a typing error")
    job = project.run("plan", "shared", "change")
    assert job.code == 3, job.log
    assert "shared/connections/data-warehouse.yaml:3" in job.log
    assert not any(path.exists() for path in job.artifacts)


def test_a_lifecycle_outside_of_guarded_makes_the_pull_request_red(project: Project) -> None:
    with (project.team.folder / "shared/connections/data-warehouse.yaml").open("a") as opened:
        opened.write('"lifecycle": { onCredentialDrift: accept }\n')
    project.push("change", "a lifecycle where nobody looks")
    job = project.run("plan", "shared", "change")
    assert job.code == 1, job.log
    assert "Move these to shared/connections/guarded/." in job.log
    assert "Plan for" not in job.log


class TestGithub:
    """What is no shell: it cannot run here, so it is read."""

    workflow = document(GITHUB)
    steps = tuple(step for job in workflow["jobs"].values() for step in job["steps"])

    def test_every_action_is_pinned_to_a_commit(self) -> None:
        used = {step["uses"] for step in self.steps if "uses" in step}
        assert {one.split("@")[0] for one in used} == {
            f"actions/{name}" for name in ("checkout", "setup-python", "upload-artifact")
        }
        assert all(re.fullmatch(r"[0-9a-f]{40}", one.split("@")[1]) for one in used)

    def test_no_expression_stands_in_a_shell_line(self) -> None:
        assert not [step["run"] for step in self.steps if "${{" in step.get("run", "")]

    def test_a_fork_s_pull_request_does_not_run_and_nothing_but_a_push_to_main_applies(self) -> None:
        plan, apply = (self.workflow["jobs"][name] for name in ("plan", "apply"))
        assert "github.event.pull_request.head.repo.full_name == github.repository" in plan["if"]
        assert apply["if"] == "github.event_name == 'push'"
        triggers = self.workflow[True]  # `on`, as YAML 1.1 reads it
        assert triggers == {"pull_request": {"branches": ["main"]}, "push": {"branches": ["main"]}}

    def test_each_stack_has_its_jobs_and_one_apply_at_a_time(self) -> None:
        assert {tuple(job["strategy"]["matrix"]["stack"]) for job in self.workflow["jobs"].values()} == {STACKS}
        assert self.workflow["jobs"]["apply"]["concurrency"] == {
            "group": "apply-${{ matrix.stack }}",
            "cancel-in-progress": False,
        }

    def test_it_may_only_read_the_repository_and_secrets_go_to_the_steps_that_need_them(self) -> None:
        assert self.workflow["permissions"] == {"contents": "read"}
        with_secrets = [step["name"] for step in self.steps if "secrets." in str(step)]
        assert with_secrets == ["Plan", "Apply"]
        given = [set(step["env"]) - {"RECONCILER_TRUSTED_CONFIG"} for step in self.steps if "secrets." in str(step)]
        identity = {"INFISICAL_UNIVERSAL_AUTH_CLIENT_ID", "INFISICAL_UNIVERSAL_AUTH_CLIENT_SECRET"}
        assert given == [set(values()) | identity] * 2


class TestGitlab:
    pipeline = document(GITLAB)

    def test_a_fork_s_merge_request_does_not_run_and_nothing_but_a_push_to_the_default_branch_applies(self) -> None:
        rules = {name: [rule["if"] for rule in self.pipeline[name]["rules"]] for name in ("plan", "apply")}
        same = "$CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_PROJECT_ID"
        assert rules["plan"] == [f'$CI_PIPELINE_SOURCE == "merge_request_event" && {same}']
        assert rules["apply"] == ['$CI_PIPELINE_SOURCE == "push" && $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH']

    def test_each_stack_has_its_jobs_and_one_apply_at_a_time(self) -> None:
        assert self.pipeline[".stacks"]["parallel"]["matrix"] == [{"STACK": [*STACKS]}]
        assert self.pipeline["apply"]["resource_group"] == "apply-$STACK"

    def test_the_clone_has_the_branch_that_is_trusted(self) -> None:
        assert self.pipeline["variables"]["GIT_DEPTH"] == "0"
