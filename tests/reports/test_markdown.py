"""What a manifest or Infisical says stays where it is put: rendered, a hostile plan has the structure of a harmless one."""

from dataclasses import replace

import pytest
from markdown_it import MarkdownIt

from reconciler.model import Location, error
from reconciler.planning import Guarded, GuardedWhat, Plan
from reconciler.reports import MarkdownReport, Style, TextReport
from reconciler.reports.markdown.report import LARGEST
from tests.planning.world import decided, live, plan_of, recorded, wanted

HOSTILE = [
    "```\n</details>\n# owned",
    "````````` </details>",
    "</details></summary></code><script>alert(1)</script>",
    "@acme/platform @octocat #1 https://evil.example",
    "<!-- hidden",
    "--> shown",
    "a | b \\| c",
    "`code` ``two``",
    "\u202egnp.exe \u2066x\u2069 \u200b",
    "\x1b[31mred\x1b[0m\x07\r\nnew line",
    "[link](https://evil.example) ![image](https://evil.example/x.png)",
    "~~~\n# owned\n~~~",
    "$\\href{https://evil.example}{x}$",
    "&lt;b&gt; &#64;octocat",
]


def plan(text: str) -> Plan:
    """A plan that says `text` wherever others than we can say something."""
    place = Location(f"connections/{text}.yaml", 4, 9)
    desired = [
        wanted("created", description=text, location=place),
        wanted("edited", description=text, labels={text: text}, location=place),
    ]
    records = [recorded("edited"), recorded("removed", description=text, file=text)]
    present = [live("edited", description=f"{text}."), live("removed", description=text)]
    made = plan_of(decided(desired, records, present), diagnostics=(error(text, detail=text, location=place, hint=text),))
    return replace(made, target=replace(made.target, stack=text), guarded=(Guarded(GuardedWhat.DELETES, 4, 10, 3),))


def shape(text: str) -> list[tuple[str, str]]:
    """The structure of a document: kinds of blocks and spans, and the HTML there is; code without its content."""
    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(text)
    found = []
    for token in tokens:
        found.append((token.type, token.content if token.type == "html_block" and "<code>" not in token.content else ""))
        found += [(child.type, "") for child in token.children or ()]
    return found


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_breaks_out(text: str) -> None:
    shown = MarkdownReport().plan(plan(text))
    assert shape(shown) == shape(MarkdownReport().plan(plan("harmless")))


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("changes", [True, False])
def test_nothing_breaks_out_of_a_forged_file_either(text: str, changes: bool) -> None:
    """Whoever makes a plan file can write anything for a ref and for what is left out."""

    def forged(text: str) -> Plan:
        made = plan(text)
        part = replace(made.part, left_out=(text, f"{text} (id)"))
        made = replace(made, basis=replace(made.basis, base=text), part=part, diagnostics=())
        return made if changes else replace(made, changes=(), guarded=())

    assert shape(MarkdownReport().plan(forged(text))) == shape(MarkdownReport().plan(forged("harmless")))
    assert not [char for char in TextReport(Style()).plan(forged(text)) if not char.isprintable() and char != "\n"]


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_unseen_is_in_it(text: str) -> None:
    shown = MarkdownReport().plan(plan(text))
    assert not [char for char in shown if not char.isprintable() and char != "\n"]


def test_what_is_too_long_for_a_summary_is_left_out_and_that_is_said() -> None:
    many = [wanted(f"c{number}", description="x" * 200) for number in range(5_000)]
    shown = MarkdownReport().plan(plan_of(decided(many, [], [])))
    assert len(shown) < LARGEST + 1_000
    assert "more parts are not shown here. `reconciler show` shows them." in shown
    assert "Digest: `" in shown


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({}, "Changes"),
        ({"changes": ()}, "No changes"),
        ({"guarded": (Guarded(GuardedWhat.ALL, 1, 1, 0),)}, "Stopped by a guard: nothing will be applied"),
        ({"diagnostics": (error("x"),)}, "Cannot be applied: there are errors"),
    ],
)
def test_the_verdict_comes_first(change: dict[str, object], verdict: str) -> None:
    shown = MarkdownReport().plan(replace(plan_of(decided([wanted()], [], [])), **change))  # type: ignore[arg-type]
    assert shown.splitlines()[2] == f"**{verdict}**"
