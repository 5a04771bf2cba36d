"""compose.yaml: the table's images as services, served as safely as `invoke lab` does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from gradlock import store
from gradlock.engine import containers
from gradlock.inputs.variants import Table, Variant
from gradlock.inside import ports, workspace

PATH = store.ROOT / "compose.yaml"
HEADER = """\
# JupyterLab of each variant, for docker compose. Made by `./inv compose` from variants.toml, not by
# hand: docs/editors.md says what the variables do.
"""
#: The port in the container and on this machine: the same, so that the URL printed is right.
PORT = "${GRADLOCK_PORT:-8888}"


def text(table: Table) -> str:
    """Return the file's text: a service for each variant, the CPU's without being named."""
    services = {row.name: service(row) for row in table.plain}
    body = yaml.safe_dump({"services": services}, sort_keys=False, width=100)
    return HEADER + body


def write(table: Table, path: Path | None = None) -> bool:
    """Write the file where it is not current; return whether it was not."""
    path = path or PATH
    new = text(table)
    if path.exists() and path.read_text(encoding="utf-8") == new:
        return False
    store.write_text(path, new)
    return True


def service(variant: Variant) -> dict[str, Any]:
    """Return a variant's service.

    The token is the shell's `JUPYTER_TOKEN`, or a random one, which the log has; the folder is
    the one that compose is started in.
    """
    settings: dict[str, Any] = {
        "image": f"gradlock:{variant.name}",
        "command": [
            "jupyter-lab",
            f"--ServerApp.port={PORT}",
            f"--ServerApp.custom_display_url=http://{ports.HOST}:{PORT}",
        ],
        "environment": ["JUPYTER_TOKEN"],
        "ports": [f"{ports.HOST}:{PORT}:{PORT}"],
        "user": "${GRADLOCK_USER:-1000:1000}",
        "volumes": [
            {
                "type": "bind",
                "source": "${GRADLOCK_FOLDER:-.}",
                "target": workspace.INSIDE,
            }
        ],
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
        "pids_limit": containers.PROCESSES,
        "shm_size": "1g",
    }
    if not variant.gpu:
        return settings
    devices = [{"driver": "nvidia", "count": "all", "capabilities": ["gpu"]}]
    # With a profile it starts only where it is named.
    return {
        **settings,
        "profiles": [variant.name],
        "deploy": {"resources": {"reservations": {"devices": devices}}},
    }
