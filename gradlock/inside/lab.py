"""JupyterLab from an image, for one user on this machine."""

from __future__ import annotations

import dataclasses
import secrets
from typing import Any

from gradlock.engine.engine import Engine
from gradlock.errors import InputError
from gradlock.inside import identity, ports, service, workspace
from gradlock.inside.request import Request
from gradlock.inside.service import Service

#: The first port tried.
PORT = 8888
#: The variable that holds the token, and the one that has the server end where none can save.
TOKEN, MUST_SAVE = "JUPYTER_TOKEN", "GRADLOCK_MUST_SAVE"


def run(engine: Engine, image: str, request: Request, **how: Any) -> None:
    """Serve an image's JupyterLab, in which work can be saved, and print its URL.

    `how` is for `service.run`. The token is a random one, unless `request` brings one.

    Raises:
        InputError: no such folder, nothing can be saved in it, an empty token, or the port is
            taken.
        EngineError: the engine refused, does not see the folder, or lacks a required GPU;
            or JupyterLab did not start, or ended by itself.

    """
    token = request.environment.get(TOKEN, secrets.token_hex(24))
    if not token:
        raise InputError(
            f"an empty {TOKEN}: anyone who reaches the port could run code",
            mend="leave it out for a random token",
        )
    folder = workspace.found(request.folder)
    who = identity.of(engine, folder)
    identity.check(who, folder)
    identity.tell(who, folder)
    environment = {**request.environment, TOKEN: token, MUST_SAVE: "1"}
    request = dataclasses.replace(request, environment=environment)
    service.run(engine, image, served(token), request, **how)


def served(token: str) -> Service:
    """Return the service that JupyterLab is, to a token."""
    return Service(
        kind="lab",
        name="JupyterLab",
        argv=lambda port: [
            "jupyter-lab",
            f"--ServerApp.port={port}",
            f"--ServerApp.custom_display_url=http://{ports.HOST}:{port}",
        ],
        url=lambda port: f"http://{ports.HOST}:{port}/lab?token={token}",
        probe=lambda port: f"http://{ports.HOST}:{port}/api/status",
        headers={"Authorization": f"token {token}"},
        first=PORT,
    )
