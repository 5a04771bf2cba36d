"""The verb `fetch`."""

from __future__ import annotations

from pathlib import Path

from invoke.context import Context

from gradlock import store
from gradlock.artifacts import fetcher, transport
from gradlock.artifacts.sources import pins_of
from gradlock.images import channels
from gradlock.images.recipe import CHANNELS
from gradlock.inputs import variants
from gradlock.locks import freshness
from gradlock.registry import team
from gradlock.verbs import flags
from gradlock.verbs.outcome import out, verb


@verb(
    help={
        **flags.CHOICE,
        **flags.CHANNEL,
        "to": "Copy them to this folder, with SHA256SUMS.",
        "from": "Take them from such a folder instead of the network.",
    }
)
def fetch(
    _context: Context,
    variant: str = "",
    cuda: str = "",
    gpu: bool = False,
    all: bool = False,
    channel: str = "",
    to: str = "",
    from_: str = "",
) -> None:
    """Bring every artifact of the locks into the store; carry them with --to and --from."""
    flags.only_one(to=to, from_=from_)
    table = variants.load()
    chosen = table.select(variant=variant, cuda=cuda, gpu=gpu, every=all)
    if from_:
        # Whatever the locks name is welcome: the folder may hold either channel's.
        wanted = [
            pin
            for row in chosen
            for source in CHANNELS
            for pin in pins_of(freshness.read(row), source)
        ]
        out.print(f"took {transport.bring(Path(from_), wanted)} artifacts from {from_}")
        return
    locks = {row.name: freshness.current(row, table) for row in chosen}
    needed = [
        pin for name, one in locks.items() for pin in pins_of(one, channels.chosen(channel, name))
    ]
    with team.artifacts(one.digest for one in locks.values()) as nearer:
        found = fetcher.fetch(needed, nearer=nearer)
    if to:
        transport.export(found, Path(to))
    size = sum(path.stat().st_size for path in found.values())
    place = to or str(store.folder("artifacts"))
    out.print(f"{len(found)} artifacts, {size / 1e6:.0f} MB, verified, in {place}")
