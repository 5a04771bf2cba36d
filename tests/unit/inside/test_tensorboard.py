"""Serving TensorBoard: to who has its address alone."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from gradlock.engine.engine import Engine
from gradlock.inside import tensorboard
from gradlock.inside.request import Request
from tests.unit.inside.conftest import Server

pytestmark = pytest.mark.usefixtures("seen")


def test_its_address_cannot_be_guessed(
    server: Server, engine: Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tensorboard.run(engine, "gradlock:cpu", Request(tmp_path))
    ((argv, options),) = server.created
    address = urlsplit(capsys.readouterr().out.strip())
    ((_, port),) = options["ports"].values()
    assert (address.hostname, address.port) == ("127.0.0.1", port)
    secret = address.path.strip("/")
    assert len(bytes.fromhex(secret)) == 24
    assert argv[argv.index("--path_prefix") + 1] == f"/{secret}"
    assert server.asked[-1][0] == f"/{secret}/data/environment"


def test_it_only_reads_the_logs(server: Server, engine: Engine, tmp_path: Path) -> None:
    tensorboard.run(engine, "gradlock:cpu", Request(tmp_path), detach=True)
    ((argv, options),) = server.created
    (mount,) = options["mounts"]
    assert (mount["Source"], mount["ReadOnly"]) == (str(tmp_path), True)
    assert argv[argv.index("--logdir") + 1] == "."
