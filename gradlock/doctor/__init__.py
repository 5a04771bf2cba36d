"""What is wrong with this machine, or with a container: looked at, changed by nothing here.

It works before `./inv setup` does: at import, only Python's own library is needed.
"""
