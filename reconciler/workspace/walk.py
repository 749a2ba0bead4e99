"""Finds and reads the files that globs name.

It must not miss a file by mistake: reconciler deletes the connections that no manifest wants any more.
"""

from collections.abc import Sequence
from pathlib import Path

from reconciler.model import Diagnostic, Location, Written, error, warning

_TWINS = {".yaml": ".yml", ".yml": ".yaml"}


def find_files(stack: Path, globs: Sequence[Written]) -> tuple[list[Path], list[Diagnostic]]:
    """Return the files of `stack` that `globs` match, sorted, and the problems of the globs."""
    matches: dict[str, set[Path]] = {}
    problems = []
    for glob in globs:
        try:
            matches[glob.text] = set(stack.glob(glob.text))
        except (ValueError, IndexError, NotImplementedError, OSError):  # pathlib cannot use the pattern
            hint = "write a glob such as connections/**/*.yaml; `**` matches any number of directories"
            problems.append(
                error(f"`manifests` cannot be `{glob.text}`: that is not a glob.", location=glob.location, hint=hint)
            )
    files = {path for paths in matches.values() for path in paths if not path.is_dir()}
    if not files and not problems:
        listed = " or ".join(f"`{glob.text}`" for glob in globs)
        folders = sorted(glob.text for glob in globs if matches[glob.text] and "*" not in glob.text)
        return [], [_no_match(f"No file matches {listed} in {stack}.", globs[0], folders[:1])]
    for glob in globs:
        paths, twin = matches.get(glob.text), _twin(glob.text)
        if paths is not None and not paths & files and not matches.get(twin, set()) & files:
            problems.append(_no_match(f"No file matches `{glob.text}`.", glob, [glob.text] if paths else []))
        elif paths and twin and (unread := _unread(stack, twin, files)):
            others = f" and {len(unread) - 1} more" if len(unread) > 1 else ""
            them = "them" if others else "it"
            first = display_path(unread[0])
            summary = f"reconciler does not read {first}{others}: no glob of `manifests` matches {them}."
            problems.append(warning(summary, location=glob.location, hint=f"rename {them}, or add `{twin}` to `manifests`"))
    return sorted(files), problems


def _unread(stack: Path, glob: str, files: set[Path]) -> list[Path]:
    """Return the files that `glob` matches and that are not among `files`, nor what a link in `files` leads to."""
    left = [path for path in stack.glob(glob) if path not in files and path.is_file()]
    read = {path.resolve() for path in files if path.is_symlink()} if left else set()
    return sorted(path for path in left if path.resolve() not in read)


def _no_match(summary: str, glob: Written, folders: Sequence[str]) -> Diagnostic:
    hint = (
        "put a manifest there, or change `manifests` in reconciler.yaml; "
        "for a stack that wants no connections, put an empty file there"
    )
    if folders:
        hint = f"write `{folders[0].rstrip('/')}/**/*.yaml` for the files in it"
    return error(summary, location=glob.location, hint=hint)


def _twin(glob: str) -> str:
    """Return the glob with the other one of the two endings of YAML files, "" if it has neither of them."""
    return next((glob.removesuffix(ending) + other for ending, other in _TWINS.items() if glob.endswith(ending)), "")


def read_within(path: Path, stack: Path) -> bytes | Diagnostic:
    """Return the bytes of a manifest, or the problem that keeps it from being read.

    It follows links only inside the stack. Messages quote files, so whoever makes a link could otherwise read files outside.
    Also, some files have no end.
    """
    name = display_path(path)
    place = Location(name, 1, 1)
    if not name.isprintable():
        return error(f"A manifest cannot have the name {name!a}.", hint="rename the file; use UTF-8 and no control characters")
    try:
        real = path.resolve(strict=True)
        if not real.is_relative_to(stack):
            hint = "put the file itself there instead of a link, or narrow `manifests`"
            return error(f"{name} is a link that leads out of the stack.", location=place, hint=hint)
        if real.is_file():
            return real.read_bytes()
        cause = "Not a regular file"
    except RuntimeError:
        cause = "A loop of links"
    except OSError as broken:
        cause = str(broken.strerror)
    return error(f"{name} cannot be read.", detail=f"{cause}.", location=place, hint="check that it is a readable file")


def display_path(path: Path) -> str:
    """Return a path as messages show it: relative to the working directory if it is below it."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
