"""Reads and writes the working tree, and asks Git. Both are untrusted: whoever opens a pull request chooses what is in them.

`git` answers questions about commits, and is the only module of reconciler that starts a process. `walk` finds and reads the
files that globs name. `write` writes a file whole or not at all. Nothing here uses the network.
"""

from reconciler.workspace.git import GitMissing, GitUnusable, Repository
from reconciler.workspace.walk import display_path, find_files, read_within
from reconciler.workspace.write import write_file

__all__ = ["GitMissing", "GitUnusable", "Repository", "display_path", "find_files", "read_within", "write_file"]
