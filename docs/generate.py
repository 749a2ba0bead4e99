"""Makes the reference pages and the picture of a plan from the code: `python docs/generate.py [DIRECTORY]`.

The result depends only on the code and on the last measured figures. So a test can tell whether the pages in the repository are
up to date.
"""

import sys
from pathlib import Path

from generating import cases, causes, commands, figures, formats, keys, listings, picture

HERE = Path(__file__).parent
PAGES = {
    "reference/commands.md": commands.page,
    "reference/manifest.md": keys.manifest,
    "reference/app.md": keys.app,
    "reference/configuration.md": keys.configuration,
    "reference/orgs.md": keys.orgs,
    "reference/cases.md": cases.cases,
    "reference/refusals.md": causes.refusals,
    "reference/environment.md": listings.environment,
    "reference/exit-codes.md": listings.exit_codes,
    "reference/formats.md": formats.page,
    "reference/figures.md": figures.page,
    "images/plan.svg": picture.plan,
}


def generate(into: Path) -> None:
    """Write every page into the directory `into`, at the same paths as in docs/."""
    for name, make in PAGES.items():
        path = into / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(make())


if __name__ == "__main__":
    generate(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
