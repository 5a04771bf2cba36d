"""A notebook that runs, what it leaves, and the processor time that it took."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from pathlib import Path

from nbclient import NotebookClient
from nbformat import NotebookNode
from traitlets.config import Config

#: Seconds that a cell may take, however busy the machine is.
LIMIT = 300


def execute(notebook: NotebookNode, folder: Path, sockets: Path) -> float:
    """Run a notebook from top to bottom in `folder`; return the core-seconds of its kernel.

    The kernel's sockets are files whose names begin with `sockets`, an absolute path of the
    notebook's own: no two runs can meet on a port.

    The outputs go into the notebook, those before a failure, too. What the kernel started and
    waited for counts, too.

    Raises:
        CellExecutionError: a cell failed; it has the cell and its traceback.
        CellTimeoutError: a cell took longer than `LIMIT`.

    """
    before = _children()
    resources = {"metadata": {"path": str(folder)}}
    kernel = Config({"KernelManager": {"transport": "ipc", "ip": str(sockets)}})
    NotebookClient(notebook, timeout=LIMIT, resources=resources, config=kernel).execute()
    return _children() - before  # the kernel has ended, and only so is counted


def noise(notebook: NotebookNode) -> list[str]:
    """Return what went to standard error: warnings, and logs that slipped through."""
    return [output.text for output in outputs(notebook) if output.get("name") == "stderr"]


def pictures(notebook: NotebookNode) -> list[str]:
    """Return the pictures, as base64 of PNG."""
    found = (output.get("data", {}).get("image/png") for output in outputs(notebook))
    return [picture for picture in found if picture]


def outputs(notebook: NotebookNode) -> Iterator[NotebookNode]:
    """Yield every output of every cell."""
    for cell in notebook.cells:
        yield from cell.get("outputs", [])


def _children() -> float:
    """Return the core-seconds of this process's children that have ended, and of theirs."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
