"""Layers in the store: found by what they are made of, kept by what they are.

    <store>/layers/<key>.json     the digest and size of the layer that the key's inputs give
    <store>/layers/<digest>.tar

A key hashes the inputs and the code that writes the layer, so changed code rebuilds.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from gradlock import progress, store
from gradlock.artifacts import artifacts
from gradlock.layers import Layer, tar


@cache
def recipe(*modules: str) -> str:
    """Return the digest of the code that writes a layer: the tar's and that of `modules`."""
    package = Path(__file__).parent.parent
    sources = [package / name for name in ("layers/tar.py", *modules)]
    return store.digest(b"".join(path.read_bytes() for path in sources))


def key_of(code: str, *inputs: Any) -> str:
    """Return the key of a layer: its recipe, and inputs that are plain values for JSON."""
    return store.digest(json.dumps([code, *inputs], sort_keys=True).encode())


def sweep() -> None:
    """Remove what killed runs left half-written; only for the one run that builds layers."""
    for part in store.folder("layers").glob(".*.part"):
        part.unlink()


def find(name: str, key: str) -> Layer | None:
    """Return the layer of a key, its bytes verified, or None where it has to be built."""
    entry = store.folder("layers") / f"{key}.json"
    try:
        digest = json.loads(entry.read_text())["digest"]
        path = entry.with_name(f"{digest}.tar")
        size = path.stat().st_size
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        entry.unlink()  # not what `build` wrote
        return None
    if not artifacts.seal(path, digest):
        progress.say(f"refused the layer {name}: the store's copy was changed; building it again")
        path.unlink()
        return None
    return Layer(name, path, digest, size)


def build(name: str, key: str, write: Callable[[tar.LayerWriter], None]) -> Layer:
    """Write a layer with `write` and keep it under its key."""
    entry = store.folder("layers") / f"{key}.json"
    with store.replacing(entry.with_suffix(".tar")) as part:
        with tar.writing(part) as (writer, stream):
            write(writer)
        digest = stream.hash.hexdigest()
        path = entry.with_name(f"{digest}.tar")
        part.rename(path)
    artifacts.mark(path)
    store.write_text(entry, json.dumps({"digest": digest, "size": stream.size}))
    return Layer(name, path, digest, stream.size)


def get(name: str, key: str, write: Callable[[tar.LayerWriter], None]) -> Layer:
    """Return the layer of a key, built when the store has none."""
    return find(name, key) or build(name, key, write)
