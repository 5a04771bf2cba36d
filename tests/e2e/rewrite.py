"""Write bugs as releases have them into a copy of Keras, inside an image, one at a time.

`python rewrite.py FILE [NAME...]`, in the folder of the image's tests: FILE gets, as JSON, what
the tests of values say of each. A mutant is a file, the function in which a piece of text is
replaced, the tests that must see it. The text must be there: a release that changed it is an error.
"""

from __future__ import annotations

import importlib
import json
import os
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from bugs import MUTANTS, Mutant

COPY = Path("/tmp/mutated")
#: pytest's status: none failed; one did. Anything else says nothing about the mutant.
PASSED, FAILED = 0, 1


def write(mutant: Mutant) -> None:
    """Write a mutant into the copy."""
    path = COPY / "keras/src" / mutant.path
    head, line, body = path.read_text(encoding="utf-8").partition(mutant.function)
    if not line or mutant.old not in body:
        raise SystemExit(f"{mutant.name}: {mutant.path} is not as it was")
    path.write_text(head + line + body.replace(mutant.old, mutant.new, 1), encoding="utf-8")
    # An image's compiled modules need not look at their source.
    for compiled in path.parent.glob(f"__pycache__/{path.stem}.*.pyc"):
        compiled.unlink()


def copy() -> None:
    """Put Keras as it is where Python looks first."""
    spec = find_spec("keras")
    assert spec is not None, "Keras is installed"
    assert spec.origin is not None, "Keras is a package"
    shutil.rmtree(COPY, ignore_errors=True)
    shutil.copytree(Path(spec.origin).parent, COPY / "keras")


def status(tests: str) -> int:
    """Return pytest's status of tests of values, with the copy, in a child of this process.

    TensorFlow is imported before, once, and has computed nothing yet: so it can be forked.
    """
    child = os.fork()
    if not child:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os._exit(pytest.main(["-q", "-x", f"gradients/values/test_{tests}.py"]))
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def main() -> None:
    """Plant each, and write whether it was caught."""
    copy()
    sys.path.insert(0, str(COPY))
    # TensorFlow imports Keras where it is not told to look for an older one.
    os.environ["TF_USE_LEGACY_KERAS"] = "1"
    importlib.import_module("tensorflow")
    del os.environ["TF_USE_LEGACY_KERAS"]
    assert "keras" not in sys.modules, "the child must read the mutant"
    chosen = [mutant for mutant in MUTANTS if mutant.name in sys.argv[2:] or not sys.argv[2:]]
    for tests in sorted({mutant.tests for mutant in chosen}):
        if status(tests) != PASSED:
            raise SystemExit(f"test_{tests}.py fails without a mutant")
    found = []
    for mutant in chosen:
        path = COPY / "keras/src" / mutant.path
        before = path.read_bytes()
        write(mutant)
        code = status(mutant.tests)
        path.write_bytes(before)
        found.append({"name": mutant.name, "caught": code == FAILED, "status": code})
        print(code, mutant.name, flush=True)
    Path(sys.argv[1]).write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
