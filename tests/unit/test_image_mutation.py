"""The mutants of gradient code: which there are, and that one is planted in what is loaded."""

from __future__ import annotations

import ast
import gc
import importlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

IMAGE_SUITES = Path(__file__).parents[1] / "image"
SOURCE = '''\
class Layer:
    def call(self, x):
        """1 + 2."""
        return x - 2


def gradient(op, grad, axis=0):
    if op < 0:
        raise ValueError(1 + 1)
    if op and not grad:
        grad = -grad
    def inner(x):
        return matmul(x, grad, transpose_a=True)
    total = reduce_sum(cast(grad, "float64"), axis=1)
    return inner(total) * 0.5


def step(self, x, mask=None):
    if mask is None and x:
        warnings.warn("1 + 1", stacklevel=2)
        x = mask
    if x < 1:
        warnings.warn("small")
    if x < 2:
        if mask:
            raise ValueError(2)
    if self.centered:
        x = ops.maximum(reshape(x, [3]), mask)
    self.count += 1
    self.assign(abs(x), mask=mask)
    return x, mask


def get_config(self):
    return 1 + 1
'''


@pytest.fixture
def mutation(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Return the modules."""
    monkeypatch.syspath_prepend(str(IMAGE_SUITES))
    names = ("bugs", "corpus", "mutants", "order", "planting", "processes", "score", "tasks")
    return SimpleNamespace(
        **{name: importlib.import_module(f"gradients.mutation.{name}") for name in names}
    )


@pytest.fixture
def found(mutation: SimpleNamespace) -> list[Any]:
    """Return the mutants of the source."""
    return list(mutation.mutants.mutants(SOURCE, "made_up.py"))


@pytest.mark.parametrize(
    ("pattern", "after"),
    [
        ("operands swapped", "return 2 - x"),
        ("operands swapped", "return matmul(grad, x, transpose_a=True)"),
        ("operator changed", "return x + 2"),
        ("term dropped", "return x"),
        ("term dropped", "return inner(total)"),
        ("sign lost", "grad = grad"),
        ("condition negated", "if op and grad:"),
        ("and for or", "if op or not grad:"),
        ("flag flipped", "return matmul(x, grad, transpose_a=False)"),
        ("reduction left out", "total = cast(grad, 'float64')"),
        ("cast lost", "total = reduce_sum(grad, axis=1)"),
        ("axis off by one", "total = reduce_sum(cast(grad, 'float64'), axis=0)"),
        ("constant moved", "return inner(total) * 0.75"),
        ("comparison moved", "if mask is not None and x:"),
        ("condition negated", "if not self.centered:"),
        ("statement left out", "pass"),
        ("operator changed", "self.count -= 1"),
        ("function mistaken", "x = ops.minimum(reshape(x, [3]), mask)"),
        ("shape left as it is", "x = ops.maximum(x, mask)"),
        ("function left out", "self.assign(x, mask=mask)"),
        ("argument left out", "self.assign(abs(x))"),
        ("outputs swapped", "return (mask, x)"),
    ],
)
def test_mistakes(found: list[Any], pattern: str, after: str) -> None:
    assert (pattern, after) in {(one.pattern, one.after) for one in found}


def test_each_differs_from_what_was_there_and_from_the_others(found: list[Any]) -> None:
    assert all(one.before != one.after for one in found)
    assert len({(one.node, one.choice) for one in found}) == len(found)


def test_nothing_is_touched_that_computes_no_number(found: list[Any]) -> None:
    """A docstring, a default, a refusal and its condition, a warning, a description."""
    lines = SOURCE.splitlines()
    touched = {lines[one.line - 1].strip() for one in found}
    words = ('"""', "def ", "raise ", "if op < 0", "if x < ", "warnings", "return 1 + 1")
    assert not [line for line in touched if line.startswith(words)]
    assert "self.count += 1" in touched


def test_lines_stay_where_they_are(mutation: SimpleNamespace, found: list[Any]) -> None:
    lines = [one.lineno for one in ast.walk(ast.parse(SOURCE)) if isinstance(one, ast.stmt)]
    for one in found:
        tree = one.tree(SOURCE)
        assert [node.lineno for node in ast.walk(tree) if isinstance(node, ast.stmt)] == lines
        compile(tree, "made_up.py", "exec")


def test_a_mutant_is_planted_where_a_function_is_held(
    mutation: SimpleNamespace, found: list[Any]
) -> None:
    """Not by its name in a module: a registry that holds it has the mutant, too.

    The suite freezes what is loaded once its tests are collected.
    """
    module: dict[str, Any] = {}
    exec(compile(SOURCE, "made_up.py", "exec"), module)  # noqa: S102 - our own
    registry = {"call": module["Layer"].call}
    gc.freeze()
    functions = mutation.planting.loaded(["made_up.py"])
    (mutant,) = (one for one in found if one.after == "return 2 - x")
    assert registry["call"](None, 5) == 3
    assert mutation.planting.plant(mutant, SOURCE, "made_up.py", functions)
    assert registry["call"](None, 5) == -3
    assert not mutation.planting.plant(mutant, SOURCE, "made_up.py", {})


def entry(status: str, **fields: object) -> dict[str, Any]:
    """Return what is found of a mutant."""
    common = {"file": "keras/a.py", "line": 3, "outermost": "f", "pattern": "sign lost"}
    diff = {"before": "return -x", "after": "return x", "ran": 1, "tests": 2, "by": ""}
    return common | diff | {"status": status} | fields


def test_survivors_are_told_with_their_diff(mutation: SimpleNamespace) -> None:
    statuses = ("caught", "survived", "hangs", "died", "not planted")
    _, keras, _ = mutation.score.scores(map(entry, statuses), {})
    assert list(keras.lines()) == [
        "survived: keras/a.py:3: f",
        "  sign lost, 1 of 2 tests",
        *("  - return -x", "  + return x"),
        "keras: 3 of 4 mutants caught (75.0%; of all 30.1% to 95.4%), goal 90%; 0 more change no "
        "number",
    ]


def test_what_changes_no_number_does_not_count(mutation: SimpleNamespace, tmp_path: Path) -> None:
    """Unless it is caught: then the record is wrong, and the session fails."""
    path = tmp_path / "equivalent.toml"
    row = '{ before = "return -x", after = "return x", why = "zero" }'
    text = '[reasons]\nzero = "it is 0"\n["keras/a.py"]\nf = [' + row + "]\n"
    path.write_text(text)
    known = mutation.score.read(path)
    assert known == {("keras/a.py", "f", "return -x", "return x"): "it is 0"}
    other = {"after": "return 0"}
    _, keras, _ = mutation.score.scores([entry("survived"), entry("caught", **other)], known)
    assert (keras.caught, keras.effective, keras.equivalent, keras.failed) == (1, 1, 1, False)
    _, keras, _ = mutation.score.scores([entry("caught")], known)
    assert keras.failed
    path.write_text(text.replace("zero =", "other ="))
    with pytest.raises(ValueError, match="no reason 'zero'"):
        mutation.score.read(path)


def test_the_committed_record_can_be_read(mutation: SimpleNamespace) -> None:
    assert all(mutation.score.read().values())


def test_a_goal_is_missed_where_the_sample_says_so(mutation: SimpleNamespace) -> None:
    """Two of ten may be chance; two hundred of a thousand are not."""
    for many, failed in ((1, False), (100, True)):
        found = [entry("survived")] * 2 * many + [entry("caught")] * 8 * many
        _, keras, _ = mutation.score.scores(found, {})
        assert keras.failed == failed


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"), [(0, 10, 0, 0.2775), (81, 263, 0.2553, 0.3662)]
)
def test_the_interval_is_wilsons(
    mutation: SimpleNamespace, part: int, whole: int, low: float, high: float
) -> None:
    """Newcombe's examples (1998)."""
    assert mutation.score.interval(part, whole) == pytest.approx((low, high), abs=1e-4)


def test_checks_are_counted_by_what_they_caught(mutation: SimpleNamespace) -> None:
    names = (
        *("gradients/test_cases.py::test_case[linalg/det-reverse]",) * 2,
        "gradients/values/test_losses.py::test_loss[Huber]",
    )
    said = mutation.score.checks([entry("caught", by=name) for name in names])
    assert said == "reverse 2, test_losses 1"


def test_helpers_are_counted_by_themselves(mutation: SimpleNamespace) -> None:
    helper = entry("survived", file="keras/src/backend/tensorflow/nn.py")
    scores = {one.kind: one for one in mutation.score.scores([helper, entry("caught")], {})}
    assert (scores["keras"].caught, scores["keras"].effective) == (1, 1)
    assert (scores["helpers"].caught, scores["helpers"].effective) == (0, 1)


def test_what_must_be_run_whole_is_no_helper(mutation: SimpleNamespace) -> None:
    """Layers are in folders below the one that holds what all of them are made of."""
    assert {
        name: mutation.score.kind(name)
        for name in (
            "keras/src/layers/layer.py",
            "keras/src/layers/core/dense.py",
            "tensorflow/python/eager/polymorphic_function/function_type_utils.py",
            "tensorflow/python/eager/polymorphic_function/concrete_function.py",
        )
    } == {
        "keras/src/layers/layer.py": "helpers",
        "keras/src/layers/core/dense.py": "keras",
        "tensorflow/python/eager/polymorphic_function/function_type_utils.py": "helpers",
        "tensorflow/python/eager/polymorphic_function/concrete_function.py": "tensorflow",
    }


def test_each_beginning_is_a_sample_of_each_kind(mutation: SimpleNamespace) -> None:
    helper = "tensorflow/python/ops/math_ops.py"
    files = ["tensorflow/a.py", helper, *["keras/b.py"] * 3]
    mutants = [
        mutation.mutants.Mutant(file, "", "f", line, "", "", 0, 0)
        for line, file in enumerate(files)
    ]
    chosen = mutation.order.drawn(mutants, "seed")
    assert {one.file for one in chosen[:3]} == set(files)
    assert sorted(one.line for one in chosen) == [0, 1, 2, 3, 4]
    assert chosen == mutation.order.drawn(mutants, "seed")
    assert len({tuple(mutation.order.drawn(mutants, str(seed))) for seed in range(9)}) > 1


def test_tests_are_tried_kind_by_kind_and_what_caught_it_first(mutation: SimpleNamespace) -> None:
    case = "gradients/test_cases.py::test_case[{}]"
    tables = [case.format(f"linalg/{name}-reverse") for name in ("a", "b", "c")]
    other, slow = case.format("gather/a-reverse"), case.format("gather/a-xla")
    value = "gradients/values/test_losses.py::test_loss[Huber]"
    names = [*tables, other, slow, value]
    found = list(mutation.order.spread(names, "seed"))
    assert sorted(found) == sorted(names)
    assert found[0] == other
    assert found[1] in tables
    assert found[2:4] == [value, slow]
    assert next(mutation.order.spread(names, "seed", slow)) == slow


class Stub:
    """Stands for a test: a name, and what is done."""

    def __init__(self, nodeid: str, run: Callable[[], object]) -> None:
        self.nodeid, self.run = nodeid, run
        self.config = self.ihook = None


@pytest.fixture
def processes(mutation: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return the module, for which a test fails that returns False."""

    def protocol(test: Stub, **_: object) -> list[SimpleNamespace]:
        return [SimpleNamespace(failed=test.run() is False)]

    monkeypatch.setattr(mutation.processes, "runtestprotocol", protocol)
    monkeypatch.setattr(
        mutation.processes, "catch_warnings_for_item", lambda *_, **__: nullcontext()
    )
    monkeypatch.setattr(mutation.processes, "LIMIT", 1)
    return mutation.processes


@pytest.mark.parametrize(
    ("status", "run"),
    [
        ("caught", lambda: False),
        ("died", lambda: os._exit(3)),
        ("died", lambda: os.kill(os.getpid(), signal.SIGSEGV)),
        ("hangs", lambda: time.sleep(60)),
    ],
)
def test_a_mutant_is_caught_by_the_test_that_ends(
    processes: Any, status: str, run: Callable[[], object]
) -> None:
    tests = [Stub("before", lambda: True), Stub("this", run), Stub("after", lambda: True)]
    assert processes.attempt(tests) == processes.Outcome(status, 2, "this")


def test_what_survives_has_run_all_that_there_is_time_for(processes: Any) -> None:
    tests = [Stub("one", lambda: sum(range(10**6))), Stub("other", lambda: True)]
    assert processes.attempt(tests) == processes.Outcome("survived", 2)
    assert processes.attempt(tests, seconds=0) == processes.Outcome("survived", 0)


def test_what_cannot_be_planted_is_no_mutant(processes: Any) -> None:
    tests = [Stub("one", lambda: False)]
    assert processes.attempt(tests, lambda: False) == processes.Outcome("not planted", 0)
    assert processes.attempt(tests, lambda: 1 / 0) == processes.Outcome("not planted", 0)


def test_nothing_that_is_planted_stays(processes: Any) -> None:
    planted: list[int] = []
    tests = [Stub("one", lambda: not planted)]
    assert processes.attempt(tests, lambda: not planted.append(1)).status == "caught"
    assert processes.attempt(tests).status == "survived"


WARNED = """\
import warnings
import pytest


@pytest.mark.filterwarnings("ignore:on purpose")
def test_one():
    warnings.warn("on purpose", stacklevel=1)


def test_other():
    warnings.warn("news", stacklevel=1)
"""
FORKED = """\
from gradients.mutation.processes import attempt


def pytest_runtestloop(session):
    for item in session.items:
        print(item.name, attempt([item]).status)
    return True
"""


def test_a_tests_filters_of_warnings_hold_in_its_process(tmp_path: Path) -> None:
    """And the session's: what only warns is news there, too."""
    for name, text in (("conftest", FORKED), ("test_warned", WARNED)):
        (tmp_path / f"{name}.py").write_text(text)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-s", "-W", "error", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(IMAGE_SUITES), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "test_one survived\ntest_other caught\n" in done.stdout
