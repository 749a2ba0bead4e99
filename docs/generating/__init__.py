"""One module a kind of reference page: code and schemas in, Markdown out."""
