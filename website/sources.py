"""Files of the tree that pages link to, shown as they are: the site needs no other server."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

from gradlock import command

#: How code is coloured, by the ending of a file's name.
LANGUAGES = {
    ".cfg": "ini",
    ".ipynb": "json",
    ".jinja": "jinja",
    ".json": "json",
    ".lock": "text",
    ".py": "python",
    ".toml": "toml",
    ".yaml": "yaml",
    ".yml": "yaml",
}
#: The same, by what a script without an ending begins with.
SHEBANGS = {"#!/bin/sh": "sh"}
#: Longer files (characters) have no colours: each word of one is an element of the page.
LONG = 50_000
#: Found by what pages say of them, not by what is in them.
UNSEARCHED = "---\nsearch:\n  exclude: true\n---\n\n"


def listed(root: Path) -> tuple[str, ...]:
    """Return the files of a checkout that git has, or will have, in order."""
    # Git refuses a checkout of another user's, unless this user's settings say otherwise.
    printed = command.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        purpose="listing the files of the checkout",
        env=command.networked(),
        cwd=root,
    )
    names = sorted({name for name in printed.split("\0") if name})
    return tuple(name for name in names if (root / name).is_file())


def folders(files: Iterable[str]) -> frozenset[str]:
    """Return the folders that files lie in, without a slash at the end."""
    return frozenset(str(above) for name in files for above in PurePosixPath(name).parents)


def file_page(path: str, text: str) -> str:
    """Return a page that shows a file, with its path as the title."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    body = text if text.endswith("\n") or not text else text + "\n"
    return f"{UNSEARCHED}# {path}\n\n{fence}{language(path, text)}\n{body}{fence}\n"


def folder_page(path: str, files: Sequence[str]) -> str:
    """Return a page with the list of all files below a folder, each a link to its page."""
    below = [name for name in files if name.startswith(f"{path}/")]
    rows = (f"- [{short}]({short}.md)" for short in (name[len(path) + 1 :] for name in below))
    return f"{UNSEARCHED}# {path}\n\n" + "\n".join(rows) + "\n"


def language(path: str, text: str) -> str:
    """Return what a file is written in, as a code block names it; of a long one, just text."""
    if len(text) > LONG:
        return "text"
    known = next((name for start, name in SHEBANGS.items() if text.startswith(start)), "text")
    return LANGUAGES.get(PurePosixPath(path).suffix, known)
