"""Links between pages, as GitHub follows them in the tree, and as the site follows them."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath

#: Pages of the site that do not lie where they do in the tree.
MOVED = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "notebooks/": "notebooks/index.md",
}
#: Where pages with the tree's own files lie.
SOURCE = "source"
#: What is shown as it is written: a fenced block, or what stands between backticks.
CODE = (
    r"(?P<code>^(?P<indent> *)(?P<fence>`{3,})[^\n]*\n.*?^(?P=indent)(?P=fence) *$"
    r"|(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`))"
)
#: Code, in which no link is; or the end of a link, with its target.
PIECES = re.compile(CODE + r"|\]\((?P<target>[^)\s]+)\)", re.MULTILINE | re.DOTALL)


def page(path: str) -> str:
    """Return where the site has a file or folder of the tree; its form says which it is.

    What lies in `docs`, a page or a picture, keeps its place there; a notebook is a page; any
    other file is shown on a page, and of a folder (a path that ends in a slash) its list.
    """
    # MkDocs leaves out what begins with a dot.
    pure = PurePosixPath(*(part.lstrip(".") for part in PurePosixPath(path).parts))
    if path in MOVED:
        return MOVED[path]
    if path.endswith("/"):
        return f"{SOURCE}/{pure}/index.md"
    if pure.parts[0] == "docs":
        return pure.relative_to("docs").as_posix()
    if pure.parts[0] == "notebooks" and pure.suffix == ".ipynb":
        return pure.with_suffix(".md").as_posix()
    return f"{SOURCE}/{pure}.md"


def targets(text: str, path: str) -> Iterator[str]:
    """Yield the paths in the tree that a page of it links to."""
    for found in PIECES.finditer(text):
        if _is_relative(found["target"]):
            yield _resolved(found["target"].partition("#")[0], path)


def rewrite(text: str, path: str, is_folder: Callable[[str], bool]) -> str:
    """Return a page of the tree with its links led to where the site has what they name."""
    here = posixpath.dirname(page(path))

    def led(found: re.Match[str]) -> str:
        target = found["target"]
        if not _is_relative(target):
            return found[0]
        name, mark, anchor = target.partition("#")
        resolved = _resolved(name, path)
        place = page(resolved + "/" if is_folder(resolved) else resolved)
        return f"]({os.path.relpath(place, here or '.')}{mark}{anchor})"

    return PIECES.sub(led, text)


def _is_relative(target: str | None) -> bool:
    """Whether a target is another file of the tree: no address, no place in the same page."""
    return bool(target) and not re.match(r"[a-z]+:|#", target or "")


def _resolved(name: str, path: str) -> str:
    """Return the path in the tree that a relative link of the page `path` names."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
