"""Links lead to where the site has what GitHub shows."""

from __future__ import annotations

import pytest

from website import links

FOLDERS = {"docker/rootfs", "docs"}


def rewritten(text: str, path: str = "docs/locks.md") -> str:
    return links.rewrite(text, path, FOLDERS.__contains__)


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("README.md", "index.md"),
        ("docs/locks.md", "locks.md"),
        ("notebooks/convolution.ipynb", "notebooks/convolution.md"),
        ("docs/pictures/a.png", "pictures/a.png"),
        ("notebooks/", "notebooks/index.md"),
        ("variants.toml", "source/variants.toml.md"),
        (".github/workflows/ci.yml", "source/github/workflows/ci.yml.md"),
        ("docker/rootfs/", "source/docker/rootfs/index.md"),
        ("tests/data/README.md", "source/tests/data/README.md.md"),
    ],
)
def test_place_of_a_path(path: str, place: str) -> None:
    assert links.page(path) == place


@pytest.mark.parametrize(
    ("path", "link", "led"),
    [
        ("docs/locks.md", "images.md#channels", "images.md#channels"),
        ("docs/locks.md", "../CONTRIBUTING.md#relock", "contributing.md#relock"),
        ("docs/locks.md", "../variants.toml", "source/variants.toml.md"),
        ("docs/images.md", "../docker/rootfs", "source/docker/rootfs/index.md"),
        ("README.md", "docs/locks.md#mirrors", "locks.md#mirrors"),
        ("a/README.md", "../docs/locks.md", "../../locks.md"),
    ],
)
def test_link_is_led(path: str, link: str, led: str) -> None:
    assert rewritten(f"See [it]({link}).", path) == f"See [it]({led})."


@pytest.mark.parametrize(
    "text",
    [
        "[a place here](#rules)",
        "[a server](https://example.org/README.md)",
        "`[code](../variants.toml)`",
        "``a ` and [code](../variants.toml)``",
        "```md\n[code](../variants.toml)\n```\n",
        "1. a step\n\n    ```md\n    [code](../variants.toml)\n    ```\n",
        "````md\n```\n[code](../variants.toml)\n```\n````\n",
    ],
)
def test_what_is_no_link_to_the_tree_stays(text: str) -> None:
    assert rewritten(text) == text
    assert list(links.targets(text, "docs/locks.md")) == []


def test_targets_are_paths_of_the_tree() -> None:
    text = "[one](images.md#x) `[no](none.md)` [two](../docker/rootfs/) and [three](../inv)"
    found = list(links.targets(text, "docs/locks.md"))
    assert found == ["docs/images.md", "docker/rootfs", "inv"]
