"""Notebooks as pages: as they were executed, or as they are stored, which the page then says."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from website import formulas

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
        """Return the whole sentences of its first paragraph, on one line, without links."""
        paragraphs = re.split(r"\n\s*\n", self._prose)
        first = next((text for text in paragraphs if text.strip() and text[0] not in "#!|"), "")
        first = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", " ".join(first.split()))
        return re.sub(r"(?<=[.!?]) [^.!?]*[^.!?]$", "", first)

    @property
    def _prose(self) -> str:
        cells = (cell for cell in self.document["cells"] if cell["cell_type"] == "markdown")
        return "\n\n".join("".join(cell["source"]) for cell in cells)


def load(folder: Path, reports: Path) -> tuple[Notebook, ...]:
    """Return the notebooks of a folder, each as it was executed last where `reports` has that.

    What the suite `notebooks` left there counts only if it came to its end, and the notebook is
    still the same.
    """
    return tuple(_load(path, reports) for path in sorted(folder.glob("*.ipynb")))


def _load(path: Path, reports: Path) -> Notebook:
    stored = _read(path)
    # Of one variant all: the CPU's, whose name sorts first.
    for left in sorted(reports.glob(f"*/notebooks.{path.name}")):
        executed = _read(left)
        if _cells(executed) == _cells(stored) and not _failed(executed):
            return Notebook(path.stem, executed, executed=True)
    return Notebook(path.stem, stored, executed=False)


def _read(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


def _cells(document: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(cell["cell_type"], "".join(cell["source"])) for cell in document["cells"]]


def _failed(document: Mapping[str, Any]) -> bool:
    """Whether a cell raised: what the suite keeps of a notebook that failed ends there."""
    outputs = (output for cell in document["cells"] for output in cell.get("outputs", ()))
    return any(output["output_type"] == "error" for output in outputs)


def render(notebook: Notebook) -> dict[str, bytes]:
    """Return a notebook's page and its pictures, by their paths in the site."""
    # Here, since the tools of every day do not have it.
    import nbformat
    from nbconvert.exporters import MarkdownExporter
    from nbconvert.filters import strip_ansi
    from traitlets.config import Config

    document = json.loads(json.dumps(notebook.document))
    for cell in document["cells"]:
        if cell["cell_type"] == "markdown":
            cell["source"] = formulas.render("".join(cell["source"]))
        for output in cell.get("outputs", ()):
            if "text" in output:  # a terminal's colours, and lines that it wrote over
                printed = strip_ansi("".join(output["text"])).replace("\r\n", "\n")
                output["text"] = re.sub(r"(?m)^.*\r(?=.)", "", printed)
            if html := "".join(output.get("data", {}).get("text/html", ())):
                output["data"]["text/html"] = _unstyled(html)
    document["metadata"].setdefault("language_info", {"name": "python"})
    folder = f"{notebook.name}_files"
    config = Config({"MarkdownExporter": {"preprocessors": []}})
    text, resources = MarkdownExporter(config=config).from_notebook_node(
        nbformat.reads(json.dumps(document), as_version=4),
        resources={"output_files_dir": folder, "unique_key": notebook.name},
    )
    pages = {f"notebooks/{name}": data for name, data in resources["outputs"].items()}
    body = _titled(text, "" if notebook.executed else NOT_EXECUTED)
    return {f"notebooks/{notebook.name}.md": body.encode(), **pages}


def _titled(text: str, note: str) -> str:
    """Return a page with a note below its first heading, and texts for its pictures."""
    text = re.sub(r"(?m)^!\[(?:png|svg|jpeg)\]", "![A picture that the cell above draws]", text)
    if not note:
        return text
    head, line, rest = text.partition("\n")
    return f"{head}{line}\n{note}{rest}" if head.startswith("# ") else note + text


def _unstyled(html: str) -> str:
    """Return a table of an output without its own style: it gets the site's."""
    html = re.sub(r"<style[^>]*>.*?</style>", "", html, flags=re.DOTALL)
    return re.sub(r"<(table|tr|th|td) [^>]*>", r"<\1>", html)


def gallery(notebooks: Sequence[Notebook], pictures: Mapping[str, bytes]) -> str:
    """Return the page that lists all notebooks, each with its first picture."""
    cards = []
    for one in notebooks:
        own = [name for name in pictures if name.startswith(f"notebooks/{one.name}_files/")]
        image = f"![]({own[0].removeprefix('notebooks/')})\n\n    " if own else ""
        note = "" if one.executed else " *Not executed.*"
        cards.append(f"-   {image}**[{one.title}]({one.name}.md)**\n\n    {one.summary}{note}\n")
    return (
        "---\nhide:\n  - toc\n---\n\n# Notebooks\n\n"
        "Each runs from top to bottom inside an image, without a network, in less than a minute, "
        "and ends in checks of what it learned. `./inv suite notebooks` executes all of them; "
        "`./inv lab` opens them.\n\n"
        '<div class="grid cards gallery" markdown>\n\n' + "\n".join(cards) + "\n</div>\n"
    )
