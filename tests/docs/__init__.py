"""The documentation is held to what the tool does: commands run, reference pages are regenerated, links lead somewhere."""
