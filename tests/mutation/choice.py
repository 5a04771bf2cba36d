"""Chooses which tests the core leaves to `--tier all`: `python -m tests.mutation.choice`.

It reads what a run of the core and of the session `mutation` left in `reports/cpu`: how long each
test takes, which lines it runs, which was the first to see a mutant; and the tables of bugs, which
name a test for each. It writes the suite's `spared.toml`. What is the known one to see a mutant or
a bug stays, and what nothing is like; so do the last three tests of each line that must be run,
and the last of any other line and of a way of a branch. Of the others those go that take longest
for what they run that few others run, until the core takes no more than `--seconds`.

What stands in the file stays there, unless a table names it by now: what the core does not run has
neither time nor lines. To choose all anew, empty the file, and run both sessions first.
"""

from __future__ import annotations

import argparse
import heapq
import json
import sys
import tomllib
from collections import Counter
from collections.abc import Collection, Container, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from gradlock import progress, store
from tests.mutation import table

HEADING = """\
# Tests that the core leaves to `--tier all`, by file. `python -m tests.mutation.choice` writes and
# explains this: others run their lines, and other tests are the known ones to see each bug.
"""
SUITE = store.ROOT / "tests" / "image" / "gradients"
FILE = SUITE / "spared.toml"
#: What the core's tests may take together, in core-seconds: docs/sensitivity.md says what is lost.
SECONDS = 125.0
#: So many tests stay of each line that must be run, and of any other, or a way of a branch: or all.
LEAST, LEAST_OF_OTHERS = 3, 1
#: A test that takes less is not worth a line in the file.
DEAR = 0.014
#: A line that more tests run says nothing of any.
COMMON = 300
#: Of what is the known one to see a bug in one of so many rows, all rows stay.
OFTEN = 5
#: What holds the suite's own checks to wrong gradients: TensorFlow's lines say nothing of it.
OWN = "gradients/test_checks.py"
#: The function whose rows are checks of the table, and the checks that ask about a kernel.
TABLE = "::test_case"
OF_KERNELS = (
    *("float32", "bfloat16", "float16", "repeat", "xla", "forward", "function", "jacobian"),
    "called",
)


@dataclass(frozen=True)
class Line:
    """The tests that run a line, or go one way there; how many stay, if there are as many."""

    tests: frozenset[str]
    least: int


def lines(rows: bytes, held: Container[str]) -> list[Line]:
    """Return all lines of a report of which test runs which; those of some files must be run."""
    told = json.loads(rows)
    return [
        Line(
            frozenset(told["tests"][number] for number in numbers),
            LEAST if place.rpartition(":")[0] in held else LEAST_OF_OTHERS,
        )
        for place, numbers in told["lines"].items()
    ]


def seconds(junit: bytes) -> dict[str, float]:
    """Return how long each test took, by its name."""
    found: Counter[str] = Counter()
    for case in ElementTree.fromstring(junit).iter("testcase"):  # noqa: S314 - ours
        file = case.attrib["classname"].replace(".", "/")
        found[f"{file}.py::{case.attrib['name']}"] += float(case.attrib["time"])
    return dict(found)


def choose(
    took: Mapping[str, float], lines: Iterable[Line], needed: Container[str], goal: float
) -> list[str]:
    """Return the tests to leave out, until what stays takes no longer than the goal.

    What a test is worth is one for each of its lines, shared among all that run it; as tests go,
    the others are worth more.
    """
    there = [Line(line.tests & took.keys(), line.least) for line in lines]
    rare = [line for line in there if len(line.tests) <= COMMON]
    count = [len(line.tests) for line in rare]
    of_test: dict[str, list[int]] = {name: [] for name in took}
    for number, line in enumerate(rare):
        for name in line.tests:
            of_test[name].append(number)

    def worth(name: str) -> float:
        return sum(1 / count[number] for number in of_test[name]) / took[name]

    left, total = list[str](), sum(took.values())
    dear = [(worth(name), name) for name in took if took[name] >= DEAR and name not in needed]
    heapq.heapify(dear)
    while dear and total > goal:
        before, name = heapq.heappop(dear)
        if any(count[number] <= rare[number].least for number in of_test[name]):
            continue
        if (now := worth(name)) > before:
            heapq.heappush(dear, (now, name))
            continue
        for number in of_test[name]:
            count[number] -= 1
        left.append(name)
        total -= took[name]
    return left


def catchers(found: Iterable[str]) -> set[str]:
    """Return the tests that saw a mutant or a bug, from lines of JSON; of one the last counts."""
    entries = {entry["id"]: entry for entry in map(json.loads, found)}
    return {entry["by"] for entry in entries.values() if entry["by"]}


def kind(name: str) -> str:
    """Return what a test is a row of: its function; of the table, its check."""
    function, _, row = name.partition("[")
    if not function.endswith(TABLE):
        return function
    return f"{function} {row.rpartition('-')[2].rstrip(']')}"


def telling(tests: Collection[str], seen: Collection[str]) -> set[str]:
    """Return the tests that stay because of what they are rows of.

    That is what has one row alone; what has often been the known one to see a bug; what asks about
    a kernel, which no change of Python's source shows; what holds the suite's own checks.
    """
    rows, hits = Counter(map(kind, tests)), Counter(map(kind, seen))
    return {
        name
        for name in tests
        if rows[of := kind(name)] == 1
        or hits[of] * OFTEN >= rows[of]
        or of.rpartition(" ")[2] in OF_KERNELS
        or of.startswith(OWN)
    }


def text(names: Iterable[str]) -> str:
    """Return the file's text."""
    files: dict[str, list[str]] = {}
    for name in sorted(names):
        file, _, test = name.removeprefix(f"{SUITE.name}/").partition("::")
        files.setdefault(file, []).append(test)
    told = list[str]()
    for file, tests in files.items():
        told += ["", f"{json.dumps(file)} = [", *(f"  {json.dumps(test)}," for test in tests), "]"]
    return HEADING + "\n".join(told) + "\n"


def main() -> int:
    """Write the file, and return a status."""
    reports = store.ROOT / "reports" / "cpu"
    parser = argparse.ArgumentParser(prog="python -m tests.mutation.choice", description=__doc__)
    parser.add_argument("--seconds", type=float, default=SECONDS, help="what the core may take")
    parser.add_argument(
        "--found",
        nargs="*",
        type=Path,
        default=sorted((reports / "mutation").glob("*.jsonl")),
        help="what became of mutants and bugs, as the session mutation leaves it",
    )
    given = parser.parse_args()
    (rows,) = (reports / "mutation").glob("rows-*.json")
    held = json.loads((reports / "gradients.coverage.json").read_bytes())
    there = lines(rows.read_bytes(), held)
    took = seconds((reports / "gradients.xml").read_bytes())
    named = {row["by"] for row in table.read() if "by" in row}
    seen = catchers(line for path in given.found for line in path.read_text("utf-8").splitlines())
    idle = took.keys() - frozenset().union(*(line.tests for line in there))
    before = {
        f"{SUITE.name}/{file}::{test}"
        for file, tests in tomllib.loads(FILE.read_text("utf-8")).items()
        for test in tests
    } - named
    needed = named | seen | idle | telling(took, named | seen)
    left = choose(took, there, needed | before, given.seconds)
    FILE.write_text(text(before | set(left)), encoding="utf-8")
    stays = sum(took.values()) - sum(took[name] for name in left)
    progress.say(f"{len(left)} tests more are left out; the others take {stays:.0f} core-seconds")
    return 0


if __name__ == "__main__":
    sys.exit(main())
