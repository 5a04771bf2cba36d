"""Resolving with the real index: what moves, and what stays."""
