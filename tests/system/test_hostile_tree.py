"""What a tree that somebody else wrote cannot do: start programs, choose the state, hide the base, lead writing elsewhere."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.embedded import testing
from tests.config.repository import Repository
from tests.forking import environment
from tests.stacks import EMBEDDED, HOST, Ran, Stack

PUBLIC = {"instanceUrl": HOST}
ON_DISK = {**EMBEDDED, "embedded": {"projects": ["crm"], "salesforceOrgs": "orgs.yaml", "database": "kept/embedded.db"}}


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository.at(tmp_path / "clone")


@pytest.fixture
def cloned(repository: Repository) -> Stack:
    """A stack in the directory crm of a clone, with two connections, all of it on the branch base."""
    stack = Stack.embedded(repository.folder / "crm")
    for address in ("a", "b"):
        stack.manifest(address, project="crm", description=f"The {address}")
    stack.write(".gitignore", ".reconciler/\n")
    repository.git("add", "--all")
    repository.git("commit", "--quiet", "--message=x")
    repository.git("branch", "--force", "base")
    return stack


def told(ran: Ran) -> str:
    return " ".join(ran.all.split())


def offline(stack: Stack, **environ: str) -> Ran:
    return stack.run("plan", "--offline", "--base", "base", "--allow-deletes", "9", **environ)


def modes(folder: Path) -> dict[str, int]:
    return {path.relative_to(folder).as_posix(): path.stat().st_mode & 0o777 for path in folder.rglob("*") if path.is_dir()}


class TestTheBase:
    """`plan --offline --base` of a pull request from a fork."""

    @pytest.mark.parametrize("attributes", ["*.yaml working-tree-encoding=UTF-16", "*.yaml filter=absent", "b.yaml eol=crlf"])
    def test_attributes_do_not_hide_that_a_manifest_is_removed(self, cloned: Stack, attributes: str) -> None:
        cloned.remove("b")
        (cloned.folder / "connections/.gitattributes").write_text(f"{attributes}\n")
        (cloned.folder.parent / ".gitattributes").write_text(f"{attributes}\n")
        ran = offline(cloned)
        assert (ran.code, "1 to delete" in told(ran), "warning" in ran.all) == (0, True, False), ran.all

    @pytest.mark.parametrize("where", ["user", "clone"])
    def test_a_filter_that_the_tree_picks_is_not_started(self, cloned: Stack, tmp_path: Path, where: str) -> None:
        mark = tmp_path / "ran"
        file = tmp_path / ".gitconfig" if where == "user" else cloned.folder.parent / ".git/config"
        with file.open("a") as config:
            config.write(f'[filter "lfs"]\n\tsmudge = "touch {mark}; cat"\n\tprocess = "touch {mark}; false"\n')
        (cloned.folder.parent / ".gitattributes").write_text("* filter=lfs\n")
        cloned.remove("b")
        ran = offline(cloned, HOME=str(tmp_path))
        assert (ran.code, "1 to delete" in told(ran)) == (0, True), ran.all
        assert not mark.exists()

    @pytest.mark.parametrize("filtered", ["tree:0", "blob:none"])
    def test_a_clone_that_cannot_read_it_does_not_say_that_the_stack_is_new(
        self, cloned: Stack, repository: Repository, tmp_path: Path, filtered: str
    ) -> None:
        repository.git("config", "uploadpack.allowFilter", "true")
        cloned.manifest("a", project="crm", description="Another")
        repository.commit()
        url = f"file://{repository.folder}"
        options = ("--quiet", "--branch=main", f"--filter={filtered}")
        repository.git("clone", *options, url, str(tmp_path / "partial"))
        repository.folder.rename(tmp_path / "gone")
        partial = Stack(tmp_path / "partial/crm")
        ran = partial.run("plan", "--offline", "--base", "origin/base")
        assert (ran.code, "stack is new" in told(ran), "No changes" in told(ran)) == (1, False, False), ran.all
        assert "error: reconciler cannot compare with --base origin/base: git cannot read" in told(ran)
        assert "without `--filter`" in told(ran)

    def test_a_stack_that_is_a_link_there_is_not_new(self, cloned: Stack, repository: Repository) -> None:
        (repository.folder / "new").symlink_to("crm")
        repository.commit()
        repository.git("branch", "--force", "base")
        (repository.folder / "new").unlink()
        new = Stack.embedded(repository.folder / "new")
        new.manifest("c")
        ran = offline(new)
        assert (ran.code, "it is a link there, and reconciler follows none" in told(ran)) == (1, True), ran.all

    def test_a_configuration_that_is_a_link_out_of_the_stack_there_is_not_read(
        self, cloned: Stack, repository: Repository, tmp_path: Path
    ) -> None:
        (tmp_path / "secret").write_text("s3cr3t: yes\n")
        configured = (cloned.folder / "reconciler.yaml").read_text()
        (cloned.folder / "reconciler.yaml").unlink()
        (cloned.folder / "reconciler.yaml").symlink_to(tmp_path / "secret")
        repository.git("add", "--all")
        repository.git("commit", "--quiet", "--message=x")
        repository.git("branch", "--force", "base")
        (cloned.folder / "reconciler.yaml").unlink()
        (cloned.folder / "reconciler.yaml").write_text(configured)
        ran = offline(cloned)
        assert (ran.code, "s3cr3t" in ran.all) == (1, False), ran.all
        assert "reconciler.yaml is a link there that leads out of the stack" in told(ran)

    def test_variables_of_a_hook_do_not_lead_to_another_repository(self, cloned: Stack, tmp_path: Path) -> None:
        other = Repository.at(tmp_path / "other")
        other.commit()
        other.git("branch", "base")
        names = {"GIT_DIR": ".git", "GIT_WORK_TREE": "", "GIT_INDEX_FILE": ".git/index", "GIT_COMMON_DIR": ".git"}
        environ = {name: str(other.folder / path) for name, path in names.items()}
        ran = offline(cloned, **environ)
        assert (ran.code, "No changes" in told(ran)) == (0, True), ran.all
        trusted = cloned.run("plan", RECONCILER_TRUSTED_CONFIG="git:base", **environ)
        assert trusted.code == 0, trusted.all

    def test_a_clone_of_another_user_gets_git_s_own_words_and_the_command_that_helps(
        self, cloned: Stack, tmp_path: Path
    ) -> None:
        if os.geteuid() != 0:
            pytest.skip("only root can give a clone to another user")
        root = cloned.folder.parent
        for path in (root, *root.rglob("*")):
            os.chown(path, 12345, 12345, follow_symlinks=False)
        for ran in (
            offline(cloned, HOME=str(tmp_path)),
            cloned.run("plan", HOME=str(tmp_path), RECONCILER_TRUSTED_CONFIG="git:base"),
        ):
            assert ran.code in {1, 4}
            assert "detected dubious ownership in repository" in told(ran)
            assert "git config --global --add safe.directory" in told(ran)
            assert "fetch-depth" not in told(ran)
        (tmp_path / ".gitconfig").write_text(f"[safe]\n\tdirectory = {root}\n")
        assert offline(cloned, HOME=str(tmp_path)).code == 0


class TestTheState:
    """A state that a pull request brings."""

    @pytest.fixture
    def forged(self, cloned: Stack, repository: Repository) -> Stack:
        """A clone in which a pull request has added the state, and everything that was applied is gone from the manifests."""
        cloned.apply()
        cloned.write(".gitignore", "")
        repository.git("add", "--force", "crm/.reconciler/state.json")
        for address in ("a", "b"):
            cloned.remove(address)
        cloned.write("connections/none.yaml", "# nothing\n")
        return cloned

    @pytest.mark.parametrize(
        "command", ["plan", "apply --auto-approve --allow-deletes 2", "drift", "state list", "state rm a", "state pull"]
    )
    def test_a_state_that_git_tracks_is_refused(self, forged: Stack, command: str) -> None:
        before = (forged.folder / ".reconciler/state.json").read_bytes()
        ran = forged.run(*command.split())
        assert ran.code == 1, ran.all
        assert "crm/.reconciler/state.json, so whoever opens a pull request can choose the state" in told(ran)
        assert "rm --cached crm/.reconciler/state.json" in told(ran)
        assert (forged.folder / ".reconciler/state.json").read_bytes() == before

    def test_the_next_step_helps_and_the_state_stays(self, forged: Stack, repository: Repository) -> None:
        repository.git("rm", "--cached", "crm/.reconciler/state.json")
        ran = forged.run("plan", "--allow-deletes", "2")
        assert (ran.code, "2 to delete" in told(ran)) == (0, True), ran.all

    @pytest.mark.parametrize("inside", [True, False])
    def test_a_state_behind_a_link_that_git_tracks_is_refused(
        self, cloned: Stack, repository: Repository, tmp_path: Path, inside: bool
    ) -> None:
        cloned.apply()
        elsewhere = cloned.folder / "kept" if inside else tmp_path / "elsewhere"
        (cloned.folder / ".reconciler").rename(elsewhere)
        cloned.configure(**ON_DISK)
        (cloned.folder / ".reconciler").symlink_to(elsewhere)
        if inside:
            cloned.write(".gitignore", "kept/\n")
            assert cloned.run("plan").code == 0, "an operator's own link leads where it leads"
        repository.git("add", "--force", "crm/.reconciler")
        ran = cloned.run("state", "list")
        assert ran.code == 1, ran.all
        assert "crm/.reconciler, so whoever opens a pull request can choose the state" in told(ran)

    def test_a_state_that_an_untracked_link_leads_to_a_tracked_file_is_refused(self, forged: Stack) -> None:
        subprocess.run(["git", "rm", "--quiet", "--cached", ".reconciler/state.json"], cwd=forged.folder, check=True)
        (forged.folder / ".reconciler").rename(forged.folder / "kept")
        forged.configure(**ON_DISK)
        subprocess.run(["git", "add", "--force", "kept/state.json"], cwd=forged.folder, check=True)
        (forged.folder / ".reconciler").symlink_to("kept")
        ran = forged.run("state", "list")
        assert (ran.code, "crm/kept/state.json, so whoever opens" in told(ran)) == (1, True), ran.all

    def test_a_tracked_link_behind_an_operators_own_is_found(
        self, cloned: Stack, repository: Repository, tmp_path: Path
    ) -> None:
        cloned.apply()
        (cloned.folder / ".reconciler").rename(tmp_path / "elsewhere")
        (tmp_path / "own").symlink_to(cloned.folder / "data")
        (cloned.folder / "data").symlink_to(tmp_path / "elsewhere")
        cloned.configure(infisical={"url": "https://infisical.invalid"}, state={"path": str(tmp_path / "own/state.json")})
        assert cloned.run("state", "list").code == 0
        repository.git("add", "--force", "crm/data")
        ran = cloned.run("state", "list")
        assert (ran.code, "crm/data, so whoever opens a pull request can choose the state" in told(ran)) == (1, True), ran.all

    def test_links_that_lead_in_a_circle_end(self, cloned: Stack, repository: Repository) -> None:
        cloned.configure(infisical={"url": "https://infisical.invalid"}, state={"path": "round/state.json"})
        (cloned.folder / "round").symlink_to("around")
        (cloned.folder / "around").symlink_to("round")
        ran = cloned.run("state", "list")
        assert (ran.code, "cannot be read: Too many levels of symbolic links" in told(ran)) == (1, True), ran.all
        repository.git("add", "crm/around")
        assert "crm/around, so whoever opens a pull request" in told(cloned.run("state", "list"))

    def test_git_that_cannot_tell_stops_the_run(self, cloned: Stack, tmp_path: Path) -> None:
        cloned.apply()
        (tmp_path / "bin").mkdir()
        for script, words in (("echo 'fatal: broken' >&2; exit 128", "fatal: broken"), ("", "There is no git on this machine")):
            git = tmp_path / "bin/git"
            git.unlink(missing_ok=True)
            if script:
                git.write_text(f"#!/bin/sh\n{script}\n")
                git.chmod(0o755)
            ran = cloned.run("state", "list", PATH=str(tmp_path / "bin"))
            assert (ran.code, "Nobody can tell whether Git tracks the state" in told(ran), words in told(ran)) == (
                1,
                True,
                True,
            )
            assert "keep the state outside of the clone" in told(ran)

    def test_it_costs_one_git_process_and_none_without_a_state_or_a_repository(self, cloned: Stack, tmp_path: Path) -> None:
        counted = tmp_path / "counted"
        (tmp_path / "bin").mkdir()
        git = tmp_path / "bin/git"
        real = subprocess.run(["sh", "-c", "command -v git"], capture_output=True, text=True, check=True).stdout.strip()
        git.write_text(f'#!/bin/sh\necho x >> {counted}\nexec {real} "$@"\n')
        git.chmod(0o755)
        path = f"{tmp_path / 'bin'}:{os.environ['PATH']}"
        assert cloned.run("plan", PATH=path).code == 0
        assert not counted.exists()
        cloned.apply()
        assert cloned.run("plan", PATH=path).code == 0
        assert cloned.run("apply", "--auto-approve", PATH=path).code == 0
        assert counted.read_text().count("x") == 2
        outside = Stack.embedded(tmp_path / "outside")
        outside.manifest("a")
        outside.apply()
        assert outside.run("plan", PATH=path).code == 0
        assert counted.read_text().count("x") == 2


class TestPlacesToWrite:
    @pytest.mark.parametrize("target", ["nowhere", "precious"])
    @pytest.mark.parametrize("link", ["plan.json", "../plan.json", "kept/plan.json"])
    def test_a_committed_link_at_the_place_of_a_plan_is_not_written_through(
        self, cloned: Stack, tmp_path: Path, link: str, target: str
    ) -> None:
        (tmp_path / "precious").write_text("")
        (cloned.folder / "kept").mkdir()
        (cloned.folder / link).symlink_to(tmp_path / target)
        ran = cloned.run("plan", "--out", link)
        assert (ran.code, "is a link, and reconciler does not write through links" in told(ran)) == (1, True), ran.all
        assert not (tmp_path / "nowhere").exists()
        assert (tmp_path / "precious").read_text() == ""

    @pytest.mark.parametrize(
        "command",
        ["plan --out linked/x", "export --out linked", "salesforce metadata --out linked", "plan --log-http linked/x"],
    )
    def test_a_committed_directory_link_is_not_written_through(self, cloned: Stack, tmp_path: Path, command: str) -> None:
        cloned.write("connections/app.yaml", APP.replace("%L", '"x"'))
        (tmp_path / "elsewhere").mkdir()
        (cloned.folder / "linked").symlink_to(tmp_path / "elsewhere")
        assert cloned.run("plan").code == 0
        testing.plant_connection(cloned.folder / ".reconciler/embedded.db", app="salesforce", name="x", public=PUBLIC)
        ran = cloned.run(*command.split())
        assert (ran.code, "linked is a link, and reconciler does not write through links" in told(ran)) == (1, True), ran.all
        assert list((tmp_path / "elsewhere").iterdir()) == []

    @pytest.mark.parametrize("out", ["../.git/plan.json", "../.GIT/hooks/post-checkout", "../.git"])
    def test_nothing_is_written_in_git_s_own_directory(self, cloned: Stack, out: str) -> None:
        ran = cloned.run("plan", "--out", out)
        assert ran.code == 1, ran.all
        assert not (cloned.folder / "../.git/plan.json").exists()
        assert not (cloned.folder / "../.GIT/hooks/post-checkout").exists()

    @pytest.mark.parametrize(
        ("sections", "key"),
        [
            ({"embedded": {"database": ".git/config.lock"}}, "embedded.database"),
            ({"embedded": {"database": "sub/.GIT/x.db"}}, "embedded.database"),
            ({"embedded": {"database": "linked/x.db"}}, "embedded.database"),
            ({"state": {"path": ".git/config"}}, "state.path"),
            ({"state": {"path": "../.git/state.json"}}, "state.path"),
            ({"state": {"path": "to-git/state.json"}}, "state.path"),
        ],
    )
    def test_settings_that_name_a_place_in_git_s_directory_or_behind_a_link_are_invalid(
        self, stack: Stack, sections: dict[str, dict[str, str]], key: str
    ) -> None:
        stack.manifest("crm")
        Repository.at(stack.folder)
        stack.configure(**{**EMBEDDED, **sections})
        (stack.folder / "real").mkdir()
        (stack.folder / "linked").symlink_to("real")
        (stack.folder / "to-git").symlink_to(".git")
        before = sorted(stack.folder.rglob("*"))
        ran = stack.run("apply", "--auto-approve")
        assert (ran.code, f"`{key}` is " in told(ran)) == (3, True), ran.all
        assert sorted(stack.folder.rglob("*")) == before

    def test_a_database_to_serve_is_not_made_there_either(self, cloned: Stack) -> None:
        ran = cloned.run("serve", "--db", "../.git/config.lock", "--port", "0")
        assert (ran.code, "it is in .git, which belongs to Git" in told(ran)) == (1, True), ran.all
        assert not (cloned.folder / "../.git/config.lock").exists()

    @pytest.mark.parametrize("out", ["pipe", "/dev/stdout", "/dev/full", "/dev/zero", "/dev/fd/1", "/proc/self/fd/1"])
    def test_a_plan_is_kept_in_no_pipe_and_no_device(self, stack: Stack, out: str) -> None:
        """Standard output is a pipe here, as in `plan --out /dev/stdout | cat`."""
        stack.manifest("crm")
        os.mkfifo(stack.folder / "pipe")
        ran = stack.run("plan", "--out", out)
        assert (ran.code, "choose another --out" in told(ran)) == (1, True), ran.all
        assert not (stack.folder / ".reconciler").exists(), "it is refused at once, before anything is asked"

    @pytest.mark.parametrize(
        "words", ["plan --out >(cat)", "plan --out /dev/stdout > plan.json", "plan --out /dev/stdout >> plan.json"]
    )
    def test_nor_in_a_stream_of_the_shell(self, stack: Stack, words: str) -> None:
        stack.manifest("crm")
        ran = subprocess.run(
            ["bash", "-c", f"{sys.executable} -m reconciler {words}"],
            cwd=stack.folder,
            env=environment(stack.environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (ran.returncode, "choose another --out" in ran.stderr) == (1, True), ran.stderr

    def test_reconciler_s_own_directories_are_its_owner_s_alone(self, stack: Stack) -> None:
        stack.manifest("crm")
        stack.write("connections/app.yaml", APP.replace("%L", '"x"'))
        stack.configure(**EMBEDDED, state={"path": ".reconciler/deep/state.json"})
        for words in ("salesforce metadata", "plan", "apply --auto-approve"):
            with stack.popen(*words.split(), umask=0) as process:
                process.communicate()
                assert process.returncode == 0
        private = {name: mode for name, mode in modes(stack.folder).items() if name.startswith(".reconciler")}
        assert {".reconciler", ".reconciler/deep", ".reconciler/salesforce"} <= private.keys()
        assert set(private.values()) == {0o700}
        files = [path for path in (stack.folder / ".reconciler").rglob("*") if path.name.startswith(("state", "embedded"))]
        assert {path.stat().st_mode & 0o777 for path in files} == {0o600}


APP = """\
apiVersion: reconciler/v1
kind: ExternalClientApp
metadata: { name: infisical-crm }
spec:
  label: %L
  description: %L
  apiName: Infisical_CRM
  contactEmail: crm@acme.example
  callbackUrl: https://localhost
  policies: { runAs: infisical@acme.example.crm }
"""
BREAKS = r"x\n::add-mask::one\r\n::add-mask::two\u2028::add-mask::three\x85::add-mask::four"


class TestNamesAndTexts:
    @pytest.mark.parametrize("name", ["/abs/path", "../../x", "..", "a/b", ".git", "UP", "x.yaml", "a\nb", "ü", "-"])
    def test_a_name_of_the_server_becomes_a_file_only_if_it_is_an_address(self, stack: Stack, name: str) -> None:
        stack.write("connections/none.yaml", "# nothing yet\n")
        assert stack.run("plan").code == 0
        planted = testing.plant_connection(stack.folder / ".reconciler/embedded.db", app="salesforce", name=name, public=PUBLIC)
        ran = stack.run("export", "--out", "out")
        assert ran.code == 0, ran.all
        assert [path.name for path in (stack.folder / "out").rglob("*")] == [f"connection-{planted}.yaml"]

    @pytest.mark.parametrize("address", ["/abs/path", "../../x", "a/b", ".git", "UP"])
    def test_neither_does_an_address_of_a_forged_state(self, stack: Stack, tmp_path: Path, address: str) -> None:
        stack.manifest("crm")
        stack.apply()
        document = stack.state()
        (record,) = document["records"].values()
        document["records"] = {address: record}
        (stack.folder / ".reconciler/state.json").write_text(json.dumps(document))
        before = sorted(tmp_path.rglob("*"))
        ran = stack.run("export", "--out", "out")
        made = [path for path in sorted(tmp_path.rglob("*")) if path not in before and ".reconciler" not in path.parts]
        if ran.code == 0:
            assert made == [stack.folder / "out", stack.folder / "out/crm.yaml"]
        else:
            assert made == [], "a state with such an address is refused as a whole"

    def test_a_description_of_several_lines_is_one_line_of_a_manifest(self, stack: Stack) -> None:
        text = json.loads(f'"{BREAKS}"'.replace(r"\x85", r"\u0085"))
        stack.manifest("crm", description=text)
        stack.manifest("erp", description=" ".join(["::add-mask::word"] * 14))
        stack.apply()
        assert stack.run("export", "--out", "out").code == 0
        for name in ("crm", "erp"):
            lines = (stack.folder / f"out/{name}.yaml").read_text().splitlines()
            assert [line for line in lines if line.lstrip().startswith("::")] == []
            assert len([line for line in lines if "::add-mask::" in line]) == 1
        (stack.folder / "connections/crm.yaml").write_text((stack.folder / "out/crm.yaml").read_text())
        stack.environ |= {"CRM_CONSUMER_KEY": stack.environ["CRM_KEY"], "CRM_CONSUMER_SECRET": stack.environ["CRM_SECRET"]}
        ran = stack.run("plan")
        assert "description" not in ran.out, "the exported manifest says the same"

    def test_a_label_and_a_description_of_several_lines_are_one_line_of_the_metadata(self, stack: Stack) -> None:
        stack.manifest("crm")
        stack.write("connections/app.yaml", APP.replace("%L", f'"{BREAKS}"'))
        assert stack.run("salesforce", "metadata", "--out", "out").code == 0
        for path in (stack.folder / "out").rglob("*"):
            if path.is_file():
                assert [line for line in path.read_text().splitlines() if line.lstrip().startswith("::")] == [], path
        ran = stack.run("salesforce", "metadata", "--check", "out")
        assert ran.code == 0, ran.all
