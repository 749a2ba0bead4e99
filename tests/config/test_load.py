"""Which `reconciler.yaml` is the stack's, what is read from it, and what stands there when it says nothing."""

import re
from pathlib import Path
from typing import Any

import pytest

from reconciler.config import Embedded, EnvironmentRule, FileRule, Preflight
from reconciler.model import Location, Stop, Written

from .repository import Repository, load, stopped, text, write

CLOUD = "https://app.infisical.com"


class TestFinding:
    def test_it_is_found_in_the_directory_itself(self, tmp_path: Path) -> None:
        write(tmp_path)

        assert load(tmp_path).stack == tmp_path

    def test_it_is_found_above_and_the_nearest_one_counts(self, tmp_path: Path) -> None:
        write(tmp_path, metadata={"name": "outer"})
        write(tmp_path / "a", metadata={"name": "inner"})
        (tmp_path / "a" / "b" / "c").mkdir(parents=True)

        assert load(tmp_path / "a" / "b" / "c").name == "inner"
        assert load(tmp_path).name == "outer"

    def test_a_directory_of_that_name_is_passed_over(self, tmp_path: Path) -> None:
        write(tmp_path)
        (tmp_path / "a" / "reconciler.yaml").mkdir(parents=True)

        assert load(tmp_path / "a").stack == tmp_path

    def test_without_one_the_next_steps_are_named(self, tmp_path: Path) -> None:
        reason, (problem,) = stopped(tmp_path)

        assert reason is Stop.INVALID
        assert problem.summary == f"There is no reconciler.yaml in {tmp_path} or above."
        assert "--chdir" in problem.hint
        assert "`kind: Configuration`" in problem.hint

    def test_a_named_file_is_used_and_its_directory_is_the_stack(self, tmp_path: Path) -> None:
        write(tmp_path, metadata={"name": "other"})
        named = write(tmp_path / "a", metadata={"name": "named"}).rename(tmp_path / "a" / "prod.yaml")

        settings = load(tmp_path, file=named)

        assert (settings.name, settings.stack) == ("named", tmp_path / "a")

    def test_a_named_file_may_be_relative_to_the_working_directory(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write(tmp_path / "a")
        monkeypatch.chdir(tmp_path)

        assert load(tmp_path, file=Path("a/reconciler.yaml")).stack == tmp_path / "a"

    def test_a_named_file_that_is_not_there_is_said(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        write(tmp_path)

        reason, (problem,) = stopped(tmp_path, file=tmp_path / "x.yaml")

        assert (reason, problem.summary) == (Stop.INVALID, "There is no file x.yaml.")

    @pytest.mark.parametrize("name", ["folder", "loop"])
    def test_a_named_file_that_cannot_be_read_is_said(self, tmp_path: Path, name: str) -> None:
        (tmp_path / "folder").mkdir()
        (tmp_path / "loop").symlink_to("loop")

        reason, (problem,) = stopped(tmp_path, file=tmp_path / name)

        assert reason is Stop.INVALID
        assert "cannot be read: " in problem.summary

    def test_the_stack_is_where_the_file_is_and_not_where_it_links_to(self, tmp_path: Path) -> None:
        write(tmp_path / "shared")
        (tmp_path / "a").mkdir()
        (tmp_path / "a" / "reconciler.yaml").symlink_to("../shared/reconciler.yaml")

        assert load(tmp_path / "a").stack == tmp_path / "a"


class TestContent:
    def test_what_is_left_out_has_a_default(self, tmp_path: Path) -> None:
        stack = tmp_path / "crm"
        write(stack)

        settings = load(stack)

        assert settings.name == "crm"
        assert settings.url == CLOUD
        assert settings.embedded is None
        assert settings.auth.method is None
        assert [glob.text for glob in settings.manifests] == ["connections/**/*.yaml", "connections/**/*.yml"]
        assert settings.state == stack / ".reconciler/state.json"
        assert settings.environment == EnvironmentRule(None, frozenset())
        assert settings.files == FileRule(stack, (stack,))
        assert settings.allowed_hosts == ()
        assert settings.warnings == ()

    def test_everything_can_be_said(self, tmp_path: Path) -> None:
        write(
            tmp_path,
            metadata={"name": "crm"},
            infisical={"url": "embedded", "auth": {"method": "token"}},
            embedded={"database": "x.db", "projects": ["crm", "erp"], "salesforceOrgs": "orgs.yaml"},
            manifests=["a/*.yaml"],
            state={"backend": "local", "path": "state/crm.json"},
            secretSources={"env": {"allow": ["CRM_*"]}, "file": {"roots": ["secrets", "a/../b"]}, "infisical": {"allow": []}},
            salesforce={"allowedHosts": ["sim.example"], "preflight": "off"},
        )

        settings = load(tmp_path)

        assert (settings.name, settings.url, settings.auth.method) == ("crm", "embedded", "token")
        assert settings.embedded == Embedded(tmp_path / "x.db", ("crm", "erp"), tmp_path / "orgs.yaml")
        assert settings.manifests == (Written("a/*.yaml", Location(str(tmp_path / "reconciler.yaml"), 16, 3)),)
        assert settings.state == tmp_path / "state/crm.json"
        assert settings.environment == EnvironmentRule(("CRM_*",), frozenset())
        assert settings.files == FileRule(tmp_path, (tmp_path / "secrets", tmp_path / "b"))
        assert settings.allowed_hosts == ("sim.example",)
        assert settings.warnings == ()

    def test_guards_and_the_check_before_an_apply_have_their_usual_values(self, tmp_path: Path) -> None:
        write(tmp_path, guards={"maxDeletePercent": 5})
        found = load(tmp_path)

        assert (found.guards.max_delete_percent, found.guards.max_update_percent) == (5, 30)
        assert (found.preflight, found.warnings) == (Preflight.BLOCK, ())

    def test_every_problem_is_said_at_its_place(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        (tmp_path / "reconciler.yaml").write_text(
            "apiVersion: reconciler/v1\nkind: Config\nurl: x\nstate: { backend: s3 }\nstate: { path: p }\n"
        )

        reason, problems = stopped(tmp_path)

        assert reason is Stop.INVALID
        assert {str(problem.location) for problem in problems} == {
            "reconciler.yaml:5:1",
            "reconciler.yaml:2:7",
            "reconciler.yaml:3:1",
        }

    @pytest.mark.parametrize(("content", "count"), [("", "none"), ("# x\n", "none"), (f"{text()}---\n{text()}", "2")])
    def test_it_holds_one_document(self, tmp_path: Path, content: str, count: str) -> None:
        file = tmp_path / "reconciler.yaml"
        file.write_text(content)

        reason, (problem,) = stopped(tmp_path)

        assert reason is Stop.INVALID
        assert problem.summary == f"reconciler.yaml must hold one document; it holds {count}."
        assert problem.location == Location(str(file), 4 if count == "2" else 1, 1)

    @pytest.mark.parametrize("content", [b"\xff", b"[", b"- a\n", b"x\n", b"a: \x00", b"[" * 10_000])
    def test_what_is_no_configuration_at_all_is_invalid(self, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "reconciler.yaml").write_bytes(content)

        assert stopped(tmp_path)[0] is Stop.INVALID


class TestName:
    def test_it_is_the_path_from_the_repository_s_root(self, tmp_path: Path) -> None:
        Repository.at(tmp_path / "repository")
        write(tmp_path / "repository" / "stacks" / "crm")

        assert load(tmp_path / "repository" / "stacks" / "crm").name == "stacks/crm"

    def test_of_the_root_itself_it_is_the_directory_s_name(self, tmp_path: Path) -> None:
        Repository.at(tmp_path / "outer")
        Repository.at(tmp_path / "outer" / "inner")
        write(tmp_path / "outer" / "inner")

        assert load(tmp_path / "outer" / "inner").name == "inner"


class TestUrl:
    @pytest.mark.parametrize(
        ("written", "url"),
        [
            ("https://vault.example", "https://vault.example"),
            ("https://vault.example/", "https://vault.example"),
            ("https://vault.example/api", "https://vault.example"),
            ("https://vault.example/api/", "https://vault.example"),
            ("https://Vault.Example:8443", "https://vault.example:8443"),
            ("http://localhost:8080", "http://localhost:8080"),
            ("embedded", "embedded"),
        ],
    )
    def test_it_is_scheme_and_host(self, tmp_path: Path, written: str, url: str) -> None:
        write(tmp_path, infisical={"url": written})

        assert load(tmp_path).url == url

    @pytest.mark.parametrize("variable", ["INFISICAL_DOMAIN", "INFISICAL_HOST", "INFISICAL_API_URL"])
    @pytest.mark.parametrize("value", ["https://vault.example", "https://Vault.Example/API/", " https://vault.example/api\n"])
    def test_left_out_it_is_the_environment_s(self, tmp_path: Path, variable: str, value: str) -> None:
        write(tmp_path)

        assert load(tmp_path, {variable: value}).url == "https://vault.example"

    @pytest.mark.parametrize("value", ["", " "])
    def test_an_empty_variable_says_nothing(self, tmp_path: Path, value: str) -> None:
        write(tmp_path)

        assert load(tmp_path, {"INFISICAL_HOST": value}).url == CLOUD

    @pytest.mark.parametrize("value", ["https://vault.example", "HTTPS://VAULT.example/api", "https://vault.example/"])
    def test_a_variable_may_agree_in_any_form(self, tmp_path: Path, value: str) -> None:
        write(tmp_path, infisical={"url": "https://vault.example/api/"})

        assert load(tmp_path, {"INFISICAL_DOMAIN": value, "INFISICAL_API_URL": value}).url == "https://vault.example"

    @pytest.mark.parametrize(
        "value",
        ["https://other.example", "http://vault.example", "https://vault.example:8443", "https://vault.example.evil.example"],
    )
    def test_a_variable_that_disagrees_stops_the_run_and_names_both(self, tmp_path: Path, value: str) -> None:
        write(tmp_path, infisical={"url": "https://vault.example"})

        reason, (problem,) = stopped(tmp_path, {"INFISICAL_HOST": value})

        assert reason is Stop.FAILED
        assert problem.summary == f"INFISICAL_HOST says {value}, but infisical.url says https://vault.example."
        assert problem.hint == "unset INFISICAL_HOST, or give both the same value"

    def test_variables_that_disagree_with_each_other_stop_the_run(self, tmp_path: Path) -> None:
        write(tmp_path)

        reason, (problem,) = stopped(
            tmp_path, {"INFISICAL_DOMAIN": "https://a.example", "INFISICAL_API_URL": "https://b.example/api"}
        )

        assert reason is Stop.FAILED
        assert problem.summary == "INFISICAL_API_URL says https://b.example, but INFISICAL_DOMAIN says https://a.example."

    @pytest.mark.parametrize(
        "value",
        [
            "vault.example",
            "https://",
            "ftp://vault.example",
            "https://user:pa55@vault.example",
            "https://vault.example/?t=pa55",
            "https://a b",
        ],
    )
    @pytest.mark.parametrize("settings", [{}, {"infisical": {"url": "https://vault.example"}}])
    def test_a_variable_that_is_no_plain_url_is_refused_unseen(
        self, tmp_path: Path, value: str, settings: dict[str, Any]
    ) -> None:
        write(tmp_path, **settings)

        reason, (problem,) = stopped(tmp_path, {"INFISICAL_HOST": value})

        assert (reason, problem.summary) == (Stop.FAILED, "INFISICAL_HOST is not the URL of an Infisical server.")
        assert "pa55" not in repr(problem)

    def test_an_embedded_database_is_kept_in_the_stack_and_other_stacks_have_none(self, tmp_path: Path) -> None:
        (tmp_path / "elsewhere").mkdir()
        (stack := tmp_path / "stack").mkdir()
        (stack / ".reconciler").symlink_to(tmp_path / "elsewhere")
        write(stack, infisical={"url": "https://infisical.example"})
        assert load(stack).embedded is None

        write(stack, infisical={"url": "embedded"})
        reason, (problem,) = stopped(stack)

        assert reason is Stop.INVALID
        assert problem.summary.startswith("`embedded.database` is .reconciler/embedded.db, which leads to ")

    def test_the_variables_are_not_read_with_an_embedded_infisical(self, tmp_path: Path) -> None:
        write(tmp_path, infisical={"url": "embedded"})

        assert load(tmp_path, {"INFISICAL_HOST": "https://other.example", "INFISICAL_DOMAIN": "?"}).url == "embedded"


class TestRootsWithoutATrustedConfiguration:
    @pytest.mark.parametrize("root", ["..", "/etc", "a/../../x", "link"])
    def test_a_root_outside_the_stack_is_refused(self, tmp_path: Path, root: str) -> None:
        stack = tmp_path / "stack"
        write(stack, secretSources={"file": {"roots": ["secrets", root]}})
        (stack / "link").symlink_to("..")

        reason, (problem,) = stopped(stack)

        assert reason is Stop.INVALID
        assert re.search(r"roots names \S+, which is (a link to \S+, )?outside the stack\.", problem.summary)
        assert "RECONCILER_TRUSTED_CONFIG" in problem.hint

    def test_no_roots_at_all_allow_no_file(self, tmp_path: Path) -> None:
        write(tmp_path, secretSources={"file": {"roots": []}})

        assert load(tmp_path).files.roots == ()
