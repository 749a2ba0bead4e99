"""Finds and reads the files that globs name. A file that is passed over by mistake costs: what no manifest wants is deleted."""

from collections.abc import Sequence
from pathlib import Path

from reconciler.model import Diagnostic, Location, Written, error, warning

_TWINS = {".yaml": ".yml", ".yml": ".yaml"}


def find_files(stack: Path, globs: Sequence[Written]) -> tuple[list[Path], list[Diagnostic]]:
    """Return the files of `stack` that `globs` match, sorted, and what is wrong with a glob."""
    matches: dict[str, set[Path]] = {}
    problems = []
    for glob in globs:
        try:
            matches[glob.text] = set(stack.glob(glob.text))
        except (ValueError, IndexError, NotImplementedError, OSError):  # what pathlib says to a pattern it cannot use
            hint = "write one such as connections/**/*.yaml; `**` stands for whole directories"
            problems.append(error(f"`manifests` cannot be `{glob.text}`: that is no glob.", location=glob.location, hint=hint))
    files = {path for found in matches.values() for path in found if not path.is_dir()}
    if not files and not problems:
        named = " or ".join(f"`{glob.text}`" for glob in globs)
        folders = sorted(glob.text for glob in globs if matches[glob.text] and "*" not in glob.text)
        return [], [_nothing(f"No file matches {named} in {stack}.", globs[0], folders[:1])]
    for glob in globs:
        found, twin = matches.get(glob.text), _twin(glob.text)
        if found is not None and not found & files and not matches.get(twin, set()) & files:
            problems.append(_nothing(f"No file matches `{glob.text}`.", glob, [glob.text] if found else []))
        elif found and twin and (unread := _unread(stack, twin, files)):
            others = f" and {len(unread) - 1} more" if len(unread) > 1 else ""
            summary = f"{display_path(unread[0])}{others} {'are' if others else 'is'} not read: no glob of `manifests` matches."
            problems.append(warning(summary, location=glob.location, hint=f"rename, or add `{twin}` to `manifests`"))
    return sorted(files), problems


def _unread(stack: Path, glob: str, files: set[Path]) -> list[Path]:
    """Return the files that `glob` matches and nothing reads, not even over a link."""
    left = [path for path in stack.glob(glob) if path not in files and path.is_file()]
    read = {path.resolve() for path in files if path.is_symlink()} if left else set()
    return sorted(path for path in left if path.resolve() not in read)


def _nothing(summary: str, glob: Written, folders: Sequence[str]) -> Diagnostic:
    named = f"write `{folders[0].rstrip('/')}/**/*.yaml` for the files in it" if folders else ""
    hint = named or "put a manifest there, or change `manifests` in reconciler.yaml; an empty file wants nothing"
    return error(summary, location=glob.location, hint=hint)


def _twin(glob: str) -> str:
    """Return the glob with the other of the two endings of YAML files, "" for one with neither."""
    return next((glob.removesuffix(ending) + other for ending, other in _TWINS.items() if glob.endswith(ending)), "")


def read_within(path: Path, stack: Path) -> bytes | Diagnostic:
    """Return the bytes of a manifest, or why they cannot be had.

    Links are followed inside the stack only: what a message quotes of a file outside would be read by whoever made the link,
    and there are files without an end.
    """
    name = display_path(path)
    place = Location(name, 1, 1)
    if not name.isprintable():
        return error(f"{name!a} is not a name for a manifest.", hint="rename the file: UTF-8, without control characters")
    try:
        real = path.resolve(strict=True)
        if not real.is_relative_to(stack):
            hint = "put the manifest itself there, or narrow `manifests`"
            return error(f"{name} is a link that leads out of the stack.", location=place, hint=hint)
        if real.is_file():
            return real.read_bytes()
        said = "Not a regular file"
    except RuntimeError:
        said = "A loop of links"
    except OSError as broken:
        said = str(broken.strerror)
    return error(f"{name} cannot be read.", detail=f"{said}.", location=place, hint="check that it is a readable file")


def display_path(path: Path) -> str:
    """Return a path as messages show it: from the working directory, where it is below that."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
