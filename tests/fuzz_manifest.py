"""Bytes without end for the reader of manifests, guided by coverage: `make fuzz`. A crash is kept as a file `crash-*`.

Whatever the bytes are, they are valid or it is said what is wrong with them; no exception, no control character in the words.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import atheris

with atheris.instrument_imports(include=["reconciler", "yaml"]):
    from reconciler.manifest import load_manifests
    from reconciler.model import Written
    from reconciler.reports import Style, TextReport


def main() -> None:
    """Run until a crash, or as long as the command line says (libFuzzer's options)."""
    with TemporaryDirectory() as folder:
        stack = Path(folder).resolve()

        def one(data: bytes) -> None:
            (stack / "crm.yaml").write_bytes(data)
            loaded = load_manifests(stack, [Written("*.yaml")])
            said = TextReport(Style()).diagnostics(loaded.diagnostics)
            if not said.replace("\n", "").isprintable():
                raise AssertionError(said)

        found = stack / "found"
        found.mkdir()  # libFuzzer writes into the first folder it is given
        atheris.Setup([*sys.argv, str(found), str(Path(__file__).parent.parent / "examples")], one)
        atheris.Fuzz()


main()
