"""The image's own Python on the host: which one a prefix means, and how it is started."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gradlock import store
from gradlock.layers import Layer, cache, interpreter
from gradlock.layers.tar import LayerWriter

pytestmark = pytest.mark.usefixtures("own_store")

LOADER = "usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"


def layer(name: str, write: Callable[[LayerWriter], None]) -> Layer:
    return cache.get(name, cache.key_of(name), write)


def debian(writer: LayerWriter) -> None:
    """Write the base layer: a loader and Debian's Python."""
    writer.file(LOADER, b"loader", mode=0o755)
    writer.file("usr/bin/python3.13", b"debian's", mode=0o755)
    writer.file("home/gradlock/.profile", b"", uid=1000, gid=1000)


def links(writer: LayerWriter) -> None:
    """Write the prefix of the channel debian."""
    writer.symlink("opt/conda/bin/python3.13", "/usr/bin/python3.13")
    writer.symlink("opt/conda/bin/python", "python3.13")


def own(writer: LayerWriter) -> None:
    """Write the prefix of conda-forge."""
    writer.file("opt/conda/bin/python3.13", b"conda's", mode=0o755)


@pytest.mark.parametrize(
    ("prefix", "home", "program"),
    [(links, "usr", b"debian's"), (own, "opt/conda", b"conda's")],
    ids=["linked-to-debian", "of-its-own"],
)
def test_the_prefixes_python_is_started_by_the_images_own_loader(
    prefix: Callable[[LayerWriter], None], home: str, program: bytes
) -> None:
    layers = [layer("base", debian), layer("conda", prefix)]
    with interpreter.unpacked(layers, "3.13") as python:
        loader, option, libraries, binary = python.argv
        root = Path(loader.removesuffix(LOADER))
        assert Path(loader).read_bytes() == b"loader"
        assert option == "--library-path"
        assert libraries.split(":") == [f"{root}/{home}/lib", str(Path(loader).parent)]
        assert Path(binary).read_bytes() == program
        assert python.env["PYTHONHOME"] == f"{root}/{home}"
        assert root.is_relative_to(store.store())
    assert not root.exists()


def test_owners_of_other_users_need_no_root(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError

    monkeypatch.setattr("os.chown", refuse)
    monkeypatch.setattr("os.lchown", refuse)
    with interpreter.unpacked([layer("base", debian), layer("conda", links)], "3.13") as python:
        assert Path(python.argv[-1]).exists()
