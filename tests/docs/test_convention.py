"""What a page may leave open, and what it may not: the convention of tests/docs/pages.py."""

from tests.docs import pages
from tests.docs.comparing import same

PAGE = """
`connections/crm.yaml`:

```yaml
kind: x
```

Add to `connections/crm.yaml`:

```yaml
more: y
```

<!-- not run: it needs a network -->
```sh
make demo
```

<!-- run
hidden
-->

```console
$ one \\
  two
out
$ three
```
"""


def test_ids_dates_durations_digests_and_versions_may_differ() -> None:
    said = "id = 927aa62f-4bd8-4856-9e6f-e3249a2d3876 after 0.1s 2026-11-23T22:00:00+00:00 v 1.2.3 " + "a" * 64
    printed = "id = 00000000-4bd8-4856-9e6f-e3249a2d3876 after 12.0s 2027-01-02T03:04:05Z v 0.10.0 " + "0" * 64
    assert same(said, printed)


def test_everything_else_must_be_the_same() -> None:
    assert not same("1 to create", "2 to create")
    assert not same("1 to create", "1 to create\nand more")
    assert not same("http://127.0.0.1", "http://127.0.0.2")
    assert not same("", "anything")


def test_three_dots_on_a_line_stand_for_any_lines_or_none() -> None:
    assert same("first\n...\nlast", "first\nand\nmore\nlast")
    assert same("first\n...\nlast", "first\nlast")
    assert not same("...\nlast", "last\nbut one")


def test_with_a_path_in_it_where_lines_break_does_not_matter() -> None:
    assert same("The state /home/ada/state.json\nis locked.", "The state\n /home/ada/state.json is locked.")


def test_a_page_is_read_as_its_steps() -> None:
    written, added, marked, hidden, console = pages.steps(PAGE)
    assert (written.file, written.append, written.text) == ("connections/crm.yaml", False, "kind: x")
    assert (added.file, added.append) == ("connections/crm.yaml", True)
    assert (marked.skipped, marked.kind) == ("it needs a network", "sh")
    assert (hidden.kind, hidden.text) == ("hidden", "hidden")
    assert [(command.text, command.output) for command in console.commands] == [("one \\\n  two", "out"), ("three", "")]
    lines = PAGE.splitlines()
    assert [lines[command.line - 1] for command in console.commands] == ["$ one \\", "$ three"]
