"""State in a file: whole or not at all, for its owner's eyes, one writer at a time; with real files and real processes."""

# ruff: noqa: ASYNC220, ASYNC240  these look at files between two steps of one task; nobody else waits for the loop

import os
import random
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import anyio
import anyio.to_thread
import pytest

from reconciler.model import Waiting, WaitReason
from reconciler.state import Conflict, LocalBackend, Locked, LockInfo, StateError, decode_state, local
from tests.state.values import a_state

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parent.parent.parent
ME = LockInfo("apply", "me@here", "2026-11-01T10:00:00+00:00")


@contextmanager
def process(verb: str, path: Path) -> Iterator["subprocess.Popen[str]"]:
    """Another process, once it has said that it is under way; killed at the end at the latest."""
    started = subprocess.Popen(
        [sys.executable, "-m", "tests.state.holding", verb, str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert started.stdout is not None
    try:
        assert started.stdout.readline()
        yield started
    finally:
        started.kill()
        started.wait()
        started.stdout.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.json"


# -- loading and storing -------------------------------------------------------------------------------------------------


async def test_before_the_first_apply_there_is_no_state_and_looking_makes_none(tmp_path: Path) -> None:
    folder = tmp_path / "not" / "there"
    assert await LocalBackend(folder / "state.json").load() == (None, "")
    assert list(tmp_path.iterdir()) == []


async def test_looking_at_a_state_changes_and_creates_nothing(path: Path) -> None:
    await LocalBackend(path).store(a_state(), "")
    path.chmod(0o400)
    before = (sorted(path.parent.iterdir()), path.stat().st_mtime_ns, path.read_bytes())
    await LocalBackend(path).load()
    assert (sorted(path.parent.iterdir()), path.stat().st_mtime_ns, path.read_bytes()) == before


async def test_what_was_stored_is_loaded_with_the_version_that_storing_gave(path: Path) -> None:
    version = await LocalBackend(path).store(a_state(), "")
    assert await LocalBackend(path).load() == (a_state(), version)
    second = await LocalBackend(path).store(a_state(serial=8), version)
    assert second != version
    assert await LocalBackend(path).load() == (a_state(serial=8), second)


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
async def test_only_its_owner_can_read_it(path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        version = await LocalBackend(path).store(a_state(), "")
        path.chmod(0o644)
        await LocalBackend(path).store(a_state(serial=8), version)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_what_a_killed_writer_left_behind_neither_lends_its_mode_nor_stays(path: Path) -> None:
    left = path.with_name(".state.json.tmp")
    left.write_text("half a")
    left.chmod(0o666)
    await LocalBackend(path).store(a_state(), "")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in path.parent.iterdir()] == ["state.json"]


async def test_a_link_in_the_place_of_the_temporary_file_is_not_written_through(path: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    path.with_name(".state.json.tmp").symlink_to(victim)
    await LocalBackend(path).store(a_state(), "")
    assert victim.read_text() == "precious"


async def test_a_state_behind_a_link_stays_where_it_is_and_has_one_lock(tmp_path: Path) -> None:
    volume = tmp_path / "volume"
    volume.mkdir()
    link = tmp_path / "state.json"
    link.symlink_to(volume / "crm.json")
    await LocalBackend(link).store(a_state(), "")
    assert link.is_symlink()
    assert decode_state((volume / "crm.json").read_bytes()) == a_state()
    with process("hold", volume / "crm.json"), pytest.raises(Locked):
        async with LocalBackend(link).hold_lock(ME, 0):
            pass


async def test_a_state_that_somebody_else_stored_meanwhile_is_a_conflict_and_stays(path: Path) -> None:
    backend = LocalBackend(path)
    version = await backend.store(a_state(), "")
    await LocalBackend(path).store(a_state(serial=8), version)
    for stale in (version, "", "nonsense"):
        with pytest.raises(Conflict, match="Somebody else changed the state") as conflict:
            await backend.store(a_state(serial=9), stale)
        assert conflict.value.hint
    loaded, _ = await backend.load()
    assert loaded == a_state(serial=8)


async def test_a_state_that_vanished_meanwhile_is_a_conflict_and_not_written_anew(path: Path) -> None:
    version = await LocalBackend(path).store(a_state(), "")
    path.unlink()
    with pytest.raises(Conflict):
        await LocalBackend(path).store(a_state(serial=8), version)
    assert not path.exists()


@pytest.mark.parametrize("device", ["/dev/zero", "pipe"])
async def test_a_device_or_a_pipe_is_no_state_and_is_not_read(tmp_path: Path, device: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(StateError, match="cannot be read: it is not a regular file"):
        await LocalBackend(tmp_path / device).load()


async def test_the_folder_of_a_state_is_its_owners_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        async with LocalBackend(tmp_path / "a/b/state.json").hold_lock(ME, 0):
            pass
    finally:
        os.umask(before)
    assert [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("a", "a/b")] == [0o700, 0o700]


async def test_damage_names_the_file(path: Path) -> None:
    path.write_bytes(b"")
    with pytest.raises(StateError, match=f"The state {path} is damaged: it is empty"):
        await LocalBackend(path).load()


async def test_a_place_that_cannot_be_read_or_written_is_named_with_its_reason(tmp_path: Path) -> None:
    (tmp_path / "state.json").mkdir()
    with pytest.raises(StateError, match=r"state\.json cannot be read: Is a directory"):
        await LocalBackend(tmp_path / "state.json").load()
    (tmp_path / "file").write_text("")
    with pytest.raises(StateError, match="cannot be read: Not a directory"):
        await LocalBackend(tmp_path / "file" / "state.json").load()
    with pytest.raises(StateError, match="cannot be locked: ") as refused:
        async with LocalBackend(tmp_path / "file" / "state.json").hold_lock(ME, 0):
            pass
    assert "permissions" in refused.value.hint
    with pytest.raises(StateError, match="cannot be written: No such file or directory"):
        await LocalBackend(tmp_path / "nowhere" / "state.json").store(a_state(), "")


async def test_a_folder_that_cannot_be_flushed_does_not_make_a_stored_state_a_failure(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.open

    def refusing(file: str, flags: int, mode: int = 0o777) -> int:
        if Path(file) == path.parent:
            raise PermissionError(13, "Permission denied")
        return real(file, flags, mode)

    monkeypatch.setattr("reconciler.workspace.write.os.open", refusing)
    version = await LocalBackend(path).store(a_state(), "")
    monkeypatch.undo()
    assert await LocalBackend(path).load() == (a_state(), version)


async def test_a_full_disk_is_an_error_with_a_next_step_and_the_previous_state_is_intact(path: Path) -> None:
    await LocalBackend(path).store(a_state(), "")
    command = [sys.executable, "-m", "tests.state.holding", "fill", str(path)]
    ran = await anyio.run_process(command, cwd=ROOT)
    told = ran.stdout.decode().splitlines()
    assert told[0].startswith(f"StateError: The state {path} cannot be written: File too large.")
    assert "the free space on its disk" in told[0]
    assert told[1] == "intact ['state.json']"


async def test_a_writer_killed_at_any_moment_leaves_a_whole_document(path: Path) -> None:
    seen, moments = [], random.Random(5)
    for _ in range(12):
        with process("store", path) as writer:
            await anyio.sleep(moments.uniform(0, 0.08))
            writer.kill()
            await anyio.to_thread.run_sync(writer.wait)
        if not path.exists():
            continue
        state, _version = await LocalBackend(path).load()
        assert state is not None
        assert state == a_state(count=1 + state.serial * 37 % 200, serial=state.serial)
        seen.append(state.serial)
    assert seen
    assert seen == sorted(seen)


# -- the lock ------------------------------------------------------------------------------------------------------------


async def test_a_lock_held_by_another_process_is_named_with_its_holder(path: Path) -> None:
    with process("hold", path), pytest.raises(Locked) as locked:
        async with LocalBackend(path).hold_lock(ME, 0):
            pass
    assert str(locked.value) == (
        f"The state {path} is locked: apply by somebody@elsewhere since 2026-11-01T10:00:00+00:00 (run 5)."
    )
    assert "--lock-timeout SECONDS" in locked.value.hint


async def test_a_holder_that_is_killed_leaves_no_lock(path: Path) -> None:
    with process("hold", path) as holder:
        holder.kill()
        holder.wait()
        async with LocalBackend(path).hold_lock(ME, 0):
            pass


async def test_a_lock_is_waited_for_and_taken_as_soon_as_its_holder_dies(path: Path) -> None:
    taken = anyio.Event()

    async def take() -> None:
        async with LocalBackend(path).hold_lock(ME, 60):
            taken.set()

    with process("hold", path) as holder:
        async with anyio.create_task_group() as group:
            group.start_soon(take)
            await anyio.sleep(0.05)
            assert not taken.is_set()
            holder.kill()
    assert taken.is_set()


async def test_waiting_for_a_lock_ends_with_the_same_words(path: Path) -> None:
    with process("hold", path), pytest.raises(Locked, match="somebody@elsewhere"):
        async with LocalBackend(path).hold_lock(ME, 0.05):
            pass


async def test_a_long_wait_for_a_lock_is_told_once_with_its_holder(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "WORTH_TELLING_SECONDS", 0.1)
    told: list[Waiting] = []
    with process("hold", path), pytest.raises(Locked):
        async with LocalBackend(path).hold_lock(ME, 1, told.append):
            pass
    (event,) = told
    assert event.reason is WaitReason.STATE_LOCK
    assert 0 < event.seconds < 1
    assert "apply by somebody@elsewhere" in event.cause


async def test_two_in_one_process_exclude_each_other_too(path: Path) -> None:
    async with LocalBackend(path).hold_lock(ME, 0):
        with pytest.raises(Locked, match="apply by me@here"):
            async with LocalBackend(path).hold_lock(replace(ME, who="you@here"), 0):
                pass
    async with LocalBackend(path).hold_lock(replace(ME, who="you@here"), 0):
        pass


async def test_a_lock_is_released_whatever_ends_its_block(path: Path) -> None:
    for ending in (ValueError, KeyboardInterrupt):
        with pytest.raises(ending):
            async with LocalBackend(path).hold_lock(ME, 0):
                raise ending
    with anyio.move_on_after(0.01):
        async with LocalBackend(path).hold_lock(ME, 0):
            await anyio.sleep_forever()
    async with LocalBackend(path).hold_lock(ME, 0):
        pass
    assert not path.with_name("state.json.lock.info").exists()


@pytest.mark.parametrize("info", ["", "{", "[]", "null", '{"operation": "apply"}', '{"who": 5, "more": 1}', "\0"])
async def test_a_holder_whose_word_cannot_be_read_is_another_run(path: Path, info: str) -> None:
    with process("hold", path):
        path.with_name("state.json.lock.info").write_text(info)
        with pytest.raises(Locked, match="is locked: another run"):
            async with LocalBackend(path).hold_lock(ME, 0):
                pass


@pytest.mark.parametrize("dangling", [True, False])
async def test_a_link_in_the_place_of_the_holders_word_is_not_written_through(
    path: Path, tmp_path: Path, dangling: bool
) -> None:
    victim = tmp_path / "victim"
    if not dangling:
        victim.write_text("precious")
    path.with_name("state.json.lock.info").symlink_to(victim)
    with pytest.raises(
        StateError, match=r"state\.json cannot be locked: .*lock\.info is a link, and reconciler does not write through"
    ):
        async with LocalBackend(path).hold_lock(ME, 0):
            pass
    assert not victim.exists() if dangling else victim.read_text() == "precious"


async def test_a_lock_does_not_make_a_state(path: Path) -> None:
    async with LocalBackend(path).hold_lock(ME, 0):
        assert await LocalBackend(path).load() == (None, "")
    assert not path.exists()


async def test_the_folder_of_a_new_stacks_state_is_made_with_the_lock(tmp_path: Path) -> None:
    backend = LocalBackend(tmp_path / ".reconciler" / "state.json")
    async with backend.hold_lock(ME, 0):
        await backend.store(a_state(), "")
    assert (await backend.load())[0] == a_state()


async def test_many_processes_that_want_one_lock_get_it_one_after_the_other(path: Path) -> None:
    code = (
        "import anyio, sys; from pathlib import Path; from reconciler.state import LocalBackend, LockInfo\n"
        "async def main(path):\n"
        "    backend = LocalBackend(path)\n"
        "    async with backend.hold_lock(LockInfo('apply', 'x', 'now'), 60):\n"
        "        state, version = await backend.load()\n"
        "        from tests.state.values import a_state\n"
        "        await backend.store(a_state(count=1, serial=(state.serial if state else 0) + 1), version)\n"
        "anyio.run(main, Path(sys.argv[1]))\n"
    )
    runs = [subprocess.Popen([sys.executable, "-c", code, str(path)], cwd=ROOT) for _ in range(6)]
    assert [await anyio.to_thread.run_sync(run.wait) for run in runs] == [0] * 6
    state, _ = await LocalBackend(path).load()
    assert state is not None
    assert state.serial == 6
