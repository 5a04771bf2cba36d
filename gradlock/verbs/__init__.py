"""The verbs, one a module: each parses its flags and calls the library; tasks.py collects them."""
