"""Fixtures that unit tests and end-to-end tests share."""

from __future__ import annotations

import io
import json
import signal
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from gradlock import store
from gradlock.images.image import Image
from gradlock.layers import Layer

Handmade = Callable[..., Image]


def pytest_configure() -> None:
    """Let Ctrl-C interrupt where a shell ignores it (`nohup`, `&`): tests press it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def handmade(tmp_path: Path) -> Handmade:
    """Return a maker of images: one layer for each text given, bottom first."""

    def make(*texts: str | bytes, variant: str = "handmade") -> Image:
        layers = tuple(_layer(tmp_path, text) for text in texts)
        config = {
            "architecture": "amd64",
            "os": "linux",
            "config": {"Cmd": ["/file"]},
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{row.digest}" for row in layers]},
        }
        return Image(variant, "debian", "sha256:0", json.dumps(config).encode(), layers)

    return make


def _layer(folder: Path, text: str | bytes) -> Layer:
    data = text.encode() if isinstance(text, str) else text
    name = store.digest(data)[:8]
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        entry = tarfile.TarInfo(name)
        entry.size = len(data)
        tar.addfile(entry, io.BytesIO(data))
    whole = buffer.getvalue()
    path = folder / f"{name}.tar"
    path.write_bytes(whole)
    return Layer(name, path, store.digest(whole), len(whole))
