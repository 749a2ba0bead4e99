"""What of a line a message quotes: known keys and their values, and never what may be a secret in a wrong place."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from reconciler import schemas
from reconciler.documents import Schema
from reconciler.model import Excerpt, Source
from reconciler.model.source import Shown

KEYS = Schema(schemas.load("salesforce-connection")).keys
SECRET = "Zq9zQ7-s3cr3t"

LINES = [
    ("metadata: { labels: { team: 012, x: y }, name: z }", "metadata: { labels: { team: 012, x: y }, name: z }"),
    ("metadata: { name: crm, labels: { team: 012 }, secret: hunter2 }", "metadata: { name: crm, labels: { team: 012 }, ***"),
    ("  description: Acme: the org # the old one: hunter2", "  description: Acme: the org"),
    ("  description: one, two, three", "  description: one, two, three"),
    ("  credentials: hunter2", "  credentials: ***"),
    ("  credentials:", "  credentials:"),
    ("    consumerSecret: hunter2", "    consumerSecret: ***"),
    ("    consumerSecret: { fromEnv: hunter2 }", "    consumerSecret: ***"),
    ("    consumerSecert: hunter2", "    ***"),
    ("name: crm, consumerSecret: hunter2 }", "name: crm, consumerSecret: ***"),
    ("- name: 'x y'", "- name: 'x y'"),
    ("of a longer text", "***"),
    ("# name: hunter2", ""),
    ("  ]", "  ]"),
    ("", ""),
]  # fmt: skip


@pytest.mark.parametrize(("line", "shown"), LINES)
def test_what_is_known_is_shown_and_the_rest_masked(line: str, shown: str) -> None:
    assert Source(line, KEYS).excerpt(1, 1).code == shown


def test_of_a_parsed_document_a_key_that_nobody_knows_is_shown_without_its_value() -> None:
    source = Source("spec:\n  credentials:\n    consumerSecert: hunter2\n", KEYS).mark_parsed()

    assert source.excerpt(3, 5) == Excerpt("    consumerSecert: ***", 4, 18)


def test_labels_have_any_keys() -> None:
    source = Source("metadata:\n  labels:\n    a.b/c: 012\n", KEYS)

    assert source.excerpt(3, 12) == Excerpt("    a.b/c: 012", 11, 14)


@pytest.mark.parametrize(
    "text", ["consumerKey: |\n  name: hunter2", "spec:\n  what:\n    name: hunter2", "x: >\n name: hunter2"]
)
def test_inside_of_what_is_not_shown_nothing_is(text: str) -> None:
    assert "hunter2" not in Source(text, KEYS).excerpt(text.count("\n") + 1, 1).code


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("lifecycle:\n  ignoreChanges:\n  - name\n  - descripton", "  - descripton"),
        ("lifecycle:\n  ignoreChanges:\n    - descripton # x", "    - descripton"),
        ("lifecycle:\n  ignoreChanges:\n    - name: hunter2", "    - name: hunter2"),
        ("lifecycle:\n  ignoreChanges:\n    - secret: hunter2", "    - ***"),
        ("consumerKey:\n  - hunter2", "  - ***"),
        ("spec:\n  - hunter2", "  - ***"),
        ("description: |\n  - hunter2\n  hunter2", "  ***"),
        ("- hunter2", "- ***"),
    ],
)
def test_items_are_shown_where_the_key_of_their_list_lets_them(text: str, shown: str) -> None:
    assert Source(text, KEYS).excerpt(text.count("\n") + 1, 1).code == shown


def test_a_mark_behind_the_mask_moves_to_it() -> None:
    assert Source("consumerKey: abcdefghijkl: x", KEYS).excerpt(1, 26) == Excerpt("consumerKey: ***", 13, 16)


def test_a_mark_behind_the_line_is_one_wide() -> None:
    assert Source("name:", KEYS).excerpt(1, 9) == Excerpt("name:", 5, 6)


def test_lines_are_counted_from_the_source_s_first_and_as_yaml_breaks_them() -> None:
    source = Source("name: a\r\nname: b\rname: c\x85name: d", KEYS, first=10)

    assert [source.excerpt(line, 1).code for line in (9, 10, 11, 12, 13, 14)] == [
        "",
        "name: a",
        "name: b",
        "name: c",
        "name: d",
        "",
    ]


def test_a_key_in_several_places_shows_the_least() -> None:
    once = {"type": "object", "properties": {"x": {"type": "string"}}}
    private = {"type": "object", "properties": {"x": {"type": "string", "writeOnly": True}}}
    schema = Schema({"type": "object", "properties": {"open": once, "private": private, "x": {"type": "string"}}})

    assert schema.keys == {"open": Shown.KEYS, "private": Shown.KEYS, "x": Shown.NAME}


def test_the_keys_within_a_private_one_hide_nothing_elsewhere() -> None:
    once = {"type": "object", "properties": {"x": {"type": "string"}, "y": {"type": "string"}}}
    schema = Schema({"type": "object", "properties": {"closed": {**once, "writeOnly": True}, "x": {"type": "string"}}})

    assert schema.keys == {"closed": Shown.NAME, "x": Shown.VALUE, "y": Shown.NAME}


STYLES = st.sampled_from(
    [
        "{}",
        "'{}'",
        '"{}"',
        "[{}]",
        "{{ {} }}",
        "{{ fromEnv: {} }}",
        "&a {}",
        "{}: x",
        "x: {}",
        "|\n  {}",
        ">-\n        {}\n        {}",
    ]
)
FORMS = st.sampled_from(
    [
        "spec:\n  credentials:\n    consumerSecret: {}\n    name: x\n",
        "spec: {{ name: x, credentials: {{ consumerKey: {}, instanceUrl: y }} }}\n",
        "credentials: {}\n",
        "nobody-knows: {}\n",
        "metadata: {{ name: x }}\n{}\n",
        "- {}\n- name: x\n",
    ]
)


@settings(max_examples=1000)
@given(FORMS, STYLES, st.integers(1, 8), st.integers(1, 60), st.booleans())
def test_no_line_shows_a_secret_that_stands_where_no_text_may(
    form: str, style: str, line: int, column: int, parsed: bool
) -> None:
    assume(not (parsed and style == "{}: x"))  # the key of a map that is one is no value
    source = Source(form.format(style.format(SECRET, SECRET)), KEYS)

    assert SECRET not in (source.mark_parsed() if parsed else source).excerpt(line, column).code
