"""Locks: made from the inputs, read as values, held to rules."""
