"""Settings for Sphinx. The pages are plain Markdown. The order of the pages is here, because only the site needs it."""

import sys
from pathlib import Path

from pygments.lexer import RegexLexer, bygroups
from pygments.token import Generic, Keyword, Text
from sphinx.application import Sphinx

sys.path.insert(0, str(Path(__file__).parent.parent))

from reconciler import __version__

project = "reconciler"
release = version = __version__
extensions = ["myst_parser"]
exclude_patterns = ["_build", "generating"]
nitpicky = True
smartquotes = False  # they make a dash of the two in --option

myst_heading_anchors = 3
myst_linkify_fuzzy_links = False

html_theme = "furo"
html_title = "reconciler"
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
html_theme_options: dict[str, object] = {"top_of_page_buttons": []}
pygments_style = "friendly"
pygments_dark_style = "monokai"

_CONTENTS = {
    "": ["tutorial"],
    "How-to": [
        "how-to/install",
        "how-to/connect",
        "how-to/salesforce",
        "how-to/log-in",
        "how-to/ci",
        "how-to/rotate",
        "how-to/rename-and-move",
        "how-to/protect-and-remove",
        "how-to/adopt",
        "how-to/written-outside",
        "how-to/part",
        "how-to/saved-plans",
        "how-to/drift",
        "how-to/recover",
        "how-to/read-plans",
        "how-to/serve",
        "how-to/python",
    ],
    "Reference": [
        "reference/commands",
        "reference/manifest",
        "reference/app",
        "reference/configuration",
        "reference/orgs",
        "reference/refusals",
        "reference/environment",
        "reference/cases",
        "reference/exit-codes",
        "reference/formats",
        "reference/figures",
    ],
    "Explanation": [
        "explanation/deciding",
        "explanation/credentials",
        "explanation/trust",
        "explanation/crashes",
        "explanation/architecture",
        "explanation/why-not-terraform",
        "explanation/performance",
    ],
    "Decisions": ["decisions/*"],
}


def _add_contents(app: Sphinx, docname: str, source: list[str]) -> None:
    """Add tables of contents to the index. They are not in the page itself, because people also read it as plain Markdown."""
    if docname != "index":
        return
    for caption, pages in _CONTENTS.items():
        lines = ["```{toctree}", ":hidden:", *([f":caption: {caption}"] if caption else []), ":glob:", "", *pages, "```"]
        source[0] += "\n" + "\n".join(lines) + "\n"


class Console(RegexLexer):
    """Colours commands that begin with `$ `, and their output. The usual lexer also takes the `#` of a plan for a prompt."""

    name = "console"
    tokens = {"root": [(r"^(\$ )(.*\n?)", bygroups(Generic.Prompt, Keyword)), (r".*\n", Text), (r".+", Text)]}  # noqa: RUF012


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.add_lexer("console", Console)
    app.connect("source-read", _add_contents)
