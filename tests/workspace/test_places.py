"""Where reconciler writes: through an operator's own links, and through none that a tree can have."""

import errno
from pathlib import Path

import pytest

from reconciler.workspace import make_directory, permissions, place_to_write


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    """A directory outside of every tree, with the directories `real` and `tree`; `tree` is a clone."""
    (tmp_path / "real").mkdir()
    (tmp_path / "tree/.git").mkdir(parents=True)
    return tmp_path


class TestLinksOfAnOperator:
    def test_they_are_followed_relative_and_absolute_ones_and_chains(self, disk: Path) -> None:
        (disk / "relative").symlink_to("real")
        (disk / "absolute").symlink_to(disk / "relative")
        (disk / "real/up").symlink_to("../real/./x")
        for path in ("relative/x", "absolute/x", "absolute/up", "real/../relative/x"):
            assert place_to_write(disk / path) == disk / "real/x"

    def test_one_that_leads_into_a_tree_is_followed_up_to_the_links_there(self, disk: Path) -> None:
        (disk / "into").symlink_to("tree")
        assert place_to_write(disk / "into/x") == disk / "tree/x"
        (disk / "tree/x").symlink_to(disk / "real/x")
        with pytest.raises(OSError, match="tree/x is a link, and reconciler does not write through links"):
            place_to_write(disk / "into/x")

    def test_a_loop_ends(self, disk: Path) -> None:
        (disk / "a").symlink_to("b")
        (disk / "b").symlink_to("a")
        with pytest.raises(OSError, match="links") as loop:
            place_to_write(disk / "a/x")
        assert loop.value.errno == errno.ELOOP


class TestLinksOfATree:
    @pytest.mark.parametrize("mark", [".git", "reconciler.yaml"])
    @pytest.mark.parametrize("link", ["x", "deep/x", "deep/er"])
    def test_none_is_followed_in_a_clone_or_a_stack(self, disk: Path, mark: str, link: str) -> None:
        tree = disk / "other"
        (tree / "deep").mkdir(parents=True)
        (tree / mark).touch()
        (tree / link).symlink_to(disk / "real")
        with pytest.raises(OSError, match=f"{link} is a link, and reconciler does not write through links"):
            place_to_write(tree / link / "y")

    def test_the_path_need_not_be_there(self, disk: Path) -> None:
        assert place_to_write(disk / "tree/a/b/c") == disk / "tree/a/b/c"

    def test_a_relative_path_is_one_from_the_working_directory(self, disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(disk / "tree")
        assert place_to_write(Path("plan.json")) == disk / "tree/plan.json"
        assert place_to_write(Path("out/x"), Path("out")) == disk / "tree/out/x"
        with pytest.raises(OSError, match="outside of out"):
            place_to_write(Path("out/../x"), Path("out"))

    def test_links_above_a_directory_count_as_links_of_the_operator_and_those_in_it_do_not(self, disk: Path) -> None:
        (disk / "real/out").mkdir()
        (disk / "named").symlink_to("real")
        assert place_to_write(disk / "named/out/x", disk / "named/out") == disk / "real/out/x"
        (disk / "real/out/link").symlink_to(disk)
        with pytest.raises(OSError, match="real/out/link is a link"):
            place_to_write(disk / "named/out/link/x", disk / "named/out")


class TestOtherPlaces:
    @pytest.mark.parametrize("path", [".git", ".git/hooks/x", ".GIT/config", "link/config.lock", "module/.git/x"])
    def test_nothing_in_git_s_directory(self, disk: Path, path: str) -> None:
        (disk / "link").symlink_to("tree/.git")
        with pytest.raises(OSError, match=r"it is in \.git, which belongs to Git"):
            place_to_write((disk if path.startswith("link") else disk / "tree") / path)

    @pytest.mark.parametrize("path", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "/dev/zero", "/dev/full", "/"])
    def test_a_stream_or_a_device_is_no_file(self, path: str) -> None:
        with pytest.raises(OSError, match="it is not a regular file"):
            permissions(place_to_write(Path(path)))


class TestDirectories:
    def test_those_that_are_missing_are_made_and_others_stay(self, disk: Path) -> None:
        (disk / "real").chmod(0o750)
        make_directory(disk / "real/a/b", private=True)
        make_directory(disk / "real/.reconciler/salesforce")
        made = ("real", "real/a", "real/a/b", "real/.reconciler", "real/.reconciler/salesforce")
        assert [(disk / name).stat().st_mode & 0o777 for name in made] == [0o750, 0o700, 0o700, 0o700, 0o700]

    def test_a_file_in_the_way_is_an_error(self, disk: Path) -> None:
        (disk / "file").touch()
        for path in ("file", "file/x"):
            with pytest.raises(NotADirectoryError):
                make_directory(disk / path)
