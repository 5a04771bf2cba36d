"""What a person asks of a container: its folder, more mounts and variables, memory, GPUs."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from docker.errors import DockerException
from docker.types import Mount
from docker.utils import parse_bytes

from gradlock.engine import gpus
from gradlock.engine.engine import Engine
from gradlock.errors import InputError
from gradlock.inputs.variants import Variant

#: The least memory that an engine takes.
LEAST_MEMORY = 6 << 20


@dataclass(frozen=True)
class Request:
    """What is asked for, checked as far as it can be without an engine.

    `gpu` gives the container the engine's GPUs, if there are any; with `gpu_required` it does
    not start without. `memory` is in bytes, 0 for no limit.
    """

    folder: Path
    gpu: bool = False
    gpu_required: bool = False
    mounts: tuple[Mount, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    memory: int = 0

    def options(self, engine: Engine) -> dict[str, Any]:
        """Return the SDK's options for it, but for the folder and what is mounted.

        Raises:
            EngineError: a GPU is required, and there is none.

        """
        options: dict[str, Any] = {"environment": dict(self.environment), "shm_size": "1g"}
        if self.memory:
            # Swap is memory, too; a process that outgrows the limit ends, and is seen to.
            options["mem_limit"] = options["memswap_limit"] = self.memory
        if self.gpu:
            options["device_requests"] = gpus.requests(engine, required=self.gpu_required)
        return options


def read(
    row: Variant,
    folder: str,
    env: Sequence[str] = (),
    mount: Sequence[str] = (),
    *,
    memory: str = "",
    gpu_required: bool = False,
) -> Request:
    """Read what a container of a variant is given, as the flags of verbs say it.

    Raises:
        InputError: a flag's value is none.

    """
    return Request(
        folder=Path(folder),
        gpu=row.gpu,
        gpu_required=gpu_required,
        mounts=mounts(mount),
        environment=environment(env),
        memory=bytes_of(memory),
    )


def mounts(given: Sequence[str]) -> tuple[Mount, ...]:
    """Read mounts as `docker run --volume` takes them: `SOURCE[:TARGET][:ro]`.

    Without a target, a source is below `/mnt` by its name.

    Raises:
        InputError: a source is not there, a target is no path below the root, or another part
            is none of these.

    """
    return tuple(_mount(text) for text in given)


def _mount(text: str) -> Mount:
    parts = text.split(":")
    read_only = parts[-1] == "ro"
    if parts[-1] in ("ro", "rw"):
        parts.pop()
    source = Path(parts[0]).expanduser().resolve()
    target = PurePosixPath(parts[1] if len(parts) == 2 else f"/mnt/{source.name}")
    usable = target.is_absolute() and len(target.parts) > 1 and ".." not in target.parts
    if not parts[0] or len(parts) > 2 or not usable:
        raise InputError(
            f"--mount {text} is no mount",
            mend="--mount SOURCE[:TARGET][:ro], the target an absolute path in the container, "
            "/mnt and the source's name if left out: --mount ~/data:/data:ro",
        )
    if not source.exists():
        raise InputError(f"--mount {text}: there is no such file or folder", where=str(source))
    return Mount(str(target), str(source), type="bind", read_only=read_only)


def environment(given: Sequence[str]) -> dict[str, str]:
    """Read variables: `NAME=VALUE`, or `NAME` for the value that it has here.

    Raises:
        InputError: it is neither, or has no value here.

    """
    found = {}
    for text in given:
        name, given_value, value = text.partition("=")
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
            raise InputError(f"--env {text} is no variable", mend="--env NAME=VALUE, or --env NAME")
        if not given_value and name not in os.environ:
            raise InputError(f"--env {name}: it has no value here", mend=f"--env {name}=VALUE")
        found[name] = value if given_value else os.environ[name]
    return found


def bytes_of(given: str) -> int:
    """Read an amount of memory as Docker does: `512m`, `4g`; return its bytes, 0 for none.

    Raises:
        InputError: it is none, or less than an engine takes.

    """
    try:
        found = int(parse_bytes(given)) if given else 0
    except DockerException:
        found = -1
    if given and found < LEAST_MEMORY:
        raise InputError(
            f"--memory takes an amount, {LEAST_MEMORY >> 20}m or more, not {given!r}",
            mend="--memory 4g, or 512m",
        )
    return found
