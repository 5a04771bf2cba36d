"""Artifacts: every file that a lock names, in the store, by its hash."""
