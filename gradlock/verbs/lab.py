"""The verb `lab`."""

from __future__ import annotations

from pathlib import Path

from invoke.context import Context

from gradlock.engine import engine
from gradlock.inputs import variants
from gradlock.inside import lab as labs
from gradlock.verbs import building, connection, flags
from gradlock.verbs.outcome import out, verb


@verb(
    help={
        **flags.ONE,
        **flags.FOLDER,
        "port": "The port on this machine (default: the first free one from 8888).",
        "detach": "Leave it running, and return.",
        "stop": "End every JupyterLab that was left running.",
    }
)
def lab(
    _context: Context,
    variant: str = "",
    cuda: str = "",
    gpu: bool = False,
    port: str = "",
    folder: str = ".",
    detach: bool = False,
    stop: bool = False,
) -> None:
    """Serve JupyterLab from an image, on this machine only, with a random token."""
    number = flags.number("port", port, int) if port else None
    if stop:
        found = engine.find()  # none is started in order to end nothing in it
        out.print(f"ended {labs.stop(found) if found else 0}")
        return
    (row,) = variants.load().select(variant=variant, cuda=cuda, gpu=gpu)
    docker = connection.connect()
    labs.run(
        docker,
        building.present(docker, row),
        folder=Path(folder),
        port=number,
        gpu=row.gpu,
        gpu_required=gpu,
        detach=detach,
    )
