"""Makes the reference pages from code and schemas. Each kind of page has its own module."""
