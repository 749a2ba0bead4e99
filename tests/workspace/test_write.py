"""A file is written whole or not at all, and through no link of the tree."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from reconciler.workspace import write_file

from .disk import full_disk


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def permissions(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


class TestWholeOrNotAtAll:
    def test_a_new_file_and_one_that_is_replaced(self, tmp_path: Path) -> None:
        for data in (b"first", b"", b"third" * 1000):
            write_file(tmp_path / "x", data)
            assert (tmp_path / "x").read_bytes() == data
            assert names(tmp_path) == ["x"]

    def test_on_a_full_disk_the_earlier_file_is_whole_and_nothing_is_left_beside_it(self, tmp_path: Path) -> None:
        write_file(tmp_path / "x", b"earlier")
        with full_disk(), pytest.raises(OSError, match="File too large"):
            write_file(tmp_path / "x", b"later" * 1000)
        assert (tmp_path / "x").read_bytes() == b"earlier"
        assert names(tmp_path) == ["x"]

    @pytest.mark.parametrize("new", [True, False])
    def test_on_a_full_disk_no_half_file_appears(self, tmp_path: Path, new: bool) -> None:
        with full_disk(), pytest.raises(OSError, match="File too large"):
            write_file(tmp_path / "x", b"later" * 1000, new=new)
        assert names(tmp_path) == []

    def test_a_reader_of_the_earlier_file_keeps_reading_that(self, tmp_path: Path) -> None:
        write_file(tmp_path / "x", b"earlier")
        with (tmp_path / "x").open("rb") as reading:
            write_file(tmp_path / "x", b"later")
            assert reading.read() == b"earlier"

    def test_what_a_killed_writer_left_neither_lends_its_mode_nor_stays(self, tmp_path: Path) -> None:
        left = tmp_path / ".x.tmp"
        left.write_text("half a")
        left.chmod(0o666)
        write_file(tmp_path / "x", b"whole", mode=0o600)
        assert (names(tmp_path), permissions(tmp_path / "x")) == (["x"], 0o600)

    def test_of_two_that_write_at_once_one_is_refused_and_the_others_file_is_whole(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        real = os.fsync

        def other_writes_meanwhile(handle: int) -> None:
            monkeypatch.setattr(os, "fsync", real)
            write_file(tmp_path / "x", b"the other's")

        monkeypatch.setattr(os, "fsync", other_writes_meanwhile)
        with pytest.raises(OSError, match="another process is writing it"):
            write_file(tmp_path / "x", b"ours")
        assert (names(tmp_path), (tmp_path / "x").read_bytes()) == (["x"], b"the other's")

    def test_a_new_file_never_takes_the_place_of_one(self, tmp_path: Path) -> None:
        write_file(tmp_path / "x", b"ours", new=True)
        with pytest.raises(FileExistsError):
            write_file(tmp_path / "x", b"other", new=True)
        assert (names(tmp_path), (tmp_path / "x").read_bytes()) == (["x"], b"ours")


class TestPermissions:
    @pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
    def test_a_mode_holds_for_a_new_file_and_for_one_that_is_replaced(self, tmp_path: Path, mask: int) -> None:
        (tmp_path / "x").write_text("open to all")
        (tmp_path / "x").chmod(0o666)
        with umask(mask):
            write_file(tmp_path / "x", b"private", mode=0o600)
            write_file(tmp_path / "y", b"private", mode=0o600)
        assert [permissions(tmp_path / name) for name in "xy"] == [0o600, 0o600]

    def test_without_a_mode_a_new_file_is_as_the_umask_says_and_a_replaced_one_keeps_its_own(self, tmp_path: Path) -> None:
        (tmp_path / "x").write_text("for the group")
        (tmp_path / "x").chmod(0o660)
        with umask(0o027):
            write_file(tmp_path / "x", b"")
            write_file(tmp_path / "y", b"")
        assert [permissions(tmp_path / name) for name in "xy"] == [0o660, 0o640]


class TestLinks:
    def test_a_path_that_a_person_names_may_be_a_link_whose_file_is_replaced(self, tmp_path: Path) -> None:
        (tmp_path / "volume").mkdir()
        (tmp_path / "x").symlink_to("volume/real")
        for data in (b"new", b"replaced"):
            write_file(tmp_path / "x", data)
            assert (tmp_path / "x").is_symlink()
            assert (tmp_path / "volume" / "real").read_bytes() == data
        assert (names(tmp_path), names(tmp_path / "volume")) == (["volume", "x"], ["real"])

    @pytest.mark.parametrize("link", ["out/a/x", "out/a"])
    @pytest.mark.parametrize("dangling", [True, False])
    @pytest.mark.parametrize("new", [True, False])
    def test_a_link_below_the_directory_is_refused_and_what_it_leads_to_stays(
        self, tmp_path: Path, link: str, dangling: bool, new: bool
    ) -> None:
        victim = tmp_path / "victim"
        if link == "out/a" and not dangling:
            victim.mkdir()
        elif not dangling:
            victim.write_text("precious")
        (tmp_path / link).parent.mkdir(parents=True)
        (tmp_path / link).symlink_to(victim)
        with pytest.raises(OSError, match=f"{link} is a link, and reconciler does not write through links"):
            write_file(tmp_path / "out/a/x", b"evil", below=tmp_path / "out", new=new)
        assert (tmp_path / link).is_symlink()
        assert victim.exists() != dangling
        if victim.exists():
            assert names(victim) == [] if victim.is_dir() else victim.read_text() == "precious"

    def test_the_directory_itself_may_be_a_link_and_missing_directories_are_made(self, tmp_path: Path) -> None:
        (tmp_path / "real").mkdir()
        (tmp_path / "out").symlink_to("real")
        write_file(tmp_path / "out/a/b/x", b"", below=tmp_path / "out")
        assert (tmp_path / "real/a/b/x").exists()
        write_file(tmp_path / "new/out/x", b"", below=tmp_path / "new/out")
        assert (tmp_path / "new/out/x").exists()

    def test_a_name_that_leads_out_of_the_directory_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "out").mkdir()
        with pytest.raises(OSError, match="outside of"):
            write_file(tmp_path / "out/../x", b"", below=tmp_path / "out")
        with pytest.raises(OSError, match="outside of"):
            write_file(tmp_path / "x", b"", below=tmp_path / "out")
        assert names(tmp_path) == ["out"]

    def test_a_link_in_the_place_of_the_file_beside_is_not_written_through(self, tmp_path: Path) -> None:
        (tmp_path / "victim").write_text("precious")
        (tmp_path / ".x.tmp").symlink_to("victim")
        write_file(tmp_path / "x", b"")
        assert (tmp_path / "victim").read_text() == "precious"


class TestWhatIsNoFile:
    @pytest.mark.parametrize("kind", ["directory", "pipe", "device"])
    def test_it_is_refused_and_stays(self, tmp_path: Path, kind: str) -> None:
        path = tmp_path / "x"
        if kind == "directory":
            path.mkdir()
        elif kind == "pipe":
            os.mkfifo(path)
        else:
            path.symlink_to(os.devnull)
        before = path.stat().st_mode
        with pytest.raises(OSError, match="it is not a regular file"):
            write_file(path, b"")
        assert (path.stat().st_mode, names(tmp_path)) == (before, ["x"])

    def test_a_directory_that_is_not_there_is_made_only_below_one_that_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError):
            write_file(tmp_path / "nowhere/x", b"")
        (tmp_path / "file").write_text("")
        with pytest.raises(NotADirectoryError):
            write_file(tmp_path / "file/x", b"")
        assert names(tmp_path) == ["file"]
