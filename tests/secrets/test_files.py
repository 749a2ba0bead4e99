"""Which files a manifest may name, links resolved, and what their content becomes."""

import os
from pathlib import Path

import pytest

from reconciler.model import Secret
from reconciler.secrets import FileSource, Refused, Unavailable

pytestmark = pytest.mark.anyio

OUTSIDE_SECRET = "of-the-runner"


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    """A stack in a repository, with a file beside it that nobody may read."""
    (tmp_path / "outside").write_text(OUTSIDE_SECRET)
    stack = tmp_path / "repository" / "stack"
    (stack / "secrets").mkdir(parents=True)
    (stack / "secrets" / "key").write_text("value\n")
    return stack


async def refused(stack: Path, target: str, *roots: Path) -> Refused:
    with pytest.raises(Refused) as refusal:
        await FileSource(stack, roots or (stack,)).read(target)
    assert OUTSIDE_SECRET not in str(refusal.value)
    return refusal.value


async def unavailable(stack: Path, target: str) -> str:
    with pytest.raises(Unavailable) as missing:
        await FileSource(stack, (stack,)).read(target)
    assert not isinstance(missing.value, Refused)
    assert missing.value.hint
    return str(missing.value)


@pytest.mark.parametrize("target", ["secrets/key", "./secrets/key", "secrets/../secrets/key"])
async def test_a_path_counts_from_the_stack(stack: Path, target: str) -> None:
    assert await FileSource(stack, (stack,)).read(target) == Secret("value")


async def test_an_absolute_path_into_the_stack_is_read(stack: Path) -> None:
    assert await FileSource(stack, (stack,)).read(str(stack / "secrets" / "key")) == Secret("value")


@pytest.mark.parametrize("data", [b"value", b"value\n", b"value\r\n", b"  value \n\n", b"\xef\xbb\xbfvalue\n"])
async def test_a_bom_and_the_blanks_around_are_no_part_of_the_value(stack: Path, data: bytes) -> None:
    (stack / "key").write_bytes(data)

    assert await FileSource(stack, (stack,)).read("key") == Secret("value")


async def test_lines_within_stay(stack: Path) -> None:
    (stack / "key").write_text("one\ntwo\n")

    assert (await FileSource(stack, (stack,)).read("key")).reveal() == "one\ntwo"


@pytest.mark.parametrize("target", ["../../outside", "secrets/../../../outside", "/proc/self/environ", "/etc/hostname"])
async def test_a_path_out_of_the_stack_is_refused(stack: Path, target: str) -> None:
    refusal = await refused(stack, target)

    assert str(refusal).startswith(f"the file {target} is outside the directories that values may come from")
    assert "secretSources.file.roots" in refusal.hint


async def test_an_absolute_path_out_of_the_stack_is_refused(stack: Path, tmp_path: Path) -> None:
    await refused(stack, str(tmp_path / "outside"))


async def test_a_refusal_does_not_tell_whether_the_file_exists(stack: Path) -> None:
    there, absent = await refused(stack, "../../outside"), await refused(stack, "../../absent!")

    assert str(there).replace("outside", "") == str(absent).replace("absent!", "").replace("outside", "")


@pytest.mark.parametrize("link", ["secrets/link", "linked/outside", "chain"])
async def test_a_link_out_of_the_stack_is_refused(stack: Path, tmp_path: Path, link: str) -> None:
    (stack / "secrets" / "link").symlink_to(tmp_path / "outside")
    (stack / "linked").symlink_to(tmp_path)
    (stack / "chain").symlink_to("secrets/link")

    await refused(stack, link)


async def test_a_link_within_the_stack_is_followed(stack: Path) -> None:
    (stack / "link").symlink_to("secrets/key")

    assert await FileSource(stack, (stack,)).read("link") == Secret("value")


async def test_a_link_from_a_root_to_the_rest_of_the_stack_is_refused(stack: Path) -> None:
    (stack / "manifest.yaml").write_text("x: y")
    (stack / "secrets" / "link").symlink_to("../manifest.yaml")

    await refused(stack, "secrets/link", stack / "secrets")


async def test_a_loop_of_links_is_refused(stack: Path) -> None:
    (stack / "a").symlink_to("b")
    (stack / "b").symlink_to("a")

    refusal = await refused(stack, "a")

    assert str(refusal) == "the path a cannot be resolved"


async def test_one_of_several_roots_is_enough_and_others_are_named(stack: Path, tmp_path: Path) -> None:
    vault = tmp_path / "vault"
    vault.mkdir()
    (vault / "key").write_text("from the vault")
    roots = (stack / "secrets", vault)

    assert await FileSource(stack, roots).read(str(vault / "key")) == Secret("from the vault")
    assert str(await refused(stack, "other", *roots)) == (
        f"the file other is outside the directories that values may come from ({stack / 'secrets'}, {vault})"
    )


async def test_a_root_s_name_is_no_prefix(stack: Path) -> None:
    (stack / "secrets-of-others").mkdir()
    (stack / "secrets-of-others" / "key").write_text("x")

    await refused(stack, "secrets-of-others/key", stack / "secrets")


@pytest.mark.parametrize(
    "target",
    [
        ".git/config",
        ".git/x/../config",
        "sub/.git/config",
        ".GIT/config",
        ".reconciler/state.json",
        "reconciler.yaml",
        "sub/reconciler.yaml",
    ],
)
async def test_git_s_files_and_our_own_are_no_place_for_values(stack: Path, target: str) -> None:
    (stack / target).parent.mkdir(parents=True, exist_ok=True)
    (stack / ".git" / "x").mkdir(parents=True, exist_ok=True)
    (stack / target).write_text("[http] extraheader = AUTHORIZATION: basic x")

    assert str(await refused(stack, target)) == f"the file {target} belongs to Git or to reconciler"


@pytest.mark.parametrize("root", [".git", ".git/sub", ".reconciler"])
async def test_not_even_where_the_configuration_names_them_as_a_root(stack: Path, root: str) -> None:
    (stack / root).mkdir(parents=True)
    (stack / root / "config").write_text("token")

    await refused(stack, f"{root}/config", stack / root)


async def test_the_repository_s_git_directory_is_no_root_either(stack: Path) -> None:
    git = stack.parent / ".git"
    git.mkdir()
    (git / "config").write_text("token")

    await refused(stack, "../.git/config", git)
    await refused(stack, "../.git/config", stack.parent)


async def test_a_link_to_git_s_files_is_refused(stack: Path) -> None:
    (stack / ".git").mkdir()
    (stack / ".git" / "config").write_text("token")
    (stack / "secrets" / "link").symlink_to("../.git/config")

    await refused(stack, "secrets/link")


async def test_a_trusted_root_may_be_in_a_directory_called_like_ours(stack: Path, tmp_path: Path) -> None:
    root = tmp_path / ".reconciler" / "secrets"
    root.mkdir(parents=True)
    (root / "key").write_text("x")

    assert await FileSource(stack, (root,)).read(str(root / "key")) == Secret("x")


async def test_a_missing_file_is_unavailable(stack: Path) -> None:
    assert await unavailable(stack, "secrets/other") == "there is no file secrets/other"


@pytest.mark.parametrize("target", ["secrets", ".", "queue"])
async def test_what_is_no_regular_file_is_unavailable(stack: Path, target: str) -> None:
    os.mkfifo(stack / "queue")

    assert await unavailable(stack, target) == f"there is no file {target}"


@pytest.mark.parametrize("data", [b"", b"\n", b"\xef\xbb\xbf", b" \t\r\n"])
async def test_an_empty_file_is_unavailable(stack: Path, data: bytes) -> None:
    (stack / "key").write_bytes(data)

    assert await unavailable(stack, "key") == "the file key is empty"


async def test_a_file_may_have_64_kib_and_no_byte_more(stack: Path) -> None:
    (stack / "key").write_bytes(b"x" * 65536)
    (stack / "more").write_bytes(b"x" * 65537)

    assert len((await FileSource(stack, (stack,)).read("key")).reveal()) == 65536
    assert await unavailable(stack, "more") == "the file more is larger than 64 KiB"


async def test_a_file_that_is_not_utf_8_is_unavailable_and_not_shown(stack: Path) -> None:
    (stack / "key").write_bytes(b"s3cr3t\xff")

    with pytest.raises(Unavailable) as odd:
        await FileSource(stack, (stack,)).read("key")

    assert str(odd.value) == "the file key is not UTF-8 text"
    assert odd.value.__suppress_context__


@pytest.mark.parametrize("target", ["a\0b", "x" * 5000, "x/" * 3000])
async def test_an_impossible_path_is_an_answer_and_no_crash(stack: Path, target: str) -> None:
    with pytest.raises(Unavailable):
        await FileSource(stack, (stack,)).read(target)
