"""JupyterLab as the image runs it, and as `invoke lab` serves it."""

from __future__ import annotations

import json
import os
import re
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import websocket
from docker.models.containers import Container

from gradlock.engine import containers
from gradlock.engine.engine import Engine
from tests.e2e.conftest import Invoke

#: Seconds that a server may take to answer, and a cell to run: TensorFlow's import included.
PATIENCE = 90


@pytest.fixture
def server(docker_engine: Engine, cpu_image: str) -> Iterator[Container]:
    """Run the image as `docker run -p 127.0.0.1::8888 IMAGE` does, with nothing else said."""
    ports = {"8888/tcp": ("127.0.0.1", 0)}
    with containers.container(docker_engine, cpu_image, [], kind="e2e", ports=ports) as container:
        container.start()
        yield container


def printed_url(container: Container) -> str:
    """Wait for the URL that JupyterLab prints; return it with the port of the host."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        log = container.logs().decode()
        found = re.search(r"http://127\.0\.0\.1:8888/lab\?token=\w+", log)
        if found:
            container.reload()
            port = container.ports["8888/tcp"][0]["HostPort"]
            return found[0].replace(":8888", f":{port}")
        time.sleep(0.2)
    raise AssertionError(f"no URL was printed:\n{container.logs().decode()}")


def get(url: str, token: str = "") -> int:
    """Return the status of a request, once the server answers."""
    headers = {"Authorization": f"token {token}"} if token else {}
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return requests.get(url, headers=headers, timeout=10).status_code
        except requests.ConnectionError:
            assert time.monotonic() < deadline, f"{url} does not answer"
            time.sleep(0.2)


def run_cell(base: str, token: str, code: str) -> str:
    """Start a kernel, run one cell in it, and return what it printed."""
    headers = {"Authorization": f"token {token}"}
    kernel = requests.post(f"{base}/api/kernels", headers=headers, timeout=PATIENCE).json()["id"]
    address = f"ws{base.removeprefix('http')}/api/kernels/{kernel}/channels"
    socket = websocket.create_connection(
        address, header=[f"Authorization: token {token}"], timeout=PATIENCE
    )
    content = {"code": code, "silent": False, "store_history": False, "allow_stdin": False}
    header = {
        "msg_id": uuid.uuid4().hex,
        "session": uuid.uuid4().hex,
        "username": "e2e",
        "msg_type": "execute_request",
        "version": "5.3",
    }
    message = {"header": header, "parent_header": {}, "metadata": {}, "content": content}
    socket.send(json.dumps({**message, "channel": "shell"}))
    text = ""
    try:
        while True:
            reply = json.loads(socket.recv())
            kind, content = reply["msg_type"], reply["content"]
            if kind == "stream" and content["name"] == "stdout":
                text += content["text"]
            elif kind == "error":
                raise AssertionError("\n".join(content["traceback"]))
            elif kind == "status" and content["execution_state"] == "idle" and text:
                return text
    finally:
        socket.close()


def test_image_serves_lab_to_its_token_alone(server: Container) -> None:
    url = printed_url(server)
    parts = urlsplit(url)
    (token,) = parse_qs(parts.query)["token"]
    base = f"http://{parts.netloc}"
    assert len(token) >= 32
    assert get(f"{base}/api/status", token) == 200
    assert get(url) == 200
    assert get(f"{base}/api/status") == 403
    assert get(f"{base}/api/status", "0" * len(token)) == 403
    assert server.exec_run(["id", "-u"]).output == b"1000\n"
    cell = "import tensorflow as tf; print(float(tf.reduce_sum(tf.ones([3, 4]))))"
    assert run_cell(base, token, cell) == "12.0\n"
    checked = server.exec_run(["python", "/usr/local/lib/gradlock/healthcheck.py"])
    assert checked.exit_code == 0, checked.output


def test_health_tells_of_a_server_that_is_gone(server: Container) -> None:
    printed_url(server)
    stopped = server.exec_run(
        [
            *("python", "-c"),
            "import os, signal, pathlib\n"
            "for path in pathlib.Path('/proc').glob('[0-9]*/cmdline'):\n"
            "    pid = int(path.parent.name)\n"
            "    if b'bin/jupyter-lab' in path.read_bytes() and pid != os.getpid():\n"
            "        os.kill(pid, signal.SIGSTOP)\n",
        ]
    )
    assert stopped.exit_code == 0, stopped.output
    checked = server.exec_run(["python", "/usr/local/lib/gradlock/healthcheck.py"])
    assert checked.exit_code == 1, checked.output


def test_an_empty_token_is_refused(docker_engine: Engine, cpu_image: str) -> None:
    for options in (
        {"argv": [], "environment": {"JUPYTER_TOKEN": ""}},
        {"argv": ["jupyter", "lab", "--IdentityProvider.token="], "environment": {}},
    ):
        argv, environment = options["argv"], options["environment"]
        with containers.container(
            docker_engine, cpu_image, argv, kind="e2e", environment=environment
        ) as container:
            container.start()
            assert container.wait(timeout=PATIENCE)["StatusCode"] != 0
            assert b"token" in container.logs()


def test_invoke_lab_serves_a_folder(invoke: Invoke, cpu_image: str, tmp_path: Path) -> None:
    (tmp_path / "kept.txt").write_text("kept")
    if os.getuid() == 0:  # the server has the id of the folder's owner, who is not root
        os.chown(tmp_path, 12345, 12345)
    served = invoke("lab", "--detach", "--folder", str(tmp_path))
    try:
        out, err = served.communicate(timeout=PATIENCE)
        assert served.returncode == 0, err
        parts = urlsplit(out.strip())
        (token,) = parse_qs(parts.query)["token"]
        assert parts.hostname == "127.0.0.1"
        assert get(f"http://{parts.netloc}/api/contents/kept.txt", token) == 200
        assert get(f"http://{parts.netloc}/api/contents/kept.txt") == 403
    finally:
        stopped = invoke("lab", "--stop")
        assert stopped.communicate()[0] == "ended 1\n"
