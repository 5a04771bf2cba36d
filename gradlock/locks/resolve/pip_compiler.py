"""Runs pip-compile for several rows in one process; run by the image's Python, not imported.

    python -P pip_compiler.py ROWS.json

The file holds pip-compile's command line of each row, by the row's name; each answers in its own
output file. It is pip-compile itself that resolves, and pip that asks the index; but a page of the
index is read once for all rows, and so is the metadata that is in a wheel and not beside it. That
of the pins that rows start with is asked for ahead, several at a time: one by one, a third of the
time was spent waiting for it.

`-P`, since modules beside this one have the names of what it imports.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from pathlib import Path

from pip._internal.exceptions import PipError
from pip._internal.models.link import Link
from pip._internal.network import lazy_wheel
from pip._internal.operations import prepare
from pip._vendor.packaging.utils import canonicalize_name
from piptools.repositories import PyPIRepository
from piptools.scripts import compile as pip_compile

#: Wheels whose metadata is read at a time: pip keeps ten connections.
AT_ONCE = 8
#: What asking ahead may meet: pip asks again where it needs it, and tells.
REFUSALS = (PipError, lazy_wheel.HTTPRangeRequestUnsupported, OSError)
#: What pip reads anew in each run; asked for by the same words, it is read once.
metadata_in = cache(lazy_wheel.dist_from_wheel_url)


class Shared:
    """Makes what asks the index, and keeps its pages: the same for the same options."""

    def __init__(self, pins: Iterable[tuple[str, str]]) -> None:
        self._pins = tuple(pins)
        self._made: dict[tuple[object, ...], PyPIRepository] = {}

    def __call__(self, options: list[str], cache_dir: str) -> PyPIRepository:
        """Stand in for the class that pip-compile makes one of, twice in every run."""
        key = (*options, cache_dir)
        if key not in self._made:
            self._made[key] = PyPIRepository(options, cache_dir=cache_dir)
            ask_ahead(self._made[key], self._pins)
        return self._made[key]


def ask_ahead(repository: PyPIRepository, pins: Iterable[tuple[str, str]]) -> None:
    """Read the metadata of pins, each a name and a version, where it is in the wheel."""

    def read(name: str, link: Link) -> None:
        with suppress(*REFUSALS):
            # As pip asks for it, so that its question meets the answer.
            metadata_in(canonicalize_name(name), link.url.partition("#")[0], repository.session)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        for name, version in pins:
            if link := _link(repository, name, version):
                pool.submit(read, name, link)


def _link(repository: PyPIRepository, name: str, version: str) -> Link | None:
    """Return the wheel that pip takes of a release, where it has no metadata beside it."""
    with suppress(*REFUSALS):
        found = [
            candidate
            for candidate in repository.find_all_candidates(name)
            if str(candidate.version) == version
        ]
        best = repository.finder.make_candidate_evaluator(name).compute_best_candidate(found)
        link = best.best_candidate and best.best_candidate.link
        if link and link.is_wheel and not link.metadata_link():
            return link
    return None


def pins_of(words: list[str]) -> list[tuple[str, str]]:
    """Return the releases that a command line starts with: its output file has them."""
    lines = Path(words[words.index("--output-file") + 1]).read_text(encoding="utf-8").splitlines()
    parts = (line.partition("==") for line in lines)
    return [(name, version) for name, same, version in parts if same]


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
    rows: dict[str, list[str]] = json.loads(path.read_text(encoding="utf-8"))
    pins = dict.fromkeys(pin for words in rows.values() for pin in pins_of(words))
    vars(pip_compile)["PyPIRepository"] = Shared(pins)
    vars(prepare)["dist_from_wheel_url"] = metadata_in
    for name, words in rows.items():
        if status := run(words):
            print(f"(of {name})", file=sys.stderr)
            return status
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
