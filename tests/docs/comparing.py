"""What a page says is printed against what was: equal but for what differs from run to run."""

import re

_ID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
_DIGEST = re.compile(r"\b[0-9a-f]{64}\b")
_COMMIT = re.compile(r"\b[0-9a-f]{40}\b|(?<=root-commit\) )[0-9a-f]{7,}")
_DATE = re.compile(r"\b\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|\+00:00)?")
_DURATION = re.compile(r"(?<=after )\d+\.\d+s")
_SECONDS = re.compile(r'(?<="elapsed_seconds": )\d+\.\d+')
_WHO = re.compile(r"\b\S+@\S+ \(process \d+\)")
_VERSION = re.compile(r"(?<![\d.])\d+\.\d+\.\d+(?![\d.])")
HOME = "/home/ada"
"""What the temporary directory of a run is called in the pages."""
_KINDS = (
    (_ID, "ID"),
    (_DIGEST, "DIGEST"),
    (_COMMIT, "COMMIT"),
    (_DATE, "DATE"),
    (_DURATION, "SECONDS"),
    (_SECONDS, "0.0"),
    (_WHO, "WHO"),
    (_VERSION, "VERSION"),
)


def normalised(text: str) -> str:
    """Return `text` without what no two runs have in common, and without blanks around it."""
    for pattern, word in _KINDS:
        text = pattern.sub(word, text)
    return "\n".join(line.rstrip() for line in text.splitlines()).strip("\n")


def same(said: str, printed: str) -> bool:
    """Tell whether what was printed is what a page says; a line `...` of the page stands for any lines, or none.

    Where a line is broken depends on how long a path is, so with one in it only the words count.
    """
    said, printed = normalised(said), normalised(printed)
    if HOME in printed and "..." not in said.split():
        return said.split() == printed.split()
    pattern = "".join(r"(?:.*\n)*?" if line.strip() == "..." else re.escape(line) + r"\n" for line in said.splitlines())
    return re.fullmatch(pattern, printed + "\n" if printed else "") is not None
