"""Files of the tree are shown as they are."""

from __future__ import annotations

import pytest
from markdown_it import MarkdownIt

from gradlock import store
from website import sources


@pytest.mark.parametrize(
    "text", ["plain\n", "no newline", "", "```\nfenced\n```\n", "`````\n", "<script>&amp;\n"]
)
def test_a_file_is_shown_to_the_letter(text: str) -> None:
    page = sources.file_page("docs/example.md", text).removeprefix(sources.UNSEARCHED)
    (block,) = [one for one in MarkdownIt().parse(page) if one.type == "fence"]
    assert block.content.rstrip("\n") == text.rstrip("\n")


def test_a_folder_lists_what_is_below_it() -> None:
    page = sources.folder_page("a/b", ["a/b/c.py", "a/b/d/e.toml", "a/bc.py"])
    assert "[c.py](c.py.md)" in page
    assert "[d/e.toml](d/e.toml.md)" in page
    assert "bc.py" not in page


@pytest.mark.parametrize(
    ("path", "text", "language"),
    [
        ("a.toml", "", "toml"),
        ("inv", "#!/bin/sh\nset -eu\n", "sh"),
        ("LICENSE", "Apache", "text"),
        ("a/lock.lock", "", "text"),
    ],
)
def test_language(path: str, text: str, language: str) -> None:
    assert sources.language(path, text) == language


def test_listed_is_what_git_has_or_will_have() -> None:
    listed = sources.listed(store.ROOT)
    assert {"README.md", "inv", "website/sources.py"} <= set(listed)
    assert not any(name.startswith((".venv/", "reports/", "site/")) for name in listed)
    assert list(listed) == sorted(listed)
    assert "docker/rootfs/etc" in sources.folders(listed)
