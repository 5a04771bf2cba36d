"""The checks on gradients catch what is wrong: mutants planted in the image's own TensorFlow."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from gradlock import store
from gradlock.engine import containers
from gradlock.engine.engine import Engine
from gradlock.inside import box
from gradlock.inside import suites as inside
from tests.mutation import __main__ as mutation
from tests.mutation import table

HERE = Path(__file__).parent
PLANT = HERE / "plant.py"
#: How many bugs of the tables are planted.
SAMPLE, TABLE = 24, "table.json"
#: Says which bugs of a table an image's packages do not have.
LOOK = f"""\
import json, sys
from pathlib import Path
from gradients.coverage import scope
from gradients.mutation.tasks import Bugs
sources = {{name: path.read_text("utf-8") for name, path in scope.everything().items()}}
gone = Bugs.of(json.loads(Path("{TABLE}").read_text("utf-8")), sources).gone
sys.exit("\\n".join(gone) or 0)
"""
SECONDS = 600
#: Every kind, and how many operations it must have been planted in at least.
KINDS = {
    "scaled by 1 + 1e-4": 200,
    "one element zeroed": 200,
    "one sign flipped": 200,
    "rolled": 200,
    "wrong under XLA": 10,
    "wrong in tf.function": 10,
    "wrong in float32": 10,
    "wrong in bfloat16": 10,
    "wrong in float16": 10,
    "not deterministic": 10,
    "wrong forward mode": 10,
    "wrong vectorised": 4,
}


@pytest.fixture(scope="module")
def mutants(docker_engine: Engine, cpu_image: str) -> list[dict[str, Any]]:
    """Plant mutants inside the CPU image, and return each with what caught it."""
    program, found = str(box.TESTS / PLANT.name), str(box.RESULTS / "mutants.json")
    argv, options = ["timeout", str(SECONDS), "python", program, found], box.options(docker_engine)
    with containers.container(docker_engine, cpu_image, argv, kind="e2e", **options) as container:
        box.put(container, {**inside.sources(), PLANT.name: PLANT.read_bytes()})
        assert inside.follow(container, SECONDS + inside.GRACE) == 0
        text = box.results(container)["mutants.json"].decode()
    store.write_text(store.ROOT / "reports/cpu/mutants.json", text)
    return list(json.loads(text))


def test_every_mutant_is_caught(mutants: list[dict[str, Any]]) -> None:
    escaped = [f"{one['kind']}: {one['operation']}" for one in mutants if not one["case"]]
    caught = len(mutants) - len(escaped)
    print(f"caught {caught} of {len(mutants)} mutants", Counter(one["check"] for one in mutants))
    assert not escaped


def test_mutants_are_planted_all_over(mutants: list[dict[str, Any]]) -> None:
    planted = Counter(one["kind"] for one in mutants)
    assert {kind: planted[kind] for kind in KINDS if planted[kind] < KINDS[kind]} == {}
    groups = {one["case"].partition("/")[0] for one in mutants}
    # Rows that sweep attributes differentiate what other rows do: bugs are for them.
    modules = {
        path.stem
        for path in (inside.TESTS / "gradients/cases").glob("[a-z]*.py")
        if "sweep(" not in path.read_text(encoding="utf-8")
    }
    # A Keras layer is made of operations that smaller cases catch before it.
    assert modules - groups <= {"layers", "recurrent", "attention"}


def test_bugs_that_people_wrote_are_in_this_release(docker_engine: Engine, cpu_image: str) -> None:
    """Else nobody knows whether the suite would see them."""
    argv, options = ["python", "-c", LOOK], box.options(docker_engine)
    with containers.container(docker_engine, cpu_image, argv, kind="e2e", **options) as container:
        box.put(container, {**inside.sources(), TABLE: json.dumps(table.read()).encode()})
        assert inside.follow(container, SECONDS) == 0


def test_bugs_that_people_wrote_are_caught(docker_engine: Engine, cpu_image: str) -> None:
    """A sample, each held to the test that its table names: one that is no more is an error."""
    rows = table.sample(table.read(), cpu_image, SAMPLE)
    options = {"bugs": box.TESTS / TABLE, "jobs": os.cpu_count()}
    words = mutation.planting(*{row["by"] for row in rows}, **options)
    files, left = {**inside.sources(), TABLE: json.dumps(rows).encode()}, dict[str, bytes]()
    assert mutation.run(docker_engine, cpu_image, words, SECONDS, files, left.update) == 0
    found = [json.loads(line)["by"] for line in left[mutation.FOUND].splitlines()]
    assert sorted(found) == sorted(row["by"] for row in rows)
