"""The verb `lab`."""

from __future__ import annotations

from invoke.context import Context

from gradlock.inputs import variants
from gradlock.inside import lab as labs
from gradlock.inside import request as requests
from gradlock.verbs import building, connection, flags
from gradlock.verbs.outcome import verb


@verb(
    iterable=["env", "mount"],
    help={**flags.ONE, **flags.CONTAINER, **flags.SERVICE},
)
def lab(
    _context: Context,
    env: list[str],
    mount: list[str],
    variant: str = "",
    cuda: str = "",
    gpu: bool = False,
    folder: str = ".",
    memory: str = "",
    port: str = "",
    detach: bool = False,
    browser: bool = True,
) -> None:
    """Serve JupyterLab from an image, on this machine only, with a random token."""
    (row,) = variants.load().select(variant=variant, cuda=cuda, gpu=gpu)
    request = requests.read(row, folder, env, mount, memory=memory, gpu_required=gpu)
    number = flags.number("port", port, int) if port else None
    docker = connection.connect()
    reference = building.present(docker, row)
    labs.run(docker, reference, request, port=number, detach=detach, browse=browser)
