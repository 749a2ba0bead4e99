"""The CI recipes of `examples/gitops-repo` do what their comments say: their shell lines, run on a real repository."""

import hashlib
import json
import re
import subprocess
import sys
import venv
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import yaml

from tests.config.repository import Repository
from tests.examples.recipes import GITHUB, GITLAB, Job, Recipe, Runner, document, github, gitlab
from tests.examples.team import EXAMPLE, STACKS, Team, orgs, values
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
        folder = self.runner.home / f"{job}-{stack}-{branch}-{len([*self.runner.home.iterdir()])}"
        self.team.repository.git("clone", "--quiet", str(self.origin), str(folder))
        Repository(folder).git("checkout", "--quiet", "--detach", f"origin/{branch}")
        ran = self.recipe(self.runner, job, stack, folder)
        assert "Traceback" not in ran.log, ran.log
        return ran


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Runner:
    """A runner with a Python of its own, and a file that lists what to install: the product, and the libraries of this Python.

    The libraries are a wheel that only says where they are, so nothing comes from a network.
    """
    folder = tmp_path_factory.mktemp("machine")
    libraries = "\n".join(path for path in sys.path if path.endswith("site-packages"))
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    wheel(folder, "libraries", {"libraries.pth": libraries})
    venv.create(folder / "python", with_pip=False)
    (own,) = (folder / "python").glob("lib/python*/site-packages")
    (own / "libraries.pth").write_text(libraries)
    requirements = folder / "requirements.txt"
    requirements.write_text("".join(f"{path} --hash=sha256:{digest(path)}\n" for path in sorted(folder.glob("*.whl"))))
    offline = dict.fromkeys(("PIP_NO_INDEX", "PIP_DISABLE_PIP_VERSION_CHECK"), "1")
    return Runner(folder / "python/bin/python", folder, {"RECONCILER_REQUIREMENTS": str(requirements)}, {}, offline)


def wheel(folder: Path, name: str, files: dict[str, str]) -> None:
    """Make a wheel of these files."""
    about = f"{name}-1.dist-info"
    content = files | {
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    with zipfile.ZipFile(folder / f"{name}-1-py3-none-any.whl", "w") as opened:
        for path, text in content.items():
            opened.writestr(path, text)
        opened.writestr(f"{about}/RECORD", "".join(f"{path},,\n" for path in (*content, f"{about}/RECORD")))


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(params=[pytest.param(github, id="github"), pytest.param(gitlab, id="gitlab")])
def project(request: pytest.FixtureRequest, machine: Runner, tmp_path: Path) -> Project:
    """The example as it is, pushed to `main` of a bare repository."""
    (tmp_path / "runner").mkdir()
    names = ("INFISICAL_UNIVERSAL_AUTH_CLIENT_ID", "INFISICAL_UNIVERSAL_AUTH_CLIENT_SECRET")
    runner = replace(machine, home=tmp_path / "runner", secrets={**values(), **dict.fromkeys(names, "")})
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
            text = re.sub(r"path: .*state\.json.*\n", f"path: {tmp_path}/kept/{stack}/state.json\n", text)
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
        opened.write('"life\\x63ycle": { onCredentialDrift: accept }\n')
    project.push("change", "a lifecycle where nobody looks")
    job = project.run("plan", "shared", "change")
    assert job.code == 3, job.log
    assert "`lifecycle` is not allowed in this file." in job.log
    assert "shared/connections/data-warehouse.yaml:12:" in job.log
    assert "--protect-lifecycle allows it only in **/guarded." in job.log
    assert "Plan for" not in job.log


class TestWhatACommitCanBring:
    """Files that a branch can contain to lead the jobs somewhere else."""

    def test_a_state_in_the_checkout_is_not_read(self, real: tuple[Project, Server]) -> None:
        project, server = real
        assert project.run("apply", "production", "main").code == 0
        kept = project.runner.home.parent / "kept/production/state.json"
        forged = json.loads(kept.read_text()) | {"records": {}}
        for folder in (".state", ".reconciler", "state"):
            (project.team.folder / "production" / folder).mkdir()
            (project.team.folder / "production" / folder / "state.json").write_text(json.dumps(forged))
        project.team.repository.git("add", "--all", "--force")
        project.push("change", "a state of an attacker")
        before = server.connections()
        job = project.run("plan", "production", "change")
        assert (job.code, "No changes" in job.log) == (0, True), job.log
        project.push_to_main()
        assert project.run("apply", "production", "main").code == 0
        assert server.connections() == before
        assert len(json.loads(kept.read_text())["records"]) == 5

    def test_no_module_of_the_checkout_is_imported(self, project: Project) -> None:
        for name in ("pip", "venv", "reconciler", "click", "sitecustomize", "ensurepip"):
            for place in ("", "shared/"):
                file = project.team.folder / place / name / "__init__.py"
                file.parent.mkdir()
                file.write_text("import os\nprint('IMPORTED', flush=True)\nos._exit(0)\n")
                (file.parent / "__main__.py").write_text(file.read_text())
        project.team.repository.git("add", "--all", "--force")
        project.push("change", "modules with the names of ours")
        job = project.run("plan", "shared", "change")
        assert "IMPORTED" not in job.log
        assert "Plan for shared" in job.log, job.log

    @pytest.mark.parametrize(
        ("hashes", "refusal"),
        [
            ("", "Hashes are required in --require-hashes mode"),
            (f" --hash=sha256:{'0' * 64}", "THESE PACKAGES DO NOT MATCH THE HASHES"),
        ],
        ids=["without", "other"],
    )
    def test_a_program_without_its_hash_is_not_installed(
        self, project: Project, tmp_path: Path, hashes: str, refusal: str
    ) -> None:
        listed = Path(project.runner.variables["RECONCILER_REQUIREMENTS"]).read_text()
        changed = tmp_path / "requirements.txt"
        changed.write_text(re.sub(r" --hash=.*", hashes, listed))
        runner = replace(project.runner, variables={"RECONCILER_REQUIREMENTS": str(changed)})
        job = replace(project, runner=runner).run("plan", "shared", "main")
        assert job.code == 1
        assert refusal in job.log
        assert "Valid: " not in job.log

    def test_no_file_is_written_through_a_link(self, project: Project, tmp_path: Path) -> None:
        theirs = tmp_path / "theirs"
        theirs.write_text("as it was")
        for name in ("plan-shared.json", "plan-shared.txt", "plan-shared.md"):
            (project.team.folder / name).symlink_to(theirs)
        project.team.repository.git("add", "--all", "--force")
        project.push("change", "links")
        job = project.run("plan", "shared", "change")
        assert job.code == 0, job.log
        assert theirs.read_text() == "as it was"
        (artifact,) = job.artifacts
        assert (artifact.is_file(), artifact.is_symlink()) == (True, False)

    def test_a_plan_file_in_a_commit_is_not_kept_as_the_plan_of_the_job(self, project: Project) -> None:
        (project.team.folder / "plan-shared.json").write_text("{}")
        project.team.edit("shared/connections/data-warehouse.yaml", "metadata:", "metdata:")
        project.team.repository.git("add", "--all", "--force")
        project.push("change", "a plan by hand, and a typing error")
        job = project.run("plan", "shared", "change")
        assert job.code == 3, job.log
        assert not any(path.exists() for path in job.artifacts)

    def test_if_there_is_no_plan_the_summary_quotes_nothing_of_the_branch(self, project: Project) -> None:
        text = (project.team.folder / "shared/reconciler.yaml").read_text()
        project.team.remove("shared/reconciler.yaml")
        project.push("main", "the stack is not merged yet")
        (project.team.folder / "shared/reconciler.yaml").write_text(text)
        project.push("change", "a stack that nobody trusts yet")
        job = project.run("plan", "shared", "change")
        assert job.code == 4, job.log
        assert "There is no shared/reconciler.yaml at refs/remotes/origin/main." in job.log
        assert job.summary in {"### shared: no plan. The log of this job shows why.\n", job.log}


@pytest.mark.parametrize("folder", [ROOT, EXAMPLE], ids=["ours", "theirs"])
def test_every_action_is_pinned_to_a_commit_and_no_token_stays_in_a_checkout(folder: Path) -> None:
    for file in (folder / ".github/workflows").iterdir():
        jobs = yaml.safe_load(file.read_text())["jobs"].values()
        used = [step for job in jobs for step in job["steps"] if "uses" in step]
        assert used
        for step in used:
            assert re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40}", step["uses"]), file
            assert "checkout" not in step["uses"] or step["with"]["persist-credentials"] is False, file
        assert not [step for job in jobs for step in job["steps"] if "${{" in step.get("run", "")], file


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
