"""The table of environment variables has what the code reads, no more and no less."""

import ast
import re
from pathlib import Path

from reconciler.cli.variables import TOPICS
from tests.docs.pages import ROOT

_OURS = re.compile(r"(?:INFISICAL|RECONCILER)_[A-Z_]+|SSL_CERT_(?:FILE|DIR)")
_PROXIES = {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"}
"""`Transport.of` puts these names together, in capitals and in small letters."""
_TABLE = ROOT / "reconciler/cli/variables.py"
VARIABLES = [variable for topic in TOPICS for variable in topic.variables]


def _read_in(file: Path) -> set[str]:
    """Names that are looked up in something called `environ` or `given`, and whole strings that are names of ours."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        match node:
            case ast.Constant(value=str(text)) if _OURS.fullmatch(text):
                found.add(text)
            case (
                ast.Call(func=ast.Attribute(value=where, attr="get"), args=[ast.Constant(value=str(text)), *_])
                | ast.Subscript(value=where, slice=ast.Constant(value=str(text)))
            ) if ast.unparse(where).endswith(("environ", "given")):
                found.add(text)
            case ast.Compare(left=ast.Constant(value=str(text)), comparators=[ast.Name(id="given")]):
                found.add(text)
    return found


def test_every_variable_that_the_code_reads_is_in_the_table_and_no_other_is() -> None:
    read = {name.upper() for file in (ROOT / "reconciler").rglob("*.py") if file != _TABLE for name in _read_in(file)}
    assert read | _PROXIES == {variable.name for variable in VARIABLES if not variable.read_by}


def test_every_look_up_in_the_environment_is_one_that_this_test_understands() -> None:
    """A look-up by a variable name needs its constants to be names of ours: `getenv` and `environ.get(x)` hide them."""
    hidden = [
        f"{file.relative_to(ROOT)}:{number}"
        for file in (ROOT / "reconciler").rglob("*.py")
        for number, line in enumerate(file.read_text().splitlines(), 1)
        if "getenv" in line
    ]
    assert not hidden


def test_a_variable_is_in_the_table_once() -> None:
    names = [variable.name for variable in VARIABLES]
    assert len(names) == len(set(names))


def test_what_is_called_a_secret_is_marked_as_one() -> None:
    named = {variable.name for variable in VARIABLES if variable.name.endswith(("_SECRET", "_TOKEN", "_JWT", "_PASSWORD"))}
    assert named <= {variable.name for variable in VARIABLES if variable.secret}
