"""An image built, held to images.lock and loaded: what several verbs begin with."""

from __future__ import annotations

from gradlock import progress
from gradlock.engine import engine
from gradlock.engine.engine import Engine
from gradlock.images import channels, pins
from gradlock.images import image as images
from gradlock.images.image import Image
from gradlock.inputs import variants
from gradlock.inputs.variants import Variant
from gradlock.progress import Stopwatch
from gradlock.verbs.outcome import out


def present(docker: Engine, row: Variant) -> str:
    """Return the reference of a variant's image, built and loaded where it is not there."""
    table, watch = variants.load(), Stopwatch()
    built = images.build(row, table, channels.chosen("", row.name), watch)
    pins.hold(built)
    load(docker, built, watch)
    return built.reference


def load(docker: Engine, built: Image, watch: Stopwatch) -> int:
    """Load an image and show how far it is; return the bytes sent."""
    with watch.stage("load"), progress.meter(f"loading {built.reference}", built.size) as meter:
        return engine.load(docker, built, meter)


def report(built: Image, sent: int, watch: Stopwatch) -> None:
    """Print what came out, and the seconds of each stage."""
    out.print(f"{built.reference}  {built.id}")
    out.print(
        f"  {built.size / 1e9:.2f} GB in {len(built.layers)} layers, {sent / 1e6:.0f} MB sent, "
        f"channel {built.channel}; {watch.line()}"
    )
