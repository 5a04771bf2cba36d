"""An image built again from its locks, without a layer of the store, and what differs then."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from gradlock import store
from gradlock.images import build, packed
from gradlock.images.build import Means
from gradlock.images.image import Image
from gradlock.images.recipe import Recipe
from gradlock.layers import Layer, tar

#: Files that are named of a layer that differs.
NAMED = 20


@dataclass(frozen=True)
class Difference:
    """What a layer has otherwise: a file, or empty where the layer itself is all that is known."""

    layer: str
    file: str
    how: str

    def __str__(self) -> str:
        return f"{self.layer}: {f'/{self.file} ' if self.file else ''}{self.how}"


@dataclass(frozen=True)
class Rebuilt:
    """What came out: the image's ID, its manifest's digest, and what differs."""

    id: str
    manifest: str
    differences: tuple[Difference, ...]


#: Returns a layer as the other image has it, by its name and digest; None where it cannot be had.
Other = Callable[[str, str], Layer | None]


def rebuild(
    recipe: Recipe, means: Means, layers: Sequence[tuple[str, str]], other: Other
) -> Rebuilt:
    """Build an image from the artifacts alone, and compare it with one of these layers.

    `layers` are the names and digests of the other image's, bottom first. The artifacts may be
    those of the store, whose hashes are the locks'; no layer is, nor what is known of one.

    Raises:
        ArtifactError: an artifact cannot be had.

    """
    with store.scratch("rebuild") as home:
        ((built,), _) = build.build([recipe], replace(means, layers=home))
        parts = [packed.anew(layer, home) for layer in built.image.layers]
        manifest = packed.manifest(built.image.config, parts)
        found = tuple(differences(dict(layers), built.image, other))
    return Rebuilt(built.image.id, f"sha256:{store.digest(manifest)}", found)


def differences(theirs: Mapping[str, str], ours: Image, other: Other) -> Iterator[Difference]:
    """Yield what differs between the layers of an image, by name, and those that were built."""
    built = {layer.name: layer for layer in ours.layers}
    for name in [*theirs, *(name for name in built if name not in theirs)]:
        if name not in built:
            yield Difference(name, "", "was not built: the image has this layer")
        elif name not in theirs:
            yield Difference(name, "", "was built: the image has no such layer")
        elif built[name].digest != theirs[name]:
            known = other(name, theirs[name])
            if known is None:
                yield Difference(name, "", f"came out as {built[name].digest}")
            else:
                yield from _files(name, known, built[name])


def _files(name: str, theirs: Layer, ours: Layer) -> Iterator[Difference]:
    """Yield the first files that differ, and how many more do."""
    one, two = members(theirs.path), members(ours.path)
    found = []
    for file in sorted(one.keys() | two.keys()):
        if file not in two:
            found.append(Difference(name, file, "is in the image, and was not built"))
        elif file not in one:
            found.append(Difference(name, file, "was built, and is not in the image"))
        elif one[file] != two[file]:
            which = [key for key in one[file] if one[file][key] != two[file][key]]
            found.append(Difference(name, file, f"differs in its {', '.join(which)}"))
    yield from found[:NAMED]
    if len(found) > NAMED:
        yield Difference(name, "", f"{len(found) - NAMED} more files differ")
    if not found:
        yield Difference(name, "", "has the same files, written in another way or order")


def members(path: Path) -> dict[str, dict[str, object]]:
    """Return all that a layer says of its files, by their names."""
    found: dict[str, dict[str, object]] = {}
    with tar.reading(path) as source:
        for member in source:
            data = source.extractfile(member) if member.isreg() else None
            found[member.name] = {
                "kind": member.type,
                "mode": member.mode,
                "owner": (member.uid, member.gid),
                "time": member.mtime,
                "target": member.linkname,
                "bytes": store.digest(data.read()) if data else "",
            }
    return found
