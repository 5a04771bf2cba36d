"""The image as others start it: a real JupyterHub with DockerSpawner, and Kubeflow's variables."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Page, expect

from gradlock.engine import containers
from gradlock.engine.engine import Engine
from tests.lab.conftest import Shoot
from tests.lab.desk import Address, Desk

#: Seconds until a hub, or a server that another one starts, must answer.
START = 90
PASSWORD = secrets.token_hex(8)
PREFIX = "/notebook/team/first"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def answers(url: str) -> bool:
    """Whether a URL answers well, without a proxy in between."""
    session = requests.Session()
    session.trust_env = False
    try:
        return session.get(url, timeout=5).ok
    except requests.RequestException:
        return False


def wait(url: str, alive: subprocess.Popen[bytes] | None, log: Path) -> None:
    """Wait until a URL answers, as long as what serves it lives."""
    deadline = time.monotonic() + START
    while not answers(url):
        dead = (alive and alive.poll() is not None) or time.monotonic() > deadline
        assert not dead, log.read_text(errors="replace")[-3000:]
        time.sleep(0.2)


@pytest.fixture
def hub(docker_engine: Engine, cpu_image: str, tmp_path: Path) -> Iterator[str]:
    """Run a JupyterHub on this machine; return its address."""
    (network,) = docker_engine.client.networks.list(names=["bridge"])
    gateway = network.attrs["IPAM"]["Config"][0].get("Gateway")
    if not docker_engine.local or not gateway:
        pytest.skip("containers of this engine reach no server of this machine")
    url = f"http://127.0.0.1:{free_port()}"
    log = tmp_path / "log"
    with log.open("wb") as sink:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "jupyterhub"),
                *("--config", Path(__file__).with_name("jupyterhub_config.py")),
            ],
            cwd=tmp_path,
            env={
                **os.environ,
                "DOCKER_HOST": docker_engine.where,
                "HUB_URL": url,
                "HUB_GATEWAY": gateway,
                "HUB_PORT": str(free_port()),
                "HUB_PROXY_PORT": str(free_port()),
                "HUB_PASSWORD": PASSWORD,
                "HUB_IMAGE": cpu_image,
            },
            stdout=sink,
            stderr=sink,
        )
    try:
        wait(f"{url}/hub/health", process, log)
        yield url
    finally:
        process.terminate()
        process.wait(START)
        for left in servers(docker_engine):
            left.remove(force=True)


def servers(engine: Engine) -> list[containers.Container]:
    """Return the servers that the hub has started."""
    found: list[containers.Container] = engine.client.containers.list(
        all=True, filters={"label": "gradlock=hub"}
    )
    return found


@pytest.fixture
def kubeflow(docker_engine: Engine, cpu_image: str, tmp_path: Path) -> Iterator[Address]:
    """Run the image as a Notebook of Kubeflow does; return where it answers."""
    token = secrets.token_hex(8)
    with containers.container(
        docker_engine,
        cpu_image,
        [],
        kind="e2e",
        ports={"8888/tcp": ("127.0.0.1", 0)},
        environment={"NB_PREFIX": PREFIX, "JUPYTER_TOKEN": token},
    ) as container:
        container.start()
        container.reload()
        port = container.ports["8888/tcp"][0]["HostPort"]
        wait(f"http://127.0.0.1:{port}{PREFIX}/api", None, tmp_path)
        yield Address(f"http://127.0.0.1:{port}{PREFIX}/lab?token={token}")


@pytest.fixture
def address(request: pytest.FixtureRequest) -> Address:
    """Return where this test's server is: the watch goes by it."""
    if "kubeflow" in request.fixturenames:
        found: Address = request.getfixturevalue("kubeflow")
        return found
    return Address(f"{request.getfixturevalue('hub')}/hub/lab")


def test_a_hub_spawns_the_image_and_stops_it(
    page: Page, hub: str, docker_engine: Engine, shoot: Shoot
) -> None:
    page.goto(hub)
    page.get_by_label("Username").fill("ada")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/user/ada/lab**", timeout=START * 1000)
    desk = Desk(page)
    desk.here()
    (server,) = servers(docker_engine)
    desk.notebook()
    out = desk.run("import os\nprint(os.environ['JUPYTERHUB_USER'], os.getuid())")
    expect(out.last).to_have_text("ada 1000\n")
    shoot(page, "cell")
    assert server.exec_run(["python", "/usr/local/lib/gradlock/healthcheck.py"]).exit_code == 0
    page.goto(f"{hub}/hub/home")
    page.get_by_role("button", name="Stop My Server").click()
    expect(page.get_by_role("button", name="Stop My Server")).to_be_hidden()
    desk.until(lambda: not servers(docker_engine))


def test_a_notebook_of_kubeflow_is_below_its_prefix(page: Page, kubeflow: Address) -> None:
    assert kubeflow.root.endswith(PREFIX)
    desk = Desk(page).open(kubeflow.url)
    desk.notebook()
    expect(desk.run("print('below')").last).to_have_text("below\n")
    assert f"{PREFIX}/lab" in page.url
