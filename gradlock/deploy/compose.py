"""Workers as services for docker compose, on one machine and a network of their own."""

from __future__ import annotations

from typing import Any

from gradlock.deploy.order import SHARED, USER, WORK, Order
from gradlock.engine import containers


def workers(order: Order) -> dict[str, Any]:
    """Return compose's file: a service for each worker, with the name that JobSet would give it.

    The folder that they share is `GRADLOCK_FOLDER`, or the file's own; the user is
    `GRADLOCK_USER`, who must be able to read it, and to write where results are kept.
    """
    services = {f"worker-{index}": _worker(order, index) for index in range(order.workers)}
    # No way out: a worker needs none but the others.
    return {"services": services, "networks": {"workers": {"internal": True}}}


def _worker(order: Order, index: int) -> dict[str, Any]:
    settings: dict[str, Any] = {
        "image": order.image,
        # Compose reads a dollar as the beginning of a variable.
        "command": [word.replace("$", "$$") for word in order.argv],
        "environment": {
            "GRADLOCK_JOB": order.name,
            "GRADLOCK_WORKER": str(index),
            "GRADLOCK_WORKERS": str(order.workers),
        },
        "networks": {"workers": {"aliases": [f"{order.name}-worker-0-{index}.{order.name}"]}},
        "user": f"${{GRADLOCK_USER:-{USER}:{USER}}}",
        "volumes": [{"type": "bind", "source": "${GRADLOCK_FOLDER:-.}", "target": WORK}],
        "read_only": True,
        "tmpfs": ["/tmp:rw,exec,nosuid,nodev,mode=1777"],
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
        "pids_limit": containers.PROCESSES,
        "cpus": order.cpus,
        "mem_limit": f"{order.memory}m",
        "shm_size": f"{SHARED}m",
    }
    if order.local:
        settings["pull_policy"] = "never"
    if order.gpus:
        device = {"driver": "nvidia", "count": order.gpus, "capabilities": ["gpu"]}
        settings["deploy"] = {"resources": {"reservations": {"devices": [device]}}}
    return settings
