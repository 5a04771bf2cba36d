"""JupyterLab as the image runs it: safe, able to save, healthy or not, and quiet."""

from __future__ import annotations

import io
import json
import tarfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import PurePosixPath
from typing import Any

import pytest
import requests
from docker.models.containers import Container

from gradlock.engine import containers
from gradlock.engine.engine import Engine
from tests.e2e.jupyter import PATIENCE, get, opened, printed_url, run_cell, save

Serve = Callable[..., Container]
#: A working folder of its own for a read-only root.
WORK = {"/home/gradlock/work": "mode=1777"}
#: Ends the kernels, as running out of memory does.
KILL_KERNELS = (
    "for process in /proc/[0-9]*; do tr '\\0' ' ' <$process/cmdline | "
    "grep -q 'ipykernel_launche[r]' && kill -9 ${process#/proc/}; done; true"
)
HEALTH = ["python", "/usr/local/lib/gradlock/healthcheck.py"]


@pytest.fixture
def serve(docker_engine: Engine, cpu_image: str) -> Iterator[Serve]:
    """Return a runner of the image, as `docker run -p 127.0.0.1::8888 IMAGE` runs it."""
    with ExitStack() as stack:

        def run(*argv: str, files: dict[str, str] | None = None, **options: Any) -> Container:
            if "network_mode" not in options:
                options["ports"] = {"8888/tcp": ("127.0.0.1", 0)}
            made = containers.container(docker_engine, cpu_image, argv, kind="e2e", **options)
            container = stack.enter_context(made)
            if files:
                container.put_archive("/tmp", packed(files))
            container.start()
            return container

        yield run


def packed(files: dict[str, str]) -> bytes:
    """Return a tar of files, and of their folders, which anybody may change."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for folder in sorted({str(PurePosixPath(name).parent) for name in files} - {"."}):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o777
            tar.addfile(entry)
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(text.encode()), 0o755
            tar.addfile(entry, io.BytesIO(text.encode()))
    return buffer.getvalue()


def health(container: Container) -> tuple[int, str]:
    """Return what the health check says now."""
    done = container.exec_run(HEALTH)
    return done.exit_code, done.output.decode()


def healthy(container: Container) -> str:
    """Wait until it is healthy; return what the check says."""
    deadline = time.monotonic() + PATIENCE
    while True:
        status, told = health(container)
        if status == 0:
            return told
        assert time.monotonic() < deadline, told
        time.sleep(0.5)


def test_image_serves_lab_to_its_token_alone(serve: Serve) -> None:
    server = serve()
    url = printed_url(server)
    base, token = opened(url)
    assert len(token) >= 32
    assert get(f"{base}/api/status", token) == 200
    assert get(url) == 200
    assert get(f"{base}/api/status") == 403
    assert get(f"{base}/api/status", "0" * len(token)) == 403
    assert server.exec_run(["id", "-u"]).output == b"1000\n"
    cell = "import tensorflow as tf; print(float(tf.reduce_sum(tf.ones([3, 4]))))"
    assert run_cell(base, token, cell) == "12.0\n"
    assert "with 1 kernels" in healthy(server)


def test_health_tells_of_a_server_that_is_gone(serve: Serve) -> None:
    server = serve()
    printed_url(server)
    stopped = server.exec_run(
        [
            *("python", "-c"),
            "import os, signal, pathlib\n"
            "for path in pathlib.Path('/proc').glob('[0-9]*/cmdline'):\n"
            "    pid = int(path.parent.name)\n"
            "    if b'serve.py' in path.read_bytes() and pid != os.getpid():\n"
            "        os.kill(pid, signal.SIGSTOP)\n",
        ]
    )
    assert stopped.exit_code == 0, stopped.output
    assert health(server)[0] == 1


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


@pytest.mark.parametrize(
    "options",
    [
        {"user": "12345"},
        {"user": "12345:54321", "read_only": True, "tmpfs": {"/tmp": "", **WORK}},
        {"user": "12345", "read_only": True, "tmpfs": WORK},
        {"user": "0:0", "cap_drop": ["ALL"], "security_opt": ["no-new-privileges"]}
        | {"read_only": True, "tmpfs": {"/tmp": "", **WORK}},
    ],
    ids=["any user", "read-only", "read-only, no /tmp", "root without capabilities"],
)
def test_whoever_runs_it_can_save_and_compute(serve: Serve, options: dict[str, Any]) -> None:
    server = serve(**options)
    url = printed_url(server)
    base, token = opened(url)
    assert save(url, "new.txt", "kept") == 201
    assert server.exec_run(["cat", "new.txt"]).output == b"kept"
    uid = options["user"].partition(":")[0]
    assert run_cell(base, token, "import os; print(os.getuid())") == f"{uid}\n"
    assert "nothing can be saved" not in server.logs().decode()
    healthy(server)


def test_root_with_capabilities_does_not_serve(serve: Serve) -> None:
    server = serve(user="0")
    assert server.wait(timeout=PATIENCE)["StatusCode"] == 64
    assert b"--cap-drop ALL" in server.logs()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"read_only": True}, "Read-only file system"),
        ({"tmpfs": {"/home/gradlock/work": "size=100k,mode=1777"}}, "No space left on device"),
        ({"working_dir": "/opt"}, "Permission denied"),
    ],
    ids=["read-only", "full", "another's"],
)
def test_where_nothing_can_be_saved_it_says_so_and_ends_if_it_must(
    serve: Serve, options: dict[str, Any], told: str
) -> None:
    server = serve(**options, environment={"GRADLOCK_MUST_SAVE": "1"})
    assert server.wait(timeout=PATIENCE)["StatusCode"] == 73
    folder = options.get("working_dir", "/home/gradlock/work")
    assert f"nothing can be saved in {folder}: {told}" in server.logs().decode()
    assert told in next(serve(**options).logs(stream=True, follow=True)).decode()


def test_it_starts_without_its_old_detour(serve: Serve) -> None:
    """Processor time, which other work on the machine does not change much: 0.7 s, once 2."""
    server = serve()
    printed_url(server)
    ticks = server.exec_run(["sh", "-c", "cut -d ' ' -f 14,15 /proc/[0-9]*/stat"]).output
    assert sum(map(int, ticks.split())) / 100 < 1.4


def test_its_log_holds_no_warning(serve: Serve) -> None:
    server = serve()
    printed_url(server)
    log = server.logs().decode()
    assert [line for line in log.splitlines() if line.startswith(("[W", "[E", "gradlock:"))] == []
    assert log.count("http://") == 2  # the one URL, in a line of the log and to be copied


# The health check


#: A kernel like the image's, but that its program can be taken away.
KERNEL = {"argv": ["/tmp/own/run", "-f", "{connection_file}"], "display_name": "own"}
RUN = '#!/bin/sh\nexec python -m ipykernel_launcher "$@"\n'


def test_kernels_that_cannot_run_are_no_health(serve: Serve) -> None:
    files = {"own/run": RUN, "kernels/python3/kernel.json": json.dumps(KERNEL)}
    server = serve(files=files, environment={"JUPYTER_PATH": "/tmp"})
    base, token = opened(printed_url(server))
    assert run_cell(base, token, "print(1)") == "1\n"
    assert "1 kernels" in healthy(server)
    ended = server.exec_run(["sh", "-c", f"rm /tmp/own/run; {KILL_KERNELS}"])
    assert ended.exit_code == 0, ended.output
    status, told = health(server)
    assert (status, "the kernel python3 is not there" in told) == (1, True), told


def test_a_kernel_that_its_manager_has_lost_is_no_health(serve: Serve) -> None:
    # A manager that looks after its kernels no more.
    server = serve("jupyter", "lab", "--KernelManager.autorestart=False")
    base, token = opened(printed_url(server))
    assert run_cell(base, token, "print(1)") == "1\n"
    assert "1 kernels" in healthy(server)
    server.exec_run(["sh", "-c", KILL_KERNELS])
    status, told = health(server)
    assert (status, "the kernel manager has lost 1 kernels" in told) == (1, True), told


def test_a_kernel_that_dies_is_started_again_and_no_illness(serve: Serve) -> None:
    server = serve()
    base, token = opened(printed_url(server))
    assert run_cell(base, token, "print(1)") == "1\n"
    server.exec_run(["sh", "-c", KILL_KERNELS])
    assert "1 kernels" in healthy(server)


# The network


def test_it_needs_no_network(serve: Serve) -> None:
    server = serve(network_mode="none")
    assert "Jupyter answers" in healthy(server)


#: Notes whatever a Python process of the container connects to, or looks up.
WATCH = """
import sys

def note(event, args):
    if event in ("socket.connect", "socket.sendto"):
        place = args[1]
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        place = args[0]
    else:
        return
    with open("/tmp/watch/log", "a") as log:
        print(event, repr(place), file=log)

sys.addaudithook(note)
"""
NEAR = ("127.0.0.1", "'::1'", "localhost", "b''", "None", "/tmp/")


def foreign(container: Container) -> list[str]:
    """Return what was asked of others than the container itself."""
    noted = container.exec_run(["cat", "/tmp/watch/log"]).output.decode().splitlines()
    name = container.exec_run(["hostname"]).output.decode().strip()
    return [line for line in noted if not any(near in line for near in (*NEAR, name))]


def test_it_asks_nothing_of_others_by_itself(serve: Serve) -> None:
    files = {"watch/sitecustomize.py": WATCH, "watch/log": ""}
    server = serve(files=files, environment={"PYTHONPATH": "/tmp/watch"})
    assert server.exec_run(["sh", "-c", "chmod 666 /tmp/watch/log"], user="0").exit_code == 0
    url = printed_url(server)
    base, token = opened(url)
    assert get(url) == 200
    # What the page asks for by itself, and what a curious user clicks.
    for path in ("lab/api/settings", "lab/api/news", "lab/api/update", "lab/api/extensions"):
        headers = {"Authorization": f"token {token}"}
        requests.get(f"{base}/{path}", headers=headers, timeout=PATIENCE)
    assert run_cell(base, token, "import tensorflow as tf; print(tf.__version__)")
    assert foreign(server) == []
    reach = "import socket; print(socket.socket(type=socket.SOCK_DGRAM).connect(('192.0.2.1', 9)))"
    assert run_cell(base, token, reach) == "None\n"
    assert any("192.0.2.1" in line for line in foreign(server))  # the watch sees


# Other places


def test_kubeflows_prefix_is_served_and_probed(serve: Serve) -> None:
    server = serve(environment={"NB_PREFIX": "/notebook/team/name"})
    url = printed_url(server)
    base, token = opened(url)
    assert base.endswith("/notebook/team/name")
    assert get(f"{base}/api") == 200
    assert get(f"{base}/api/contents") == 403
    assert get(f"{base}/api/contents", token) == 200
    healthy(server)


def refused(url: str) -> bool:
    """Whether who has no token is sent to where one is asked for."""
    answer = requests.get(url, allow_redirects=False, timeout=PATIENCE)
    return answer.status_code == 302 and answer.headers["Location"].startswith("/login?")


def test_tensorboard_comes_through_the_one_port(serve: Serve) -> None:
    server = serve()
    base, token = opened(printed_url(server))
    assert run_cell(base, token, TRAIN) == "done\n"
    headers = {"Authorization": f"token {token}"}
    tile = requests.get(f"{base}/tensorboard/data/runs", headers=headers, timeout=2 * PATIENCE)
    assert "logs/train" in tile.json()
    assert refused(f"{base}/tensorboard/data/runs")
    shown = run_cell(base, token, MAGIC)
    port = shown.partition("/proxy/")[2].partition("/")[0]
    inside = requests.get(f"{base}/proxy/{port}/data/runs", headers=headers, timeout=PATIENCE)
    assert inside.json() == ["train"]
    assert refused(f"{base}/proxy/{port}/data/runs")


#: Leaves the logs of a training, of a few numbers.
TRAIN = """
import tensorflow as tf
with tf.summary.create_file_writer("logs/train").as_default():
    for step in range(3):
        tf.summary.scalar("loss", 1 / (step + 1), step=step)
print("done")
"""
#: Shows TensorBoard in a notebook, and prints what the notebook would show.
MAGIC = """
import IPython
from tensorboard import notebook
shell, kept = IPython.get_ipython(), []
IPython.display.display = lambda html, **_: kept.append(html.data)
shell.run_line_magic("load_ext", "tensorboard")
shell.run_line_magic("tensorboard", "--logdir logs")
print(next(line for html in kept for line in html.splitlines() if "/proxy/" in line))
"""
