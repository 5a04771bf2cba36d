"""All checks: a row each. What is looked for next is a function, and a row here."""

from __future__ import annotations

from gradlock.doctor import (
    cache,
    containers,
    disks,
    docker,
    images,
    jupyter,
    machine,
    network,
    nvidia,
    tools,
)
from gradlock.doctor.examination import Check
from gradlock.doctor.findings import (
    CONTAINERS,
    CUDA,
    DOCKER,
    JUPYTER,
    LOCKS,
    MACHINE,
    NETWORK,
    TENSORFLOW,
    TOOLS,
)

CHECKS = (
    Check(MACHINE, "the system", machine.system),
    Check(MACHINE, "Python", machine.python),
    Check(MACHINE, "the processor", machine.processor),
    Check(MACHINE, "the memory", machine.memory),
    Check(MACHINE, "the disks", disks.disks),
    Check(MACHINE, "the home", disks.home),
    Check(MACHINE, "the clock", machine.clock),
    Check(MACHINE, "the limits of this login", machine.terminal),
    Check(TOOLS, ".venv", tools.venv),
    Check(TOOLS, "the table of variants", tools.table),
    Check(TOOLS, "whose the store is", disks.owner),
    Check(TOOLS, "the store's files", cache.cache),
    Check(NETWORK, "the way out", network.routes),
    Check(NETWORK, "the proxies", network.proxies),
    Check(NETWORK, "the files of CAs", network.trust),
    Check(NETWORK, "the package index", network.index),
    Check(NETWORK, "Debian's mirror", network.debian),
    Check(NETWORK, "the mirror of Debian's security updates", network.security),
    Check(LOCKS, "the locks", images.locks),
    Check(DOCKER, "the engine", docker.engine),
    Check(DOCKER, "what the engine runs on", docker.platform),
    Check(DOCKER, "where the engine keeps images", docker.storage),
    Check(DOCKER, "how the engine confines", docker.isolation),
    Check(CUDA, "the GPU and its driver", nvidia.gpu),
    Check(CUDA, "the GPU's device files", nvidia.devices),
    Check(CUDA, "what hands out GPUs", nvidia.toolkit),
    Check(CUDA, "WSL's GPU", nvidia.wsl),
    Check(TENSORFLOW, "the images", images.images),
    Check(JUPYTER, "the port", jupyter.port),
    Check(JUPYTER, "the token", jupyter.token),
    Check(JUPYTER, "the folder", jupyter.folder),
    Check(CONTAINERS, "the containers", containers.containers),
)
