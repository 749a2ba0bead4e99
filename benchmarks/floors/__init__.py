"""The floors: scripts that do the bare work and nothing else. Each is run by its path, in a process of its own."""
