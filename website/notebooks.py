"""Notebooks as pages: as they were executed, or as they are stored, which the page then says."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: What a page says whose notebook was not executed, or was changed since.
NOT_EXECUTED = (
    '!!! warning "Not executed"\n'
    "    This site was built where the notebook's outputs were not: "
    "`./inv suite notebooks` makes them.\n\n"
)


@dataclass(frozen=True)
class Notebook:
    """A notebook of the tree: `name` without its ending, its document, and whether it has run."""

    name: str
    document: Mapping[str, Any]
    executed: bool

    @property
    def title(self) -> str:
        """Return its first heading."""
        found = re.search(r"(?m)^# (.+)$", self._prose)
        return found[1].strip() if found else self.name

    @property
    def summary(self) -> str:
        """Return its first paragraph, on one line, without links."""
        paragraphs = re.split(r"\n\s*\n", self._prose)
        first = next((text for text in paragraphs if text.strip() and text[0] not in "#!|"), "")
        return re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", " ".join(first.split()))

    @property
    def _prose(self) -> str:
        cells = (cell for cell in self.document["cells"] if cell["cell_type"] == "markdown")
        return "\n\n".join("".join(cell["source"]) for cell in cells)


def load(folder: Path, reports: Path) -> tuple[Notebook, ...]:
    """Return the notebooks of a folder, each as it was executed last where `reports` has that.

    What the suite `notebooks` left there counts only if the code is still the same.
    """
    return tuple(_load(path, reports) for path in sorted(folder.glob("*.ipynb")))


def _load(path: Path, reports: Path) -> Notebook:
    stored = _read(path)
    # Of one variant all: the CPU's, whose name sorts first.
    for left in sorted(reports.rglob(f"*{path.name}")):
        executed = _read(left)
        if left.name.rpartition("notebooks.")[2] == path.name and _code(executed) == _code(stored):
            return Notebook(path.stem, executed, executed=True)
    return Notebook(path.stem, stored, executed=False)


def _read(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


def _code(document: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(cell["cell_type"], "".join(cell["source"])) for cell in document["cells"]]


def render(notebook: Notebook) -> dict[str, bytes]:
    """Return a notebook's page and its pictures, by their paths in the site."""
    # Here, since the tools of every day do not have it.
    import nbformat
    from nbconvert.exporters import MarkdownExporter
    from traitlets.config import Config

    folder = f"{notebook.name}_files"
    config = Config({"MarkdownExporter": {"preprocessors": []}})
    text, resources = MarkdownExporter(config=config).from_notebook_node(
        nbformat.reads(json.dumps(notebook.document), as_version=4),
        resources={"output_files_dir": folder, "unique_key": notebook.name},
    )
    pages = {f"notebooks/{name}": data for name, data in resources["outputs"].items()}
    body = _titled(text, "" if notebook.executed else NOT_EXECUTED)
    return {f"notebooks/{notebook.name}.md": body.encode(), **pages}


def _titled(text: str, note: str) -> str:
    """Return a page with a note below its first heading, and outputs as the site shows them."""
    text = re.sub(r"<style[^>]*>.*?</style>", "", text, flags=re.DOTALL)
    # What a cell printed is indented; a block of text is copied, numbered and coloured by nobody.
    text = re.sub(r"(?m)^!\[(?:png|svg|jpeg)\]", "![A picture that the cell above draws]", text)
    if not note:
        return text
    head, line, rest = text.partition("\n")
    return f"{head}{line}\n{note}{rest}" if head.startswith("# ") else note + text


def gallery(notebooks: Sequence[Notebook], pictures: Mapping[str, bytes]) -> str:
    """Return the page that lists all notebooks, each with its first picture."""
    cards = []
    for one in notebooks:
        own = sorted(name for name in pictures if name.startswith(f"notebooks/{one.name}_files/"))
        image = f"![]({own[0].removeprefix('notebooks/')})\n\n    " if own else ""
        note = "" if one.executed else " *Not executed.*"
        cards.append(f"-   {image}**[{one.title}]({one.name}.md)**\n\n    {one.summary}{note}\n")
    return (
        "# Notebooks\n\n"
        "Each runs from top to bottom inside an image, without a network, in less than a minute, "
        "and ends in checks of what it learned. `./inv suite notebooks` executes all of them; "
        "`./inv lab` opens them.\n\n"
        '<div class="grid cards gallery" markdown>\n\n' + "\n".join(cards) + "\n</div>\n"
    )
