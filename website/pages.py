"""All pages of the site, from the tree and from what the suites left, as values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from gradlock import store
from gradlock.errors import InputError
from gradlock.inputs import variants
from website import drifts, gradients, links, notebooks, sources
from website.notebooks import Notebook

#: What MkDocs is told, but for where things lie and which notebooks there are.
CONFIG = Path(__file__).with_name("mkdocs.yml")
ASSETS = Path(__file__).with_name("assets")
#: What the configuration's navigation says where the notebooks go.
NOTEBOOKS = "notebooks/"
#: The front page needs no list of pages beside it: the tabs above have it.
FRONT = "---\nhide:\n  - navigation\n---\n\n"


@dataclass(frozen=True)
class Site:
    """Pages and other files by their paths, the notebooks among them, and what is missing."""

    files: Mapping[str, bytes]
    notebooks: tuple[Notebook, ...]
    missing: tuple[str, ...]


def site(root: Path = store.ROOT, reports: Path | None = None) -> Site:
    """Return the site of a checkout; `reports` is where its suites left their results."""
    reports = reports or root / "reports"
    names = [row.name for row in variants.load().plain]
    files = dict(_assets())
    found = notebooks.load(root / "notebooks", reports)
    for one in found:
        files.update(notebooks.render(one))
    if found:
        files[f"{NOTEBOOKS}index.md"] = notebooks.gallery(found, files).encode()
    left = gradients.reports(reports, names)
    ran = gradients.coverages(reports, names)
    values, sums = ({name: one for name, (one, _) in part.items()} for part in (left, ran))
    files["gradients.md"] = gradients.page(values, sums).encode()
    files.update({f"gradients-{name}.html": html for name, (_, html) in left.items()})
    files.update({f"gradients-{name}-coverage.html": html for name, (_, html) in ran.items()})
    files.update(_drift(root, reports, names))
    files.update(_tree(root))
    missing = [f"notebooks/{one.name}.ipynb was not executed" for one in found if not one.executed]
    missing += [] if left else ["the suite gradients left no report"]
    return Site(files, found, tuple(missing))


def _assets() -> Iterator[tuple[str, bytes]]:
    for path in sorted(ASSETS.rglob("*")):
        if path.is_file():
            yield f"assets/{path.relative_to(ASSETS).as_posix()}", path.read_bytes()


def _drift(root: Path, reports: Path, names: list[str]) -> dict[str, bytes]:
    pairs = drifts.pairs(root / "fingerprints", reports, names)
    pictures = {f"drift-{theme}.svg": drifts.svg(pairs, theme) for theme in drifts.INK}
    return {"drift.md": drifts.page(pairs).encode(), **pictures}


def _tree(root: Path) -> dict[str, bytes]:
    """Return the tree's own pages, and every file of it that these lead to."""
    listed = sources.listed(root)
    folders = sources.folders(listed)
    waiting = [name for name in listed if _is_page(name)] + ["fingerprints"]
    files: dict[str, bytes] = {}
    done: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in done or f"{name}/".startswith(NOTEBOOKS):
            continue
        done.add(name)
        if name in folders:
            below = [one for one in listed if one.startswith(f"{name}/")]
            files[links.page(f"{name}/")] = sources.folder_page(name, below).encode()
            waiting += below
        elif name.startswith("docs/") and not _is_page(name):
            files[links.page(name)] = (root / name).read_bytes()
        elif name in listed:
            text = (root / name).read_text(encoding="utf-8")
            if _is_page(name) or name.endswith("/README.md"):
                waiting += links.targets(text, name)
                text = links.rewrite(text, name, folders.__contains__)
                text = FRONT + text if name == "README.md" else text
            else:
                text = sources.file_page(name, text)
            files[links.page(name)] = text.encode()
        else:
            raise InputError(f"a page links to {name}, which the checkout does not have")
    return files


def _is_page(name: str) -> bool:
    """Whether a file of the tree is a page of its own, not one that others lead to."""
    return name in links.MOVED or (name.startswith("docs/") and name.endswith(".md"))


def configuration(whole: Site, docs: Path, built: Path, url: str) -> str:
    """Return MkDocs's configuration for staged pages: where they lie, and all notebooks."""
    config = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
    own = [f"{NOTEBOOKS}index.md", *(f"{NOTEBOOKS}{one.name}.md" for one in whole.notebooks)]
    config["nav"] = [
        {title: own if pages == NOTEBOOKS else pages for title, pages in entry.items()}
        for entry in config["nav"]
        if NOTEBOOKS not in entry.values() or whole.notebooks
    ]
    config.update(docs_dir=str(docs), site_dir=str(built), site_url=url)
    return yaml.safe_dump(config, sort_keys=False, allow_unicode=True)
