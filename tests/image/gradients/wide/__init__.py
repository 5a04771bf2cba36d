"""Rows of many numbers, for `test_wide`."""
