"""The verb `tensorboard`."""

from __future__ import annotations

from invoke.context import Context

from gradlock.inputs import variants
from gradlock.inside import request as requests
from gradlock.inside import tensorboard as boards
from gradlock.verbs import building, connection, flags
from gradlock.verbs.outcome import verb


@verb(
    help={
        **flags.ONE,
        **flags.SERVICE,
        "logdir": "The folder with logs of trainings, which it only reads (default: this one).",
    },
)
def tensorboard(
    _context: Context,
    variant: str = "",
    cuda: str = "",
    gpu: bool = False,
    logdir: str = ".",
    port: str = "",
    detach: bool = False,
    browser: bool = True,
) -> None:
    """Serve TensorBoard from an image, on this machine only: `./inv tensorboard logs`."""
    (row,) = variants.load().select(variant=variant, cuda=cuda, gpu=gpu)
    request = requests.read(row, logdir)
    number = flags.number("port", port, int) if port else None
    docker = connection.connect()
    reference = building.present(docker, row)
    boards.run(docker, reference, request, port=number, detach=detach, browse=browser)
