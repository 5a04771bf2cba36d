"""The built pages: nothing from elsewhere, no dead link, the same bytes twice."""

from __future__ import annotations

import os
import posixpath
import re
import time
from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from markdown_it import MarkdownIt

from gradlock import store
from website import __main__ as website
from website import links, sources

#: What makes a browser load something as it shows a page; a link that a reader follows does not.
LOADING = {
    *(("script", "src"), ("img", "src"), ("iframe", "src"), ("source", "src"), ("embed", "src")),
    *(("source", "srcset"), ("img", "srcset"), ("video", "src"), ("audio", "src")),
    *(("object", "data"), ("link", "href"), ("input", "src"), ("use", "href")),
}
#: What a theme may say of a page that makes a browser load nothing.
HARMLESS = {"canonical", "prev", "next"}


class Page(HTMLParser):
    """A page's links, what it loads, its anchors, and how many elements it has of each kind."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.anchors: set[str] = {""}
        self.article = False
        self.elements: Counter[str] = Counter()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what an element loads, leads to, or is called."""
        values = {name: value or "" for name, value in attrs}
        self.anchors.add(values.get("id", ""))
        self.article = self.article or tag == "article"
        if self.article:
            self.elements[tag] += 1
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        if tag == "link" and values.get("rel") in HARMLESS:
            return
        self.loads += [value for name, value in values.items() if (tag, name) in LOADING]
        self.loads += re.findall(r"url\(([^)]*)\)", values.get("style", ""))

    def handle_endtag(self, tag: str) -> None:
        """Note where the article ends."""
        self.article = self.article and tag != "article"


@pytest.fixture(scope="session")
def pages(built: Path) -> dict[str, Page]:
    """Return every page by its path."""
    return {
        path.relative_to(built).as_posix(): Page(path.read_text(encoding="utf-8"))
        for path in sorted(built.rglob("*.html"))
    }


def test_pages_load_nothing_from_elsewhere(built: Path, pages: dict[str, Page]) -> None:
    assert len(pages) > 20
    for name, page in pages.items():
        assert page.loads or name.startswith("gradients-"), name
        for address in page.loads:
            assert not urlsplit(address).netloc, f"{name} loads {address}"
            assert not urlsplit(address).scheme or address.startswith("data:image/"), name
    for path in sorted(built.rglob("*.css")):
        text = path.read_text(encoding="utf-8")
        for address in re.findall(r"url\(([^)]*)\)|@import\s+([^;]+)", text):
            assert not re.match(r"['\"]?(https?:)?//", "".join(address)), f"{path.name}: {address}"


def _links(pages: dict[str, Page]) -> Iterator[tuple[str, str, str]]:
    """Yield each page's links to pages of the site: where, to which, and to which anchor."""
    for name, page in pages.items():
        for link in page.links + page.loads:
            parts = urlsplit(link)
            if not parts.scheme and not parts.netloc and name != "404.html":
                here = posixpath.dirname(name)
                path = posixpath.normpath(posixpath.join(here, parts.path)) if parts.path else name
                yield name, unquote(path), unquote(parts.fragment)


def test_links_lead_somewhere(built: Path, pages: dict[str, Page]) -> None:
    found = list(_links(pages))
    assert len(found) > 1000
    for name, path, anchor in found:
        target = "index.html" if path == "." else path
        assert (built / target).is_file(), f"{name} leads to {target}"
        if target in pages and not target.startswith("gradients-"):
            assert anchor in pages[target].anchors, f"{name} leads to {target}#{anchor}"


@pytest.mark.parametrize(
    "name", [name for name in sources.listed(store.ROOT) if name.endswith(".md")]
)
def test_github_shows_the_same(name: str, pages: dict[str, Page]) -> None:
    """A page has the tables, lists and blocks of code that GitHub, which reads CommonMark, has."""
    built = pages.get(links.page(name).removesuffix(".md") + ".html")
    if built is None:
        pytest.skip("no page leads to it")
    parsed = MarkdownIt("commonmark").enable("table").parse((store.ROOT / name).read_text("utf-8"))
    kinds = Counter(token.tag for token in parsed if token.nesting >= 0)
    kinds["pre"] = sum(token.type in ("fence", "code_block") for token in parsed)
    for tag in ("table", "tr", "td", "ul", "ol", "li", "pre", "h1", "h2", "h3"):
        assert built.elements[tag] == kinds[tag], f"{tag}: {built.elements[tag]}, not {kinds[tag]}"


def test_two_builds_give_the_same_bytes(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the folder, the time zone, the locale, the umask, and the moment."""
    monkeypatch.setenv("TZ", "Asia/Kathmandu")
    monkeypatch.setenv("LC_ALL", "tr_TR.UTF-8")
    time.sleep(1.1)  # a clock in what is built would have moved
    before = os.umask(0o077)
    try:
        website.build(tmp_path / "another folder")
    finally:
        os.umask(before)
    assert _bytes(tmp_path / "another folder/html") == _bytes(built)


def _bytes(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): store.file_digest(path)
        for path in folder.rglob("*")
        if path.is_file()
    }
