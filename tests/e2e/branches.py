"""Writes wrong branches into TensorFlow's own gradient code, and says which rows catch them.

    python branches.py FILE        inside an image, beside the suite `gradients`

What `plant` wraps is wrong whatever it is given. These are as a release has them: wrong with one
attribute, beyond one size, where numbers tie, where a graph knows no sizes. Each replaces a piece
of a function's source, which must stand there exactly once. Writes a JSON: of each mutant the
case and the check of the core that caught it, or none.
"""

from __future__ import annotations

import ast
import importlib
import json
import os
import sys
import tomllib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from types import ModuleType

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

from gradients import checks
from gradients.case import Case
from gradients.cases import table
from gradients.checks import Problem
from gradients.tiers import Tier

MUTANTS = Path(__file__).with_suffix(".toml")
#: The checks that are tried, one after the other.
TRIED = ("reverse", "float32", "relaxed", "function", "called")


@dataclass
class Branch:
    """A wrong branch: where, what stands there, what is put in its place, and what caught it.

    `groups` are those of the table that come that way.
    """

    module: str
    function: str
    old: str
    new: str
    groups: Sequence[str]
    case: str = ""
    check: str = ""
    swept: bool = False


def source_of(module: ModuleType, function: str) -> str:
    """Return the source of a module's function, without its decorators."""
    text = Path(str(module.__file__)).read_text(encoding="utf-8")
    (node,) = (
        node
        for node in ast.parse(text).body
        if isinstance(node, ast.FunctionDef) and node.name == function
    )
    return ast.get_source_segment(text, node) or ""


@contextmanager
def written(branch: Branch) -> Iterator[None]:
    """Give a function the code of its mutant: whoever holds the function runs that."""
    module = importlib.import_module(f"tensorflow.python.{branch.module}")
    source = source_of(module, branch.function)
    assert source.count(branch.old) == 1, f"{branch.function}: {branch.old!r} stands there not once"
    space = dict(vars(module))
    changed = compile(source.replace(branch.old, branch.new), branch.function, "exec")
    exec(changed, space)  # noqa: S102 - TensorFlow's own source, but for what is planted
    function: Callable[..., object] = vars(module)[branch.function]
    before = function.__code__
    function.__code__ = space[branch.function].__code__
    try:
        yield
    finally:
        function.__code__ = before


def wrong(case: Case, check: str) -> bool:
    """Whether a check does not pass."""
    try:
        return not checks.measure(Problem(case), check) <= checks.tolerance(case, check)
    except Exception:
        return True


def attempt(branch: Branch, cases: Sequence[Case]) -> None:
    """Note the first case and check of the core that is wrong with the mutant in place."""
    with written(branch):
        for check in TRIED:
            for case in cases:
                if case.group not in branch.groups or check in case.known:
                    continue
                if Tier.CORE.has(case, check) and wrong(case, check):
                    branch.case, branch.check, branch.swept = str(case), check, case.swept
                    return


def main() -> None:
    """Plant each, and write what caught it."""
    cases = list(table())
    document = tomllib.loads(MUTANTS.read_text(encoding="utf-8"))
    branches = [Branch(**mutant) for mutant in document["branch"]]
    for branch in branches:
        attempt(branch, cases)
        print(branch.function, branch.case or "ESCAPED", branch.check, flush=True)
    text = json.dumps([asdict(branch) for branch in branches], indent=1)
    Path(sys.argv[1]).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
