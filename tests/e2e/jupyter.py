"""Talking to a Jupyter server as a browser does: requests, and a kernel's channel."""

from __future__ import annotations

import json
import re
import time
import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
import websocket
from docker.models.containers import Container

#: Seconds that a server may take to answer, and a cell to run: TensorFlow's import included.
PATIENCE = 90


def printed_url(container: Container) -> str:
    """Wait for the URL that JupyterLab prints; return it with the port of the host."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        log = container.logs().decode()
        found = re.search(r"http://127\.0\.0\.1:8888/\S*lab\?token=\w+", log)
        if found:
            container.reload()
            port = container.ports["8888/tcp"][0]["HostPort"]
            return found[0].replace(":8888", f":{port}")
        time.sleep(0.2)
    raise AssertionError(f"no URL was printed:\n{container.logs().decode()}")


def opened(url: str) -> tuple[str, str]:
    """Return a server's base, and the token, of the URL that opens it."""
    parts = urlsplit(url)
    (token,) = parse_qs(parts.query)["token"]
    return f"http://{parts.netloc}{parts.path.removesuffix('/lab')}", token


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


def save(url: str, name: str, text: str) -> int:
    """Save a file in the server's folder, as JupyterLab does; return the status."""
    base, token = opened(url)
    body: Mapping[str, Any] = {"type": "file", "format": "text", "content": text}
    headers = {"Authorization": f"token {token}"}
    address = f"{base}/api/contents/{name}"
    return requests.put(address, headers=headers, json=body, timeout=PATIENCE).status_code
