"""The verb `save`."""

from __future__ import annotations

from pathlib import Path

from invoke.context import Context

from gradlock import progress, store
from gradlock.images import archive
from gradlock.inputs import variants
from gradlock.verbs import building, flags
from gradlock.verbs.building import Order
from gradlock.verbs.outcome import out, verb


@verb(
    positional=["file"],
    help={
        **flags.ONE,
        **flags.CHANNEL,
        "file": "The archive to write: an OCI layout, which docker, podman and skopeo load.",
    },
)
def save(
    _context: Context,
    file: str,
    variant: str = "",
    cuda: str = "",
    gpu: bool = False,
    channel: str = "",
) -> None:
    """Write an image to a file, without an engine: for a machine that no registry reaches."""
    table = variants.load()
    rows = table.select(variant=variant, cuda=cuda, gpu=gpu)
    ((built,), _) = building.images(None, building.recipes(rows, table, channel), Order())
    image = built.image
    target = Path(file)
    with (
        store.replacing(target) as part,
        progress.meter(f"writing {target.name}", image.size) as meter,
        part.open("wb") as sink,
    ):
        for piece in archive.stream(
            image.config, image.layers, image.layers, meter.advance, name=image.reference
        ):
            sink.write(piece)
    out.print(f"{target}  {image.id}  {target.stat().st_size / 1e9:.2f} GB")
