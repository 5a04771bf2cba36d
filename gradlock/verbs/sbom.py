"""The verb `sbom`."""

from __future__ import annotations

from pathlib import Path

from invoke.context import Context

from gradlock import store
from gradlock.inputs import variants
from gradlock.verbs import building, flags
from gradlock.verbs.building import Order
from gradlock.verbs.outcome import out, verb


@verb(
    help={
        **flags.ONE,
        **flags.CHANNEL,
        "output": "Write it to this file (default: print it).",
    }
)
def sbom(
    _context: Context,
    variant: str = "",
    cuda: str = "",
    gpu: bool = False,
    channel: str = "",
    output: str = "",
) -> None:
    """Tell what is in an image: its software bill of materials, as CycloneDX 1.6 in JSON."""
    from gradlock.images import sbom as bills  # its library takes as long as all others together

    table = variants.load()
    row = table.select(variant=variant, cuda=cuda, gpu=gpu)
    (recipe,) = building.recipes(row, table, channel)
    ((built,), _) = building.images(None, [recipe], Order())
    text = bills.write(recipe, built.image)
    if output:
        store.write_text(Path(output), text)
    else:
        out.out(text, end="")
