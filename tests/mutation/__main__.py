"""Plants mutants of gradient code inside the CPU image: `python -m tests.mutation --mutants 300`.

With `--bugs` it plants the bugs of the tables that people wrote instead: those named, or all. First
the suite runs once, and keeps which test runs which line; then each mutant is held to those tests.
All stands in `reports/cpu/mutation`, from where the next run goes on: of the same image and suite
what was found is taken, of others the test that caught a mutant is tried first. Fails where no
mutant was planted, or a goal is missed; where a bug is not what its table says.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from gradlock import progress, store
from gradlock.engine import containers
from gradlock.engine.engine import Engine
from gradlock.inputs import variants
from gradlock.inside import box, suites
from gradlock.verbs import building, connection
from tests.mutation import table

#: Mutants by default, of each package half, and seconds after which none is begun.
MUTANTS, SECONDS = 1000, 3 * 3600
#: Seconds that the suite, or the mutants that are begun, may take besides.
GRACE = 1800
#: The suite's modules that no test's outcome depends on; but which lines are told of, one says.
ASIDE, SCOPE = ("gradients/mutation/", "gradients/coverage/"), "gradients/coverage/scope.py"
SUITE = "gradients"
#: Where the container has what earlier runs left, and what the suite's results are called.
KEPT, ROWS, FOUND = "kept", "gradients.rows.json", "gradients.mutation.jsonl"
#: The bugs that are planted, as the container has them.
BUGS = f"{KEPT}/table.json"


def state(image: str, files: Mapping[str, bytes]) -> str:
    """Return the digest of an image and of the suite that mutants in it are held to."""
    told = {
        name: store.digest(data)
        for name, data in files.items()
        if (name.startswith("gradients/") or "/" not in name)
        and (name == SCOPE or not name.startswith(ASIDE))
    }
    return store.digest(json.dumps([image, told], sort_keys=True).encode())


def pytest(seconds: int, *words: str) -> list[str]:
    """Return the command of a session, which lets others on the machine go first."""
    return [
        *("nice", "timeout", "--kill-after=10", str(seconds)),
        *("python", "-m", "pytest", f"--junitxml={box.RESULTS}/gradients.xml", "-q"),
        *words,
    ]


def suite() -> list[str]:
    """Return what pytest is told to run the suite, and to keep which test runs which line."""
    return ["-n", "auto", "--maxprocesses=4", "--coverage=rows", SUITE]


def planting(*tests: str, **options: object) -> list[str]:
    """Return what pytest is told to plant mutants, and to hold them to tests, or to the suite's.

    `options` are those of the suite's plugin.
    """
    given = [f"--{name}={value}" for name, value in options.items()]
    # Processes are forked by the thousand: none may fill a file that all have for their output.
    return ["-s", "-p", "no:faulthandler", *given, *(tests or (SUITE,))]


def run(
    engine: Engine,
    image: str,
    words: Sequence[str],
    seconds: int,
    files: Mapping[str, bytes],
    keep: Callable[[Mapping[str, bytes]], None],
) -> int:
    """Run a session in a container, keep what it left, however it ends, and return its status.

    It ends by itself within its `seconds`; from outside it is ended later, were that to fail.
    """
    argv = pytest(seconds, *words)
    with containers.container(
        engine, image, argv, kind="tests", **box.options(engine)
    ) as container:
        box.put(container, files)
        try:
            return suites.follow(container, seconds + suites.GRACE)
        finally:
            keep(box.results(container))


def keep_rows(path: Path, results: Mapping[str, bytes]) -> None:
    """Keep which test runs which line, and nothing of an earlier suite."""
    if ROWS in results:
        for old in path.parent.glob("rows-*.json"):
            old.unlink()
        with store.replacing(path) as part:
            part.write_bytes(results[ROWS])


def keep_found(path: Path, results: Mapping[str, bytes]) -> None:
    """Add what became of mutants to what is known; the last that was found of each stands."""
    before = path.read_bytes() if path.exists() else b""
    # Of a run that was ended, the last line may be half of one.
    whole, _, _ = results.get(FOUND, b"").rpartition(b"\n")
    lines = {json.loads(line)["id"]: line for line in (before + whole).splitlines()}
    with store.replacing(path) as part:
        part.write_bytes(b"".join(line + b"\n" for line in lines.values()))


def main() -> int:
    """Plant, keep what was found, and return a status."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--mutants", type=int, default=MUTANTS, help="how many are drawn")
    parser.add_argument("--bugs", nargs="*", type=Path, help="plant these tables' bugs, or all")
    parser.add_argument("--seconds", type=int, default=SECONDS, help="begin none after so many")
    parser.add_argument("--seed", default="", help="what they are drawn by; else the image's ID")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="so many at a time")
    given = parser.parse_args()
    engine, row = connection.connect(), variants.load().cpu
    image = building.present(engine, row)
    image_id = engine.client.images.get(image).id or image
    bugs = None if given.bugs is None else table.read(given.bugs)
    tests = suites.sources()
    current, folder = state(image_id, tests), store.ROOT / "reports" / row.name / "mutation"
    rows = folder / f"rows-{current[:12]}.json"
    found = folder / ("mutants.jsonl" if bugs is None else "bugs.jsonl")
    if not rows.exists() and run(engine, image, suite(), GRACE, tests, partial(keep_rows, rows)):
        # What fails without a mutant proves nothing: it is left out.
        progress.say("the suite fails as it is: its other tests are held to mutants")
    if not rows.exists():
        progress.say("no test told which lines it runs")
        return 1
    keep_found(found, {})
    kept = {f"{KEPT}/{path.name}": path.read_bytes() for path in (rows, found)}
    if bugs is None:
        task: dict[str, object] = {"mutants": given.mutants, "seed": given.seed or image_id}
    else:
        kept[BUGS], task = json.dumps(bugs).encode(), {"bugs": box.TESTS / BUGS}
    words = planting(
        **task,
        seconds=given.seconds,
        jobs=given.jobs,
        rows=box.TESTS / KEPT / rows.name,
        known=box.TESTS / KEPT / found.name,
        state=current,
    )
    limit = given.seconds + GRACE
    return run(engine, image, words, limit, tests | kept, partial(keep_found, found))


if __name__ == "__main__":
    sys.exit(main())
