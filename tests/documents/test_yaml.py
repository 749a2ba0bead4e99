"""Bytes in, documents and diagnostics out: with the place of everything, and never an exception."""

import subprocess
import sys
from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.documents import Document, Path
from reconciler.model import Diagnostic, Location, Severity, has_errors
from tests.documents.parsing import parse


def one(text: str) -> Document:
    documents, problems = parse("f.yaml", dedent(text).encode())
    assert not has_errors(problems)
    (document,) = documents
    return document


def at(text: str, *path: str | int) -> tuple[int, int]:
    place = one(text).location(path)
    assert place.file == "f.yaml"
    return place.line, place.column


def refused(data: bytes | str) -> Diagnostic:
    """Return the one problem of `data`; whatever it is, it is an error."""
    _, problems = parse("f.yaml", data.encode() if isinstance(data, str) else data)
    (problem,) = problems
    assert problem.severity is Severity.ERROR
    return problem


class TestPlaces:
    def test_a_value_in_block_style_is_where_it_begins_not_its_key(self) -> None:
        text = """\
            metadata:
              name: crm
              labels:
                team: crm
            """
        assert at(text, "metadata", "name") == (2, 9)
        assert at(text, "metadata", "labels", "team") == (4, 11)
        assert at(text, "metadata", "labels") == (4, 5)
        assert at(text) == (1, 1)

    def test_a_value_in_flow_style_has_its_own_column(self) -> None:
        text = "consumerKey: { fromEnv: KEY, 'fromFile': \"a b\" }\n"

        assert at(text, "consumerKey") == (1, 14)
        assert at(text, "consumerKey", "fromEnv") == (1, 25)
        assert at(text, "consumerKey", "fromFile") == (1, 42)

    def test_an_item_of_a_list_is_counted_from_zero(self) -> None:
        text = """\
            block:
              - a
              - name: b
            flow: [x, [y, z]]
            """
        assert at(text, "block", 0) == (2, 5)
        assert at(text, "block", 1, "name") == (3, 11)
        assert at(text, "flow", 1, 1) == (4, 15)

    def test_the_third_document_of_a_file_counts_lines_from_the_file_s_first(self) -> None:
        documents, problems = parse("f.yaml", b"a: 1\n---\na: 2\n--- # third\n\na:\n    3\n")

        assert problems == []
        assert [document.value["a"] for document in documents] == [1, 2, 3]
        assert [document.location(["a"]).line for document in documents] == [1, 3, 7]
        assert documents[2].location(["a"]).column == 5
        assert documents[2].key_location(["a"]) == Location("f.yaml", 6, 1)

    def test_a_column_counts_characters_and_not_bytes(self) -> None:
        assert at('{ "näme🔑": x, b: here }\n', "b") == (1, 18)

    def test_a_block_of_text_begins_at_its_mark(self) -> None:
        assert at("description: |\n  one\n  two\n", "description") == (1, 14)

    def test_an_empty_value_is_behind_its_key(self) -> None:
        line, column = at("a:\nb: 1\n", "a")

        assert line == 1
        assert column >= 2

    @pytest.mark.parametrize("path", [["a", "zzz"], ["a", "zzz", "deeper", 3], ["a", 0]])
    def test_of_what_is_not_there_the_nearest_parent_is_named(self, path: Path) -> None:
        assert at("x: 1\na:\n  b: 1\n", *path) == (3, 3)

    def test_an_item_that_is_not_there_is_named_by_its_list(self) -> None:
        assert at("a: [1]\n", "a", 7) == (1, 4)
        assert one("a: [1]\n").key_location(["a", 7]) == Location("f.yaml", 1, 4)

    def test_a_key_has_a_place_of_its_own(self) -> None:
        document = one("a:\n  b: { c: 1, ddd: 2 }\n  l: [x, y]\n")

        assert document.key_location(["a", "b", "ddd"]) == Location("f.yaml", 2, 14)
        assert document.key_location(["a", "l", 1]) == Location("f.yaml", 3, 10)
        assert document.key_location(["zzz", "y"]) == Location("f.yaml", 1, 1)

    def test_a_merged_value_is_where_it_is_written_and_an_own_one_where_it_overrides(self) -> None:
        text = """\
            base: &base
              team: crm
              tier: low
            over: &over { tier: high, owner: ann }
            mine:
              <<: [*over, *base]
              owner: bob
            """
        document = one(text)

        assert document.value["mine"] == {"team": "crm", "tier": "high", "owner": "bob"}
        assert at(text, "mine", "team") == (2, 9)
        assert at(text, "mine", "tier") == (4, 21)
        assert at(text, "mine", "owner") == (7, 10)

    def test_a_bom_does_not_shift_the_first_line(self) -> None:
        documents, problems = parse("f.yaml", b"\xef\xbb\xbfa: here\n")

        assert problems == []
        assert documents[0].value == {"a": "here"}
        assert documents[0].location(["a"]) == Location("f.yaml", 1, 4)

    def test_crlf_lines_are_lines(self) -> None:
        documents, problems = parse("f.yaml", b"a: 1\r\nb:\r\n  c: here\r\n")

        assert problems == []
        assert documents[0].value == {"a": 1, "b": {"c": "here"}}
        assert documents[0].location(["b", "c"]) == Location("f.yaml", 3, 6)


class TestValues:
    @pytest.mark.parametrize(
        "data", [b"", b"\n\n", b"# a comment\n", b"---\n", b"---\n---\n# c\n---\n...\n", b"~\n", b"null\n", b"\xef\xbb\xbf"]
    )
    def test_what_holds_nothing_is_no_document(self, data: bytes) -> None:
        assert parse("f.yaml", data) == ([], [])

    def test_a_date_stays_text(self) -> None:
        assert one("version: '2026-11-01'\nat: 2026-11-01 10\nno: 26-13-45\n").value == {
            "version": "2026-11-01",
            "at": "2026-11-01 10",
            "no": "26-13-45",
        }

    @pytest.mark.parametrize("written", ["1e3", ".5e3", "1.5E3", "0o17", "2026-11-01", "2026-11-01T10:00:00Z"])
    def test_what_other_readers_take_for_a_number_or_a_date_is_text_and_a_warning(self, written: str) -> None:
        documents, problems = parse("f.yaml", f"a: {written}\n".encode())

        assert [document.value for document in documents] == [{"a": written}]
        assert [(one.severity, one.location, one.hint) for one in problems] == [
            (Severity.WARNING, Location("f.yaml", 1, 4), "put it in quotes")
        ]
        assert parse("f.yaml", f"a: '{written}'\n".encode())[1] == []

    def test_keys_are_text_whatever_they_look_like(self) -> None:
        assert one("{ on: a, 1: b, 1.5: c, ~: d, 2026-01-01: e, '': f, =: g }\n").value == {
            "on": "a",
            "1": "b",
            "1.5": "c",
            "~": "d",
            "2026-01-01": "e",
            "": "f",
            "=": "g",
        }

    def test_numbers_truth_and_nothing_are_what_yaml_says(self) -> None:
        assert one("{ a: 3, b: 1.5, c: true, d: no, e: ~, f: '3', g: !!str 3, h: = }\n").value == {
            "a": 3,
            "b": 1.5,
            "c": True,
            "d": False,
            "e": None,
            "f": "3",
            "g": "3",
            "h": "=",
        }

    def test_the_documents_before_and_behind_a_broken_one_are_returned_in_their_places(self) -> None:
        documents, problems = parse(
            "f.yaml", b"a: 1\n---\nb: [\n---\n\na: 2\n--- {\n---\na: x\0\n...\n# c\n%YAML 1.1\n---\na: 3\n"
        )

        assert [(document.value, document.location(["a"]).line) for document in documents] == [
            ({"a": 1}, 1),
            ({"a": 2}, 6),
            ({"a": 3}, 14),
        ]
        assert [(problem.location.line, problem.location.column) for problem in problems if problem.location] == [
            (3, 4),
            (7, 5),
            (9, 5),
        ]

    def test_three_dashes_inside_a_line_begin_no_document(self) -> None:
        assert one("a: '---'\nb: |\n  ---\n  x\nc---: d\n").value == {"a": "---", "b": "---\nx\n", "c---": "d"}

    def test_a_long_value_is_kept_whole(self) -> None:
        assert len(one(f"a: {'x' * 1_000_000}\n").value["a"]) == 1_000_000


class TestDuplicates:
    def test_a_key_written_twice_names_the_second_and_points_to_the_first(self) -> None:
        problem = refused("a: 1\nb:\n  name: x\n  other: y\n  'name': z\n")

        assert problem.summary == "A key is written twice."
        assert problem.location == Location("f.yaml", 5, 3)
        assert problem.hint == "keep one; the other is at line 3"

    def test_each_repetition_is_said_and_the_document_is_still_checked(self) -> None:
        documents, problems = parse("f.yaml", b"{a: 1, a: 2, a: 3, b: {c: 1, c: 2}}\n")

        assert [problem.location.column for problem in problems if problem.location] == [8, 14, 30]
        assert len(documents) == 1

    def test_the_same_key_in_two_maps_or_documents_is_no_duplicate(self) -> None:
        assert parse("f.yaml", b"a: {n: 1}\nb: {n: 1}\n---\na: 1\n")[1] == []

    def test_overriding_a_merged_key_is_no_duplicate_wherever_the_anchor_stands(self) -> None:
        text = """\
            base: &base { tier: low }
            holder:
              deeper: &deeper
                <<: *base
                tier: mid
            mine:
              <<: *deeper
              tier: high
            """
        assert one(text).value["mine"] == {"tier": "high"}

    def test_several_merges_in_one_map_are_no_duplicate(self) -> None:
        assert one("a: &a {x: 1}\nb: &b {y: 2}\nc:\n  <<: *a\n  <<: *b\n").value["c"] == {"x": 1, "y": 2}


ALIASES = "write the values out instead of using & and *; if this file is not a manifest, move it, or narrow `manifests`"
TAG = "reconciler does not support tags such as !vault: for a credential write { fromEnv: NAME }; put any other text in quotes"
PLACEHOLDER = (
    "reconciler does not fill in placeholders such as {{ name }}: for a credential write { fromEnv: NAME }; "
    "put any other text in quotes"
)
INVALID = [
    ("tab", "a:\n\tb: 1\n", (2, 1), "indent with spaces: YAML forbids tabs there"),
    (
        "open bracket",
        "a: [1, 2\nb: 3\n",
        (2, 2),
        "look for a quote or bracket that is not closed, or wrong indentation, from there to here",
    ),
    (
        "open quote",
        'a: "x\nb: 3\n',
        (2, 4),
        "look for a quote or bracket that is not closed, or wrong indentation, from there to here",
    ),
    (
        "colon in a value",
        "description: CRM: production\n",
        (1, 17),
        "look for a missing quote or wrong indentation on this line or the one above",
    ),
    ("at sign", "a: @b\n", (1, 4), "put the value in quotes"),
    ("anchor set again", "a: &x 1\nc: &x 2\n", (2, 4), "give the second anchor another name"),
    ("unknown alias", "a: *b\n", (1, 4), "put the value in quotes"),
    (
        "tag",
        "a: !vault x\n",
        (1, 4),
        TAG,
    ),
    (
        "python tag",
        "a: !!python/object/apply:os.system [id]\n",
        (1, 4),
        TAG,
    ),
    (
        "placeholder",
        "name: {{ name }}\n",
        (1, 8),
        PLACEHOLDER,
    ),
    (
        "complex key",
        "? [a, b]\n: 1\n",
        (1, 3),
        PLACEHOLDER,
    ),
    ("endless number", f"a: {'9' * 5000}\n", (1, 4), "put the value in quotes"),
    ("no number", "a: !!int x\n", (1, 4), "put the value in quotes"),
    ("no number at all", 'a: !!int ""\n', (1, 4), "put the value in quotes"),
    ("no truth", "a: !!bool x\n", (1, 4), "put the value in quotes"),
    ("a map that is none", "a: !!map x\n", (1, 4), "look at this line and the one above: indentation, quotes, brackets"),
    ("merging a number", "a:\n  <<: 3\n", (2, 7), "look at this line and the one above: indentation, quotes, brackets"),
    ("alias of itself", "a: &a\n  b: *a\n", (1, 4), ALIASES),
    ("merging itself", "a: &a\n  <<: *a\n", (1, 4), ALIASES),
]


@pytest.mark.parametrize(("text", "place", "hint"), [row[1:] for row in INVALID], ids=[row[0] for row in INVALID])
def test_what_is_not_valid_yaml_is_said_at_its_place_with_a_next_step(text: str, place: tuple[int, int], hint: str) -> None:
    problem = refused(text)

    assert problem.summary == "This is not valid YAML."
    assert problem.location == Location("f.yaml", *place)
    assert problem.hint == hint


def test_the_detail_says_what_the_parser_found() -> None:
    assert refused("a:\n\tb: 1\n").detail == "while scanning for the next token, found character that cannot start any token"
    assert (
        refused("a: 1\nb\n").detail
        == "while scanning a simple key, could not find expected ':' (it begins at line 2), and the document ends"
    )


@pytest.mark.parametrize("data", [b"a: caf\xe9\n", b"# \xc3\xa4\na: caf\xe9\n"])
def test_latin_1_is_refused_at_its_first_wrong_byte(data: bytes) -> None:
    problem = refused(data)

    assert (problem.summary, problem.hint) == ("The file is not UTF-8.", "save it as UTF-8")
    assert problem.location == Location("f.yaml", data.count(b"\n"), 7)


def test_a_wrong_byte_behind_a_bom_is_counted_without_the_bom() -> None:
    assert refused(b"\xef\xbb\xbfa: \xff\n").location == Location("f.yaml", 1, 4)


def test_utf_16_is_refused() -> None:
    assert refused("a: 1\n".encode("utf-16")).summary == "The file is not UTF-8."


@pytest.mark.parametrize("character", ["\0", "\x07", "\x1b", "\ufffe"])
def test_a_control_character_is_refused_where_it_stands(character: str) -> None:
    problem = refused(f"a: 1\nb: x{character}y\n")

    assert problem.summary == "The file holds a character that YAML forbids."
    assert problem.location == Location("f.yaml", 2, 5)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[" * 100_000, 1),
        ("{a: " * 100_000, 1),
        ("- " * 100_000 + "x", 1),
        ("? " * 100_000 + "x", 1),
        ("\n".join(" " * depth + "a:" for depth in range(300)), 101),
    ],
    ids=["lists", "maps", "block lists", "keys", "block maps"],
)
def test_nesting_without_end_is_refused(text: str, line: int) -> None:
    problem = refused(text)

    assert problem.detail == "found more than 100 levels of nesting"
    assert problem.location is not None
    assert problem.location.line == line


def test_aliases_that_stand_for_gigabytes_are_refused() -> None:
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]

    assert refused("\n".join(rows)).detail == "found aliases that expand to too much text"


def test_merges_that_stand_for_gigabytes_are_refused() -> None:
    rows = ["a0: &a0 {x: 1, y: 2}", *(f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 10)}]}}" for n in range(1, 12))]

    assert refused("\n".join(rows)).detail == "found aliases that expand to too much text"


PIECES = [*"ab1 \n\t:-?[]{},&*!|>'\"%@`#=<~.\\\r\ufeff\x85é🔑", "<<: ", "- ", "a: ", "!!int ", "&a ", "*a ", "\n  ", "\n---\n"]
YAMLISH = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)


@settings(deadline=None, max_examples=500)
@given(st.binary() | st.text().map(str.encode) | YAMLISH.map(str.encode))
def test_no_bytes_raise(data: bytes) -> None:
    documents, problems = parse("f.yaml", data)

    for document in documents:
        assert document.value is not None
        assert document.location(["metadata", 0, "name"]).line >= 1
    for problem in problems:
        assert problem.location is not None
        assert problem.location.line >= 1
        assert problem.location.column >= 1


SECRET = "Zq9zQ7-s3cr3t"
WRITTEN_WRONG = [
    f"!{SECRET}",
    f"!{SECRET} x",
    f"!!{SECRET} x",
    f"!<{SECRET}> x",
    f"*{SECRET}",
    f"&{SECRET} &{SECRET} x",
    f"%{SECRET}",
    f"@{SECRET}",
    f"`{SECRET}",
    f"!!int {SECRET}",
    f"!!float {SECRET}",
    f"!!bool {SECRET}",
    f"!!timestamp {SECRET}",
    f"!!binary {SECRET}",
    f"{SECRET}: x: y",
    f'"{SECRET}',
    f"'{SECRET}",
    f'"\\q{SECRET}"',
    f"[{SECRET}",
    f"{{{SECRET}",
    f"{{{SECRET}, {SECRET}}}",
    f"{{{SECRET}: a, {SECRET}: b}}",
    f"{{ {{ {SECRET} }} }}",
    f"\t{SECRET}\n\t{SECRET}: x",
    f"|\n{SECRET}: [",
    f">{SECRET}",
    f"{SECRET}\x00",
]


@pytest.mark.parametrize("written", WRITTEN_WRONG)
def test_no_problem_repeats_what_the_file_says(written: str) -> None:
    _, problems = parse("f.yaml", f"spec:\n  consumerSecret: {written}\n".encode())

    assert SECRET not in repr(problems)


def test_without_libyaml_the_same_is_refused_and_nothing_repeated_either() -> None:
    program = dedent(
        """
        import sys
        sys.modules["yaml._yaml"] = None
        import yaml
        from tests.documents.parsing import parse
        assert not hasattr(yaml, "CSafeLoader")
        for written in eval(sys.stdin.read()):
            print(parse("f.yaml", f"spec:\\n  consumerSecret: {written}\\n".encode())[1])
        documents, problems = parse("f.yaml", b"a: &a {x: 1}\\nb:\\n  <<: *a\\n  x: 2\\n---\\nc: [1, {d: e}]\\n")
        assert not problems
        assert documents[0].value["b"] == {"x": 2}
        assert str(documents[1].location(["c", 1, "d"])) == "f.yaml:6:12"
        assert parse("f.yaml", b"[" * 100_000)[1][0].detail == "found more than 100 levels of nesting"
        """
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], input=repr(WRITTEN_WRONG), capture_output=True, text=True, check=False
    )

    assert ran.stderr == ""
    assert ran.stdout.count("\n") == len(WRITTEN_WRONG)
    assert SECRET not in ran.stdout
