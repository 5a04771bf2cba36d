"""An image's configuration: what it runs, and the digests of its layers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from gradlock.images.recipe import Recipe
from gradlock.inputs.variants import Variant
from gradlock.layers import Layer, base

#: Nanoseconds, in which the health check counts.
SECOND = 1_000_000_000


def config(recipe: Recipe, layers: Sequence[Layer]) -> bytes:
    """Return the configuration's bytes; their sha256 is the image's ID."""
    created = recipe.created.strftime("%Y-%m-%dT%H:%M:%SZ")
    variables = sorted(environment(recipe.variant).items())
    whole = {
        "architecture": recipe.variant.machine.architecture,
        "os": "linux",
        "created": created,
        "config": {
            "User": f"{base.UID}:{base.UID}",
            "WorkingDir": f"/{base.HOME}/work",
            "Entrypoint": ["/opt/conda/bin/tini", "-g", "--", "/usr/local/bin/gradlock-entrypoint"],
            "Cmd": ["jupyter", "lab"],
            "ExposedPorts": {"8888/tcp": {}},
            "Env": [f"{name}={value}" for name, value in variables],
            "Labels": labels(recipe, created),
            "Healthcheck": {
                "Test": ["CMD", "/opt/conda/bin/python", "/usr/local/lib/gradlock/healthcheck.py"],
                "Interval": 30 * SECOND,
                "Timeout": 10 * SECOND,
                "StartPeriod": 20 * SECOND,
                "Retries": 3,
            },
        },
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer.digest}" for layer in layers]},
        "history": [
            {"created": created, "created_by": f"gradlock layer {layer.name}"} for layer in layers
        ],
    }
    return to_json(whole)


def to_json(value: Any) -> bytes:
    """Return the one spelling of a value: a digest depends on every byte of it."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def labels(recipe: Recipe, created: str) -> dict[str, str]:
    """Return what an image says of itself to an engine."""
    variant = recipe.variant
    return {
        "io.gradlock.channel": recipe.channel,
        "io.gradlock.cuda": variant.cuda or "",
        "io.gradlock.locks": f"sha256:{recipe.locks.digest}",
        "io.gradlock.tensorflow": variant.tensorflow,
        "io.gradlock.variant": variant.name,
        "org.opencontainers.image.created": created,
        "org.opencontainers.image.title": f"gradlock {variant.name}",
        "org.opencontainers.image.version": variant.tensorflow,
    }


def environment(variant: Variant) -> dict[str, str]:
    """Return the environment of everything that runs in the image."""
    shared = {
        "PATH": "/opt/conda/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "HOME": f"/{base.HOME}",
        "CONDA_PREFIX": "/opt/conda",
        "SHELL": "/bin/bash",
    }
    if not variant.gpu:
        return shared
    return {
        **shared,
        "NVIDIA_VISIBLE_DEVICES": "all",
        "NVIDIA_DRIVER_CAPABILITIES": "compute,utility",
        "NVIDIA_REQUIRE_CUDA": f"driver>={variant.driver}",
    }
