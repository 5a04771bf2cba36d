"""The checks on gradients catch what is wrong: mutants planted in the image's own TensorFlow."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from gradlock import store
from gradlock.engine import containers
from gradlock.engine.engine import Engine
from gradlock.inside import box
from gradlock.inside import suites as inside
from tests.e2e import bugs

HERE = Path(__file__).parent
PLANT, BRANCHES, REWRITE, BUGS = (
    HERE / name for name in ("plant.py", "branches.py", "rewrite.py", "bugs.py")
)
#: Every so many mutants of Keras's files one is written: each starts TensorFlow anew.
EVERY = 7
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
    # Rows that sweep attributes differentiate what other rows do: `branches` is about them.
    modules = {
        path.stem
        for path in (inside.TESTS / "gradients/cases").glob("[a-z]*.py")
        if "sweep(" not in path.read_text(encoding="utf-8")
    }
    # A Keras layer is made of operations that smaller cases catch before it.
    assert modules - groups <= {"layers", "recurrent", "attention"}


def test_wrong_branches_are_caught_by_the_core(docker_engine: Engine, cpu_image: str) -> None:
    """What only an attribute, a size or a tie shows, written into TensorFlow's own source."""
    program, found = str(box.TESTS / BRANCHES.name), str(box.RESULTS / "branches.json")
    argv, options = ["timeout", str(SECONDS), "python", program, found], box.options(docker_engine)
    beside = {path.name: path.read_bytes() for path in (BRANCHES, BRANCHES.with_suffix(".toml"))}
    with containers.container(docker_engine, cpu_image, argv, kind="e2e", **options) as container:
        box.put(container, {**inside.sources(), **beside})
        assert inside.follow(container, SECONDS + inside.GRACE) == 0
        branches = json.loads(box.results(container)["branches.json"])
    store.write_text(store.ROOT / "reports/cpu/branches.json", json.dumps(branches, indent=1))
    assert len(branches) >= 40
    assert [f"{one['function']}: {one['new']}" for one in branches if not one["case"]] == []


def test_bugs_in_keras_are_caught(docker_engine: Engine, cpu_image: str) -> None:
    """A sample of `bugs`, in a copy of the image's own Keras."""
    program, found = str(box.TESTS / REWRITE.name), str(box.RESULTS / "rewritten.json")
    names = [mutant.name for mutant in bugs.MUTANTS[::EVERY]]
    argv = ["timeout", str(SECONDS), "python", program, found, *names]
    options = box.options(docker_engine)
    with containers.container(docker_engine, cpu_image, argv, kind="e2e", **options) as container:
        programs = {path.name: path.read_bytes() for path in (REWRITE, BUGS)}
        box.put(container, {**inside.sources(), **programs})
        assert inside.follow(container, SECONDS + inside.GRACE) == 0
        planted = json.loads(box.results(container)["rewritten.json"].decode())
    assert [one["name"] for one in planted if one["caught"]] == names
