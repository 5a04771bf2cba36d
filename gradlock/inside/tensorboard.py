"""TensorBoard from an image, for one user on this machine."""

from __future__ import annotations

import secrets
from typing import Any

from gradlock.engine.engine import Engine
from gradlock.inside import ports, service
from gradlock.inside.request import Request
from gradlock.inside.service import Service

#: The first port tried: the one that TensorBoard has by itself.
PORT = 6006


def run(engine: Engine, image: str, request: Request, **how: Any) -> None:
    """Serve an image's TensorBoard over a folder, which it can only read, and print its URL.

    `how` is for `service.run`.

    Raises:
        InputError: no such folder, or the port is taken.
        EngineError: the engine refused, or does not see the folder; or TensorBoard did not
            start, or ended by itself.

    """
    service.run(engine, image, served(secrets.token_hex(24)), request, **how)


def served(secret: str) -> Service:
    """Return the service that TensorBoard is, below a path that stands for a password.

    It has none, and other users of this machine can reach its port, as can any page in the
    user's browser.
    """

    def url(port: int) -> str:
        return f"http://{ports.HOST}:{port}/{secret}/"

    return Service(
        kind="tensorboard",
        name="TensorBoard",
        argv=lambda port: [
            *("tensorboard", "--logdir", "."),
            *("--host", "0.0.0.0", "--port", str(port)),  # noqa: S104 (the container's)
            *("--path_prefix", f"/{secret}"),
        ],
        url=url,
        probe=lambda port: f"{url(port)}data/environment",
        headers={},
        first=PORT,
        read_only=True,
    )
