"""Hostile files for everything in the package that reads files; `python -m tests.fuzz --help` says how to run it."""
