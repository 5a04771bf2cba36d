"""The bugs that people wrote: tables in TOML, a file for each area of the code.

    [["keras/src/optimizers/adagrad.py"."Adagrad.update_step"]]
    what = "epsilon is outside of the root"
    old = "ops.sqrt(ops.add(accumulator, self.epsilon))"
    new = "ops.add(ops.sqrt(accumulator), self.epsilon)"
    by = "values/test_edges.py::test_an_epsilon[Adagrad]"

`old` stands once in the body of that function, or of that method. `by` is the test that is known to
see it, which a planting tries first. Of a bug that no number shows `equivalent` says why; where no
test sees one that has its effect, `missed` says which row is missing.
"""

from __future__ import annotations

import random
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path

from gradlock.errors import InputError

FOLDER = Path(__file__).with_name("bugs")
#: The suite that the tests are in.
SUITE = "gradients/"
NEEDED, ALLOWED = ("what", "old", "new"), ("by", "equivalent", "missed")
#: A bug: its table, file and function, and what the table has of it.
Row = dict[str, str]


def read(paths: Iterable[Path] = ()) -> list[Row]:
    """Return the bugs of some tables, or of all.

    Raises:
        InputError: what is wrong with rows, all of it.

    """
    rows, wrong = [], []
    for path in paths or sorted(FOLDER.glob("*.toml")):
        for file, functions in tomllib.loads(path.read_text(encoding="utf-8")).items():
            for function, bugs in functions.items():
                for bug in bugs:
                    row = {"table": path.name, "file": file, "function": function, **bug}
                    wrong += [f"{path.name}: {file}: {function}: {one}" for one in _wrong(bug)]
                    rows.append(row)
    places = [(row["file"], row["function"], row["old"], row["new"]) for row in rows if not wrong]
    wrong += [f"twice: {' | '.join(one)}" for one in sorted(set(places)) if places.count(one) > 1]
    if wrong:
        raise InputError("\n".join(["these bugs cannot be planted:", *wrong]))
    return [row | {"by": f"{SUITE}{row['by']}"} if "by" in row else row for row in rows]


def sample(rows: Sequence[Row], seed: str, count: int) -> list[Row]:
    """Return some of the bugs that a test is known to see, as a seed decides."""
    known = [row for row in rows if "by" in row]
    return random.Random(seed).sample(known, min(count, len(known)))


def _wrong(bug: Row) -> list[str]:
    """Return what is wrong with a row."""
    wrong = [f"no {name!r}" for name in NEEDED if name not in bug]
    wrong += [f"{name!r} says nothing here" for name in bug if name not in NEEDED + ALLOWED]
    if bug.get("old") == bug.get("new"):
        wrong.append("'old' is 'new'")
    if len({"by", "equivalent", "missed"} & set(bug)) > 1:
        wrong.append("either a test sees it, or it is 'equivalent', or 'missed'")
    return wrong
