"""Reads and writes the working tree, and asks Git. Both are untrusted: whoever opens a pull request chooses what is in them.

`answers` keeps *there*, *not there* and *cannot be told* apart. `git` answers questions about commits, and is the only module
that starts a process. `snapshot` copies a directory of a commit. `walk` finds and reads the files that globs name.
`places` decides where reconciler may write, and `write` writes a file whole or not at all. Nothing here uses the network.
"""

from reconciler.workspace.answers import NOT_THERE, Answer, CannotTell, NotThere, There
from reconciler.workspace.git import GitMissing, GitUnusable, Repository
from reconciler.workspace.places import make_directory, permissions, place_to_write
from reconciler.workspace.snapshot import Snapshot
from reconciler.workspace.walk import display_path, find_files, read_within
from reconciler.workspace.write import write_file

__all__ = [
    "NOT_THERE",
    "Answer",
    "CannotTell",
    "GitMissing",
    "GitUnusable",
    "NotThere",
    "Repository",
    "Snapshot",
    "There",
    "display_path",
    "find_files",
    "make_directory",
    "permissions",
    "place_to_write",
    "read_within",
    "write_file",
]
