"""The site as values: every page of the tree, and all that these lead to."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

import pytest
import yaml

from gradlock import store
from gradlock.errors import InputError
from website import links, pages
from website.pages import Site


@pytest.fixture(scope="module")
def tree() -> dict[str, bytes]:
    return pages._tree(store.ROOT)


def test_every_page_of_docs_is_in_the_navigation() -> None:
    """A new page is found by its readers: a row in website/mkdocs.yml."""
    config = yaml.safe_load(pages.CONFIG.read_text())
    named = set(re.findall(r"[\w-]+\.md", yaml.safe_dump(config["nav"])))
    generated = {"gradients.md", "drift.md"}
    written = {path.name for path in (store.ROOT / "docs").glob("*.md")}
    moved = {place for path, place in links.MOVED.items() if not path.endswith("/")}
    assert named == written | generated | moved


def test_links_lead_to_pages_that_are_there(tree: dict[str, bytes]) -> None:
    elsewhere = {"gradients.md", "drift.md"}
    for name, data in tree.items():
        if name.startswith("source/"):
            continue
        for target in links.targets(data.decode(), name):
            assert target in tree or target in elsewhere or target.startswith("notebooks/"), name


def test_the_front_page_is_the_readme(tree: dict[str, bytes]) -> None:
    assert b"# gradlock\n" in tree["index.md"]


def test_files_that_pages_lead_to_are_shown(tree: dict[str, bytes]) -> None:
    assert b"[variants.cu129]" in tree["source/variants.toml.md"]
    assert "source/docker/rootfs/index.md" in tree


def test_a_picture_of_docs_is_there_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("docs", "fingerprints"):
        (tmp_path / name).mkdir()
    (tmp_path / "docs/a.md").write_text("![a picture](b.png)")
    (tmp_path / "docs/b.png").write_bytes(b"\x89PNG")
    (tmp_path / "fingerprints/cpu.json").write_text("{}")
    listed = ("docs/a.md", "docs/b.png", "fingerprints/cpu.json")
    monkeypatch.setattr(pages.sources, "listed", lambda _: listed)
    files = pages._tree(tmp_path)
    assert files["a.md"] == b"![a picture](b.png)"
    assert files["b.png"] == b"\x89PNG"


def test_a_link_to_nothing_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "README.md").write_text("[gone](docs/gone.md)")
    (tmp_path / "fingerprints").mkdir()
    (tmp_path / "fingerprints/cpu.json").write_text("{}")
    monkeypatch.setattr(pages.sources, "listed", lambda _: ("README.md", "fingerprints/cpu.json"))
    with pytest.raises(InputError, match=r"docs/gone\.md"):
        pages._tree(tmp_path)


def test_configuration_has_the_notebooks_there_are() -> None:
    one = pages.Notebook("sums", {"cells": []}, executed=True)
    made = yaml.safe_load(
        pages.configuration(Site({}, (one,), ()), Path("/a"), Path("/b"), "https://c.example/")
    )
    (own,) = (entry["Notebooks"] for entry in made["nav"] if "Notebooks" in entry)
    assert own == ["notebooks/index.md", "notebooks/sums.md"]
    assert (made["docs_dir"], made["site_dir"], made["site_url"]) == (
        "/a",
        "/b",
        "https://c.example/",
    )


def test_configuration_without_notebooks_has_no_tab_for_them() -> None:
    made = pages.configuration(Site({}, (), ()), Path("/a"), Path("/b"), "")
    assert "notebooks" not in made.lower()


def test_assets_are_ours() -> None:
    """What the site loads beside the theme is small, and loads nothing from elsewhere."""
    for name, data in pages._assets():
        assert posixpath.dirname(name) == "assets"
        assert not re.search(rb"https?://(?!www\.w3\.org)", data), name
