"""The verb `shell`."""

from __future__ import annotations

from invoke.context import Context
from invoke.exceptions import Exit

from gradlock.inputs import variants
from gradlock.inside import request as requests
from gradlock.inside import shell as shells
from gradlock.verbs import building, connection, flags
from gradlock.verbs.outcome import verb


@verb(
    iterable=["env", "mount"],
    help={
        **flags.ONE,
        **flags.CONTAINER,
        "command": "Run this instead of an interactive shell.",
    },
)
def shell(
    _context: Context,
    env: list[str],
    mount: list[str],
    variant: str = "",
    cuda: str = "",
    gpu: bool = False,
    folder: str = ".",
    memory: str = "",
    command: str = "",
) -> None:
    """Open a shell in an image, with this folder as its working folder."""
    (row,) = variants.load().select(variant=variant, cuda=cuda, gpu=gpu)
    request = requests.read(row, folder, env, mount, memory=memory, gpu_required=gpu)
    docker = connection.connect()
    argv = ["bash", "-c", command] if command else ["bash"]
    status = shells.run(docker, building.present(docker, row), argv, request=request)
    if status:
        raise Exit(code=status)
