"""The verb `suite`."""

from __future__ import annotations

from invoke.context import Context

from gradlock.errors import InputError
from gradlock.inputs import variants
from gradlock.inside import suites as inside
from gradlock.inside.settings import Settings
from gradlock.verbs import building, connection, flags, testing
from gradlock.verbs.building import Order
from gradlock.verbs.outcome import verb


@verb(
    positional=["suites"],
    help={
        **flags.CHOICE,
        **flags.GPU_REQUIRED,
        "suites": "Folders of tests/image, in turn: smoke gradients notebooks distributed.",
        "proven": "Leave out what has passed before, here or by the word of somebody trusted.",
        "tier": "How much of gradients, how many workers: core (default; 2), or all (4).",
        "threads": "Threads of an operation (default: a core has one).",
        **flags.ONEDNN,
    },
)
def suite(
    _context: Context,
    suites: str,
    variant: str = "",
    cuda: str = "",
    gpu: bool = False,
    all: bool = False,
    gpu_required: bool = False,
    tier: str = "core",
    threads: str = "",
    onednn: str = "default",
    proven: bool = False,
) -> None:
    """Run test suites inside images, as users run them: `./inv suite gradients --gpu`."""
    table = variants.load()
    chosen = table.select(variant=variant, cuda=cuda, gpu=gpu, every=all)
    if gpu_required and not any(row.gpu for row in chosen):
        raise InputError(
            "--gpu-required promises nothing of a CPU variant",
            mend="choose a GPU variant, too: --gpu, --cuda, --variant or --all",
        )
    names = [name for name in suites.split(",") if name]
    for name in names:
        inside.find(name)
    count = flags.number("threads", threads, int) if threads else None
    settings = Settings(threads=count, onednn=onednn)
    docker = connection.connect()
    for row in chosen:
        ((built,), _) = building.images(docker, building.recipes([row], table), Order())
        testing.run(
            docker,
            row,
            built.image,
            names,
            gpu_required=gpu_required,
            tier=tier,
            settings=settings,
            proven=proven,
        )
