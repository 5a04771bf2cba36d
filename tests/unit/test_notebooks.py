"""What every notebook keeps to: it can be read and compared as it is stored, and it checks itself.

That they run, and what they show, is tested in the images: tests/image/notebooks.
"""

from __future__ import annotations

import ast
import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from gradlock import store

NOTEBOOKS = sorted((store.ROOT / "notebooks").glob("*.ipynb"))
#: What the first code cell sets before it imports TensorFlow, and after.
PREAMBLE = (
    'os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"',
    'os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"',
)
#: What it may import beside Python's own: what the images are asked for, by the modules' names.
IMPORTED = {
    "keras", "keras_tuner", "matplotlib", "numpy", "pandas", "scipy", "seaborn", "sklearn",
    "tensorboard", "tensorflow",
    "PIL",  # matplotlib needs it
}  # fmt: skip


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def path(request: pytest.FixtureRequest) -> Path:
    """Return a notebook's path."""
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
def notebook(path: Path) -> dict[str, Any]:
    """Return a notebook."""
    return json.loads(path.read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def code(notebook: dict[str, Any]) -> list[str]:
    """Return the text of the cells with code."""
    return ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]


def test_the_nine_are_there() -> None:
    assert {path.stem for path in NOTEBOOKS} >= {
        "backpropagation", "convolution", "recurrence", "text", "vision", "recommender", "motifs",
        "search", "workers",
    }  # fmt: skip


def test_nothing_else_lies_beside_them() -> None:
    """Neither what an editor gathers nor what a run leaves."""
    folder = store.ROOT / "notebooks"
    assert [path for path in sorted(folder.iterdir()) if path not in NOTEBOOKS] == []


def test_it_is_stored_in_the_one_way(path: Path, notebook: dict[str, Any]) -> None:
    """As nbformat writes it, so that a change of one line is a difference of one line."""
    text = json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    assert path.read_text(encoding="utf-8") == text


def test_it_holds_nothing_of_a_run(notebook: dict[str, Any]) -> None:
    """No outputs, no counts, and no metadata but the kernel's name, whoever ran it where."""
    assert notebook["metadata"] == {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    for cell in notebook["cells"]:
        known = {"cell_type", "id", "metadata", "source"}
        if cell["cell_type"] == "code":
            assert (cell["outputs"], cell["execution_count"]) == ([], None), cell["id"]
            known |= {"outputs", "execution_count"}
        assert set(cell) == known, cell["id"]
        assert cell["metadata"] == {}, cell["id"]


def test_its_cells_have_names_of_their_own(notebook: dict[str, Any]) -> None:
    names = [cell["id"] for cell in notebook["cells"]]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", name) for name in names), names


def test_it_can_be_read(notebook: dict[str, Any]) -> None:
    """A title first, prose between code, and no empty cell."""
    cells = notebook["cells"]
    assert cells[0]["cell_type"] == "markdown"
    assert cells[0]["source"][0].startswith("# ")
    for cell in cells:
        assert "".join(cell["source"]).strip(), cell["id"]
    share = sum(cell["cell_type"] == "markdown" for cell in cells) / len(cells)
    assert share > 0.4, "prose that teaches"


def test_it_prepares_before_it_imports_tensorflow(notebook: dict[str, Any]) -> None:
    """The log is kept out, and the numbers are the same on every processor and in every run."""
    first = code(notebook)[0]
    for line in PREAMBLE:
        assert line in first
    imports = [first.find(f"import {name}") for name in ("keras", "tensorflow")]
    assert all(place == -1 or first.index(PREAMBLE[-1]) < place for place in imports)
    whole = "\n".join(code(notebook))
    assert "tf.config.experimental.enable_op_determinism()" in whole
    assert "set_random_seed(" in whole or "default_rng(" in whole


def test_it_ends_in_asserts_on_what_it_learned(notebook: dict[str, Any]) -> None:
    """The last cell asserts, each with what it means; nothing follows it."""
    last = notebook["cells"][-1]
    assert (last["cell_type"], last["id"]) == ("code", "checks")
    asserts = [
        one for one in ast.parse("".join(last["source"])).body if isinstance(one, ast.Assert)
    ]
    assert len(asserts) >= 4
    for one in asserts:
        assert one.msg is not None, ast.unparse(one)
        assert not isinstance(one.test, ast.Constant), ast.unparse(one)


def test_it_needs_nothing_from_outside(notebook: dict[str, Any]) -> None:
    """Its data is made or shipped: no address, no download, no shell, no other package."""
    outside = r"https?://|fetch_|get_file|urlopen|requests|^[!%]"
    for cell in code(notebook):
        assert not re.search(outside, cell, re.MULTILINE)
    modules = set()
    for node in ast.walk(ast.parse("\n".join(code(notebook)))):
        if isinstance(node, ast.Import):
            modules |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            modules.add(str(node.module).partition(".")[0])
    assert modules - sys.stdlib_module_names <= IMPORTED
