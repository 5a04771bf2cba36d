"""Each notebook runs in this image: without a network, quietly, in time; its own asserts hold."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pytest

from notebooks import execution

#: They are the repository's own, put here beside their tests; a checkout has them in its root.
NOTEBOOKS = sorted(Path(__file__).parent.glob("*.ipynb"))
#: What a notebook may take: 60 seconds of two cores, on a busy machine, too.
CORE_SECONDS = 120


@pytest.fixture(scope="session")
def home() -> Iterator[Path]:
    """Return a home that kernels may write to; matplotlib has listed its fonts there.

    Its path is short: a kernel's sockets are below it, and theirs has to fit into 107 bytes.
    """
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [sys.executable, "-c", "import matplotlib.font_manager"],
            env={**os.environ, "HOME": folder},
            check=True,
            capture_output=True,
        )
        yield Path(folder)


def test_there_are_notebooks() -> None:
    assert NOTEBOOKS, "no notebook was put beside this file"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs(
    path: Path,
    home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
    record_property: Callable[[str, object], None],
) -> None:
    """Run it; what it shows is kept beside JUnit's file, after a failure, too."""
    monkeypatch.setenv("HOME", str(home))
    notebook = nbformat.read(path, as_version=nbformat.NO_CONVERT)
    nbformat.validate(notebook)
    try:
        spent = execution.execute(notebook, tmp_path, home / path.stem)
    finally:
        if request.config.option.xmlpath:
            reports = Path(request.config.option.xmlpath).parent
            nbformat.write(notebook, reports / f"notebooks.{path.name}")
    record_property("core_seconds", round(spent, 1))
    assert execution.noise(notebook) == []
    assert execution.pictures(notebook), "it shows no picture"
    assert spent < CORE_SECONDS
    assert list(tmp_path.iterdir()) == [], "it leaves files where it was opened"
