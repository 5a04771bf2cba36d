"""Say whether the service that the entry point started is healthy: exit status 0 or 1.

Jupyter must answer on its port to its own token, and be able to run notebooks (the extension
gradlock_server looks); TensorBoard must answer on its port. Any other command starts no server:
it is healthy as long as it runs, and the message says so.
"""

from __future__ import annotations

import json
import os
import ssl
import sys
import tempfile
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

#: Where the entry point may have recorded what runs, in the order that it tries them.
RECORDS = (Path("/tmp/gradlock-service"), Path("/dev/shm/gradlock-service"))
#: JupyterHub's server: its token is JupyterHub's, which would be asked at every check.
HUB = "jupyterhub-singleuser"
#: The commands that serve Jupyter, as the entry point spells them.
JUPYTER = frozenset({"jupyter-lab", "jupyter-notebook", "jupyter-server", HUB})
#: Seconds to wait for an answer.
PATIENCE = 8
#: The status with which a server says that it is there, but not well.
UNWELL = 503


def main() -> int:
    """Check the recorded service, print one line, and return the exit status."""
    try:
        print(check())
    except (OSError, ValueError, KeyError) as error:
        print(f"unhealthy: {type(error).__name__}: {error}")
        return 1
    return 0


def check() -> str:
    """Return what is healthy; an error says what is not."""
    pid, home, program = read_record()
    if not Path(f"/proc/{pid}").exists():
        raise ValueError(f"{program} (process {pid}) has ended")
    name = Path(program).name
    if name in JUPYTER:
        return jupyter(pid, home, hub=name == HUB)
    if name == "tensorboard":
        return tensorboard(pid)
    return f"no server was started: {name} runs"


def read_record() -> list[str]:
    """Return the process, its home and its program."""
    for path in RECORDS:
        if path.exists():
            return path.read_text(encoding="utf-8").split("\n")[:3]
    raise ValueError("the entry point recorded no service")


def jupyter(pid: str, home: str, *, hub: bool) -> str:
    """Ask the Jupyter server for what only its token gives, and how its kernels are."""
    os.environ["HOME"] = home
    from jupyter_core.paths import jupyter_runtime_dir

    runtime = Path(jupyter_runtime_dir()) / f"jpserver-{pid}.json"
    server = json.loads(runtime.read_text(encoding="utf-8"))
    anywhere = server["hostname"] in ("", "*", "0.0.0.0", "::")  # noqa: S104 (only compared)
    host = "127.0.0.1" if anywhere else server["hostname"]
    scheme = "https" if server["secure"] else "http"
    base = f"{scheme}://{host}:{server['port']}{server['base_url']}"
    if server["token"] and not hub:  # a password may stand in for it, and nobody here knows it
        get(base + "api/status", token=server["token"])
    kernels = get(base + "gradlock/health")["kernels"]
    return f"Jupyter answers on port {server['port']}, with {kernels} kernels"


def tensorboard(pid: str) -> str:
    """Ask TensorBoard, where its own record says that it listens, for its data."""
    record = Path(tempfile.gettempdir(), ".tensorboard-info", f"pid-{pid}.info")
    info = json.loads(record.read_text(encoding="utf-8"))
    get(f"http://127.0.0.1:{info['port']}{info['path_prefix']}/data/environment")
    return f"TensorBoard answers on port {info['port']}"


def get(url: str, token: str = "") -> Any:
    """Return the JSON at a URL of this container; no proxy, and its certificate is its own."""
    request = urllib.request.Request(url)  # noqa: S310 (http or https, by construction)
    if token:
        request.add_header("Authorization", f"token {token}")
    trusting = ssl._create_unverified_context()  # noqa: S323 (it talks to itself)
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}),
        urllib.request.HTTPSHandler(context=trusting),
    )
    try:
        with opener.open(request, timeout=PATIENCE) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        if error.code != UNWELL:
            raise
        raise ValueError(json.load(error)["problem"]) from error


if __name__ == "__main__":
    sys.exit(main())
