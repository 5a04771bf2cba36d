"""Layers in the store: found by what they are made of, kept by what they are.

    <store>/layers/<key>.json             the digest and size of the layer that the key gives
    <store>/layers/<digest>.tar
    <store>/layers/<digest>.listing.json  what the tar holds (see `overlap`)

A key hashes the inputs, the code that writes the layer and the releases of the libraries that
it writes with, so whatever changed rebuilds. Layers that are made to be compared lie in a folder of
their own, which is handed in; what is named above is the store's.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from gradlock import progress, store
from gradlock.artifacts import artifacts
from gradlock.layers import Layer, tar


@cache
def recipe(*modules: str, libraries: Sequence[str] = ()) -> str:
    """Return the digest of what writes a layer: the code of the tar's module and of `modules`.

    `libraries` are distributions that decide bytes, too: their releases belong to it.
    """
    package = Path(__file__).parent.parent
    sources = [package / name for name in ("layers/tar.py", *modules)]
    releases = "".join(f"{name} {importlib.metadata.version(name)}\n" for name in libraries)
    return store.digest(b"".join(path.read_bytes() for path in sources) + releases.encode())


def key_of(code: str, *inputs: Any) -> str:
    """Return the key of a layer: its recipe, and inputs that are plain values for JSON."""
    return store.digest(json.dumps([code, *inputs], sort_keys=True).encode())


def home() -> Path:
    """Return where the store's layers lie."""
    return store.folder("layers")


def sweep() -> None:
    """Remove what killed runs left half-written; only for the one run that builds layers."""
    for part in home().glob(".*.part"):
        part.unlink()


def find(name: str, key: str, *, verify: bool = False, folder: Path | None = None) -> Layer | None:
    """Return the layer of a key, its bytes verified, or None where it has to be built.

    Its size is always looked at. With `verify` the bytes are hashed, whatever was marked before.
    """
    entry = (folder or home()) / f"{key}.json"
    try:
        told = json.loads(entry.read_text(encoding="utf-8"))
        digest, size = told["digest"], told["size"]
        path = entry.with_name(f"{digest}.tar")
        held = path.stat().st_size
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        entry.unlink(missing_ok=True)  # not what `build` wrote
        return None
    layer = Layer(name, path, digest, size)
    if held != size or not _sealed(layer, verify=verify):
        progress.say(f"refused the layer {name}: the store's copy was changed; building it again")
        drop(layer)
        return None
    return layer


def held(name: str, digest: str) -> Layer | None:
    """Return a layer that the store has by its digest alone, verified, or None.

    That is how a layer is known which came from elsewhere: nobody here has made it by a key.
    """
    path = home() / f"{digest}.tar"
    try:
        layer = Layer(name, path, digest, path.stat().st_size)
    except FileNotFoundError:
        return None
    if not _sealed(layer, verify=False):
        progress.say(f"refused the layer {name}: the store's copy was changed")
        drop(layer)
        return None
    return layer


def _sealed(layer: Layer, *, verify: bool) -> bool:
    if not verify:
        return artifacts.seal(layer.path, layer.digest)
    if store.file_digest(layer.path) != layer.digest:
        return False
    artifacts.mark(layer.path)
    return True


def drop(layer: Layer) -> None:
    """Remove a layer that was found broken, so that it is built again."""
    layer.path.unlink(missing_ok=True)
    _listing_of(layer).unlink(missing_ok=True)


def build(
    name: str,
    key: str,
    write: Callable[[tar.LayerWriter], None],
    *,
    folder: Path | None = None,
) -> Layer:
    """Write a layer with `write` and keep it under its key.

    It is found only after all its bytes have reached the disk: a power cut leaves none that
    counts as verified and is not.
    """
    entry = (folder or home()) / f"{key}.json"
    with store.replacing(entry.with_suffix(".tar")) as part:
        with tar.writing(part) as (writer, stream):
            write(writer)
        part.chmod(0o644)
        digest = stream.hash.hexdigest()
        layer = Layer(name, entry.with_name(f"{digest}.tar"), digest, stream.size)
        part.rename(layer.path)
    _flush(entry.parent)
    artifacts.mark(layer.path)
    store.write_text(_listing_of(layer), json.dumps(asdict(writer.listing)))
    store.write_text(entry, json.dumps({"digest": digest, "size": layer.size}))
    return layer


def _flush(folder: Path) -> None:
    """Have the disk know a folder's names."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def get(
    name: str, key: str, write: Callable[[tar.LayerWriter], None], *, verify: bool = False
) -> Layer:
    """Return the layer of a key, built when the store has none."""
    return find(name, key, verify=verify) or build(name, key, write)


def listing(layer: Layer) -> tar.Listing:
    """Return what a layer holds, as it was noted when it was written, or from the tar."""
    path = _listing_of(layer)
    try:
        noted = json.loads(path.read_text(encoding="utf-8"))
        folders = {name: (mode, uid, gid) for name, (mode, uid, gid) in noted["folders"].items()}
        return tar.Listing(dict(noted["files"]), folders)
    except (OSError, ValueError, KeyError, TypeError):
        found = tar.listing(layer.path)
        store.write_text(path, json.dumps(asdict(found)))
        return found


def _listing_of(layer: Layer) -> Path:
    return layer.path.with_suffix(".listing.json")
