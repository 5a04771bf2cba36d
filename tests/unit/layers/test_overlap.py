"""Layers beside each other: none hides or changes what another holds."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gradlock.errors import LockError
from gradlock.layers import Layer, cache, overlap
from gradlock.layers.tar import LayerWriter

pytestmark = pytest.mark.usefixtures("own_store")

SITE = "opt/conda/lib/python3.13/site-packages"
MARKER = f"{SITE}/nvidia/__init__.py"

Write = Callable[[LayerWriter], None]


def layer(name: str, write: Write) -> Layer:
    return cache.build(name, cache.key_of(name), write)


def file(name: str, data: bytes = b"", *, mode: int = 0o644) -> Write:
    return lambda writer: writer.file(name, data, mode=mode)


def folder(name: str, *, mode: int = 0o755, uid: int = 0) -> Write:
    return lambda writer: writer.folder(name, mode=mode, uid=uid)


def link(name: str, target: str) -> Write:
    return lambda writer: writer.symlink(name, target)


def test_layers_that_share_folders_are_right() -> None:
    overlap.check(
        [
            layer("one", file(f"{SITE}/one.py")),
            layer("other", file(f"{SITE}/other.py")),
            layer("third", folder(SITE)),
        ]
    )


@pytest.mark.parametrize(
    ("one", "other", "where"),
    [
        (file("etc/conf", b"1"), file("etc/conf", b"2"), "/etc/conf"),
        (file("etc/conf", b"1"), file("etc/conf", b"1"), "/etc/conf"),
        (file("usr/tool"), link("usr/tool", "elsewhere"), "/usr/tool"),
        (link("lib64", "lib"), file("lib64/libc.so"), "/lib64"),
        (folder("srv/data"), file("srv/data"), "/srv/data"),
        (folder("home/user", uid=1000), file("home/user/.profile"), "/home/user"),
        (folder("tmp", mode=0o1777), folder("tmp"), "/tmp"),
        (file(MARKER), file(MARKER, b"import x"), f"/{MARKER}"),
        (file(MARKER), file(MARKER, mode=0o755), f"/{MARKER}"),
        (file(MARKER), link(MARKER, "other.py"), f"/{MARKER}"),
        (file(f"{SITE}/numpy/__init__.py"), file(f"{SITE}/numpy/__init__.py"), f"/{SITE}/numpy"),
    ],
    ids=[
        *("two-files", "the-same-file", "a-link-over-a-file", "files-below-a-link"),
        *("a-file-over-a-folder", "another-owner", "another-mode", "another-marker"),
        *("a-marker-with-another-mode", "a-marker-that-is-a-link", "no-marker-of-cuda"),
    ],
)
@pytest.mark.parametrize("upside_down", [False, True])
def test_layers_of_which_one_hides_another_are_refused(
    one: Write, other: Write, where: str, upside_down: bool
) -> None:
    layers = [layer("one", one), layer("between", file("opt/x")), layer("other", other)]
    with pytest.raises(LockError) as caught:
        overlap.check(layers[::-1] if upside_down else layers)
    assert {"one", "other"} <= set(caught.value.what.split())
    assert caught.value.where.startswith(where)


def test_all_that_is_hidden_is_named_at_once() -> None:
    def both(writer: LayerWriter) -> None:
        writer.file("a", b"")
        writer.file("b", b"")

    with pytest.raises(LockError, match="2 problems") as caught:
        overlap.check([layer("one", both), layer("other", lambda writer: both(writer))])
    assert "/a" in str(caught.value)
    assert "/b" in str(caught.value)


def test_the_empty_marker_of_cudas_package_may_be_in_each_of_its_wheels() -> None:
    parts = []
    for name in ("cublas", "cudnn", "cufft"):

        def write(writer: LayerWriter, name: str = name) -> None:
            writer.file(MARKER, b"")
            writer.file(f"{SITE}/nvidia/__pycache__/__init__.cpython-313.pyc", b"bytecode")
            writer.file(f"{SITE}/nvidia/{name}/lib.so", name.encode())

        parts.append(layer(name, write))
    overlap.check(parts)


def test_both_parts_of_a_prefix_have_its_history() -> None:
    def part(name: str) -> Layer:
        def write(writer: LayerWriter) -> None:
            writer.file("opt/conda/conda-meta/history", b"")
            writer.file(f"opt/conda/conda-meta/{name}.json", b"{}")

        return layer(name, write)

    overlap.check([part("python"), part("cuda-version")])


def test_tensorflow_until_2_20_may_bring_the_same_tensorboard() -> None:
    program = "opt/conda/bin/tensorboard"
    call = file(program, b"the call", mode=0o755)
    overlap.check([layer("tensorflow", call), layer("tensorboard", call)])
    with pytest.raises(LockError, match="differ in a file that they share"):
        overlap.check([layer("tensorflow", call), layer("other", file(program, b"another"))])
