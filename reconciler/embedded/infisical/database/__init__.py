"""The SQLite file: its tables, and the reads and writes of each."""
