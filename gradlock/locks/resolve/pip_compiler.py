"""Runs pip-compile for several rows in one process; run by the image's Python, not imported.

    python -P pip_compiler.py ROWS.json

The file holds pip-compile's command line of each row, by the row's name; each answers in its own
output file. It is pip-compile itself that resolves, and pip that asks the index; but a page of the
index is read once for all rows, and so is the metadata that is in a wheel and not beside it.

`-P`, since modules beside this one have the names of what it imports.
"""

from __future__ import annotations

import json
import sys
from functools import cache
from pathlib import Path

from pip._internal.exceptions import PipError
from pip._internal.network import lazy_wheel
from pip._internal.operations import prepare
from piptools.repositories import PyPIRepository
from piptools.scripts import compile as pip_compile


@cache
def _repository(options: tuple[str, ...], cache_dir: str) -> PyPIRepository:
    return PyPIRepository(list(options), cache_dir=cache_dir)


def shared(options: list[str], cache_dir: str) -> PyPIRepository:
    """Return what asks the index, and keeps its pages: the same for the same options."""
    return _repository(tuple(options), cache_dir)


def run(words: list[str]) -> int:
    """Run pip-compile; return its exit status."""
    try:
        pip_compile.cli.main(words)
    except SystemExit as end:
        return int(end.code or 0)
    except PipError as error:  # pip-compile shows some of pip's with a traceback
        print(error, file=sys.stderr)
    return 1


def main(path: Path) -> int:
    """Run pip-compile for each row, to the first that fails, whose name is said."""
    # pip-compile makes one for itself, twice in every run; pip reads metadata anew in each.
    vars(pip_compile)["PyPIRepository"] = shared
    vars(prepare)["dist_from_wheel_url"] = cache(lazy_wheel.dist_from_wheel_url)
    for name, words in json.loads(path.read_text(encoding="utf-8")).items():
        if status := run(words):
            print(f"(of {name})", file=sys.stderr)
            return status
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
