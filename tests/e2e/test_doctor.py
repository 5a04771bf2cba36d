"""The doctor before faults that are staged for real: containers, sockets, disks, servers."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from docker.errors import APIError
from docker.models.containers import Container

from gradlock import store
from gradlock.engine import containers
from gradlock.engine.engine import Engine
from tests.hosts import place
from tests.unit.doctor import secured

#: Seconds that a container may take to end, or a server to answer.
PATIENCE = 90
#: Seconds that the doctor may take, whatever hangs: its checks have 5 each, side by side.
LIMIT = 20

Findings = list[dict[str, str]]
Doctor = Callable[..., Findings]
ROOT_ONLY = pytest.mark.skipif(
    os.getuid() != 0 or sys.platform != "linux", reason="only root on Linux can stage it"
)


def examine(argv: list[str | Path], status: int | None, env: dict[str, str]) -> Findings:
    """Run a command line of the doctor's; return its findings, and hold it to its status."""
    begin = time.monotonic()
    done = subprocess.run(argv, env=env, capture_output=True, text=True, check=False)
    assert time.monotonic() - begin < LIMIT
    assert "Traceback" not in done.stderr, done.stderr
    assert done.stdout, done.stderr
    found: Findings = json.loads(done.stdout)["findings"]
    assert not [row for row in found if "could not look" in row["seen"]], found
    broken = any(row["severity"] == "broken" for row in found)
    assert done.returncode == int(broken)
    assert status is None or done.returncode == status, found
    return found


@pytest.fixture
def doctor(docker_engine: Engine) -> Doctor:
    """Return a runner of `./inv doctor` with this engine; `first` starts it another way."""

    def run(
        *argv: str, status: int | None = None, first: tuple[str, ...] = (), **env: str
    ) -> Findings:
        command = [*first, store.ROOT / "inv", "doctor", "--json", *argv]
        return examine(command, status, {**os.environ, "DOCKER_HOST": docker_engine.where, **env})

    return run


def told(found: Findings, words: str) -> dict[str, str]:
    """Return the worst finding that has these words; what is bad in it has a reason and a mend."""
    rows = [row for row in found if words in row["seen"]]
    assert rows, "\n".join(row["seen"] for row in found)
    assert rows[0]["severity"] == "fine" or (rows[0]["why"] and rows[0]["mend"])
    return rows[0]


Ended = Callable[..., Container]


@pytest.fixture
def ended(docker_engine: Engine, cpu_image: str) -> Iterator[Ended]:
    """Return what runs a command in the image, to its end, and leaves the container."""
    made: list[Container] = []

    def run(*argv: str, **options: Any) -> Container:
        name = f"gradlock-{uuid.uuid4().hex[:8]}"
        container = containers.create(
            docker_engine, cpu_image, argv, kind="e2e", name=name, **options
        )
        made.append(container)
        try:
            container.start()
        except APIError:
            return container
        container.wait(timeout=PATIENCE)
        return container

    yield run
    for container in made:
        containers.discard(container)


WRITE = "open('/home/gradlock/work/x', 'w').write('x')"
#: What is run, with which options, and what the doctor says of it.
ENDS: list[tuple[list[str], dict[str, Any], str]] = [
    (["python", "-c", "x = b'x' * 10**9"], {"mem_limit": "64m"}, "out of memory"),
    (["python", "train.py"], {}, "/home/gradlock/work/train.py is not there"),
    (["trian"], {}, "trian is not"),
    (["cat", "data.csv"], {}, "data.csv is not there"),
    (["python", "-c", "import torch"], {}, "Python's module torch is not in the image"),
    (
        ["python", "-c", "open('/etc/x', 'w')"],
        {"user": "12345"},
        "may not write to, or read, /etc/x",
    ),
    (["sh", "-c", "echo >/usr/x"], {}, "/usr/x"),
    (["python", "-c", WRITE], {"read_only": True}, "writes where nothing may be written"),
    (["jupyter", "lab"], {"environment": {"JUPYTER_TOKEN": ""}}, "JUPYTER_TOKEN is empty"),
    (["python", "-c", "raise ValueError('so')"], {}, "ValueError: so"),
    (
        ["python", "-c", "import os; os.kill(os.getpid(), 4)"],
        {},
        "an instruction that the processor lacks",
    ),
    (["python", "-c", "import ctypes; ctypes.string_at(0)"], {}, "SIGSEGV"),
    (
        ["python", "-c", "import threading as t\nfor i in range(99): t.Timer(1, print).start()"],
        {"pids_limit": 16},
        "no further process or thread",
    ),
    (
        ["python", "-c", "open('/dev/shm/x', 'wb').write(bytes(10**8))"],
        {"shm_size": "1m"},
        "disk is full",
    ),
    (
        ["python", "-c", "import urllib.request as u; u.urlopen('http://index.invalid')"],
        {"network_mode": "none"},
        "it has no network",
    ),
]


@pytest.mark.parametrize(("argv", "options", "words"), ENDS, ids=lambda value: str(value)[:40])
def test_a_container_that_ended_is_explained(
    doctor: Doctor, ended: Ended, argv: list[str], options: dict[str, Any], words: str
) -> None:
    container = ended(*argv, **options)
    found = doctor("--container", str(container.name), status=1)
    assert told(found, words)["severity"] == "broken"
    assert str(container.name) in found[0]["seen"] or any(
        str(container.name) in row["seen"] for row in found
    )


def test_the_last_that_ended_is_found_without_its_name(doctor: Doctor, ended: Ended) -> None:
    container = ended("python", "-c", "import torch")
    row = told(doctor(), f"{container.name} (status 1): Python's module torch")
    assert row["severity"] == "warning"


def test_a_taken_port_is_explained_on_both_sides(doctor: Doctor, ended: Ended) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        container = ended("jupyter", "lab", ports={"8888/tcp": ("127.0.0.1", port)})
        row = told(doctor("--container", str(container.name)), "the port is taken")
    assert "not started" in row["seen"]


def test_a_container_that_does_not_exist_is_told(doctor: Doctor, cpu_image: str) -> None:
    assert told(doctor("--container", "no-such"), "there is no container no-such")


@pytest.fixture
def lab(docker_engine: Engine, cpu_image: str) -> Iterator[tuple[Container, str, str]]:
    """Serve JupyterLab; return the container, its URL, and its token."""
    token = uuid.uuid4().hex
    options: dict[str, Any] = {
        "ports": {"8888/tcp": ("127.0.0.1", 0)},
        "environment": {"JUPYTER_TOKEN": token},
    }
    with containers.container(docker_engine, cpu_image, [], kind="e2e", **options) as container:
        container.start()
        container.reload()
        url = f"http://127.0.0.1:{container.ports['8888/tcp'][0]['HostPort']}"
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                if requests.get(f"{url}/api", timeout=5).ok:
                    break
            except requests.RequestException:
                time.sleep(0.2)
        yield container, url, token


def test_a_kernel_that_is_killed_is_told_from_the_servers_log(
    doctor: Doctor, lab: tuple[Container, str, str]
) -> None:
    container, url, token = lab
    told(doctor("--container", str(container.name)), f"{container.name} runs")
    headers = {"Authorization": f"token {token}"}
    requests.post(f"{url}/api/kernels", headers=headers, timeout=PATIENCE).raise_for_status()
    killed = "import pathlib, os\nfor p in pathlib.Path('/proc').glob('[0-9]*/cmdline'):\n" + (
        " if b'ipykernel' in p.read_bytes() and int(p.parent.name) != os.getpid():\n"
        "  os.kill(int(p.parent.name), 9)"
    )
    deadline = time.monotonic() + PATIENCE
    while "restarting kernel" not in container.logs().decode():
        assert time.monotonic() < deadline
        container.exec_run(["python", "-c", killed])
        time.sleep(1)
    assert told(doctor("--container", str(container.name)), "a notebook's kernel died")


def test_a_container_without_a_gpu_is_asked_inside(
    doctor: Doctor, docker_engine: Engine, cpu_image: str
) -> None:
    made = containers.create(docker_engine, cpu_image, ["sleep", "99"], kind="e2e")
    gpu = docker_engine.client.containers.create(
        cpu_image, ["sleep", "99"], labels={"gradlock": "e2e", "io.gradlock.cuda": "12.9.1"}
    )
    try:
        made.start()
        gpu.start()
        found = doctor()
        assert told(found, f"{gpu.name} was started without a GPU")["severity"] == "warning"
        assert not [row for row in found if row["seen"].startswith(f"{made.name} was")]
    finally:
        containers.discard(made)
        containers.discard(gpu)


def test_libraries_that_hide_tensorflows_are_told(doctor: Doctor, docker_engine: Engine) -> None:
    tags = [tag for image in docker_engine.client.images.list("gradlock") for tag in image.tags]
    gpu = next((tag for tag in sorted(tags) if tag.startswith("gradlock:cu")), None)
    if gpu is None:
        pytest.skip("the engine has no GPU variant's image: ./inv image --gpu")
    script = "mkdir /tmp/x; echo x >/tmp/x/libcudnn.so.9; echo x >/tmp/x/libstdc++.so.6; sleep 99"
    options: dict[str, Any] = {
        "environment": {"LD_LIBRARY_PATH": "/tmp/x"},
        "devices": ["/dev/null:/dev/nvidia0"],
    }
    with containers.container(
        docker_engine, gpu, ["sh", "-c", script], kind="e2e", **options
    ) as container:
        container.start()
        time.sleep(1)
        found = doctor("--container", str(container.name), status=1)
    assert "/tmp/x/libstdc++.so.6" in told(found, "libcudnn.so.9 does not load")["seen"]
    assert "LD_LIBRARY_PATH" in told(found, "libcudnn.so.9 does not load")["mend"]
    assert told(found, "LD_LIBRARY_PATH brings /tmp/x/libcudnn.so.9")
    assert told(found, "the driver's library is not in the container")


def test_a_whole_machine_is_fine(doctor: Doctor, cpu_image: str, own_folder: Path) -> None:
    found = doctor("--variant", "cpu", GRADLOCK_STORE=str(own_folder / "store"))
    said = [row["seen"] for row in found if row["severity"] == "broken"]
    assert said == []
    for words in (".venv has what its lock names", "the locks of cpu are current", "gradlock:cpu"):
        assert told(found, words)["severity"] == "fine"


# The machine


@pytest.fixture
def own_folder() -> Iterator[Path]:
    """Return a folder that any user may enter, with a short path."""
    made = Path(tempfile.mkdtemp(prefix="gradlock-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


def bare(folder: Path, *argv: str, uid: int = 0, script: str = "", **env: str) -> Findings:
    """Run the doctor in a checkout without `.venv`, on the system's Python, after a script.

    It begins in the folder. The script may mount: nothing of it is left.
    """
    checkout = folder / "checkout"
    if not checkout.exists():
        place.checkout(checkout)
    python = next(filter(Path.exists, map(Path, ("/usr/bin/python3", sys.executable))))
    become = f"setpriv --reuid={uid} --regid={uid} --clear-groups" if uid else ""
    line = f'cd {folder}\n{script}\nexec {become} "$0" doctor --json "$@"'
    apart = ["unshare", "--mount"] if script and os.getuid() == 0 else []
    variables = {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": str(folder),
        "GRADLOCK_PYTHON": str(python),
        "DOCKER_HOST": f"unix://{folder}/none.sock",
        **env,
    }
    return examine([*apart, "sh", "-euc", line, checkout / "inv", *argv], None, variables)


def test_it_works_before_setup_and_without_an_engine(own_folder: Path) -> None:
    found = bare(own_folder)
    assert told(found, ".venv is not set up yet")
    assert told(found, "DOCKER_HOST names")["severity"] == "broken"
    assert not list((own_folder / "checkout").rglob("__pycache__"))
    assert not (own_folder / "checkout/.venv").exists()


@ROOT_ONLY
def test_a_socket_without_permission_is_told(own_folder: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(own_folder / "docker.sock"))
        server.listen()
        (own_folder / "docker.sock").chmod(0o660)
        found = bare(own_folder, uid=12345, DOCKER_HOST=f"unix://{own_folder}/docker.sock")
    assert told(found, "may not talk to")["severity"] == "broken"


@ROOT_ONLY
def test_a_folder_that_its_user_may_not_come_to_is_told(own_folder: Path) -> None:
    """As after `sudo -u somebody` in a folder of one's own."""
    closed = own_folder / "closed"
    (closed / "work").mkdir(parents=True)
    closed.chmod(0o700)
    found = bare(own_folder, uid=12345, script=f"cd {closed}/work")
    assert told(found, "may not come to this folder")["severity"] == "broken"


@ROOT_ONLY
@pytest.mark.parametrize("name", ["store", "tmp"])
def test_a_full_disk_is_told(own_folder: Path, name: str) -> None:
    full = own_folder / name
    full.mkdir()
    script = (
        f"mount -t tmpfs -o size=1m tmpfs {full}\n"
        f"dd if=/dev/zero of={full}/x bs=64k 2>/dev/null || true"
    )
    env = {"GRADLOCK_STORE" if name == "store" else "TMPDIR": str(full)}
    found = bare(own_folder, script=script, **env)
    assert told(found, f"({full}) is full")["severity"] == "broken"


@ROOT_ONLY
def test_a_processor_without_avx_is_told(own_folder: Path) -> None:
    cpuinfo = own_folder / "cpuinfo"
    cpuinfo.write_text("processor : 0\nmodel name : QEMU\nflags : fpu sse4_2\n")
    found = bare(own_folder, script=f"mount --bind {cpuinfo} /proc/cpuinfo")
    assert told(found, "has no AVX")["severity"] == "broken"


@ROOT_ONLY
def test_a_machine_without_a_network_is_told(own_folder: Path) -> None:
    folder = own_folder
    place.checkout(folder / "checkout")
    argv = ["unshare", "--net", folder / "checkout/inv", "doctor", "--json"]
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "GRADLOCK_PYTHON": sys.executable}
    found = examine([*argv], 1, {**env, "DOCKER_HOST": f"unix://{folder}/none.sock"})
    assert told(found, "no route leads out")["severity"] == "broken"


@ROOT_ONLY
def test_silent_name_servers_are_told(own_folder: Path) -> None:
    resolver = own_folder / "resolv.conf"
    resolver.write_text("nameserver 192.0.2.1\n")
    found = bare(
        own_folder,
        script=f"mount --bind {resolver} /etc/resolv.conf",
        PIP_INDEX_URL="https://index.invalid/simple",
        http_proxy="",
    )
    # Whether a packet to nowhere is lost, or answered that it is, is the network's to decide.
    rows = [row for row in found if "/etc/resolv.conf" in row["mend"]]
    assert rows, found
    assert {row["severity"] for row in rows} == {"broken"}


def test_a_fake_driver_is_held_to_the_variant(doctor: Doctor, own_folder: Path) -> None:
    smi = own_folder / "nvidia-smi"
    path = f"{own_folder}:{os.environ['PATH']}"
    for said, words in (
        ("NVIDIA B200, 550.54.14, 10.0", "older than 555.42.02"),
        ("NVIDIA H100 80GB HBM3, 535.54.03, 9.0", "has machine code for it"),
        ("Tesla T4, 470.57.02, 7.5", "driver 470.57.02 is older than 525.60.13"),
        ("Tesla K80, 535.54.03, 3.7", "has no code for it"),
        ("Tesla T4, 550.54.14, 7.5", "has machine code for it"),
    ):
        smi.write_text(f"#!/bin/sh\necho '{said}'\n")
        smi.chmod(0o755)
        assert told(doctor("--gpu", PATH=path), words)
    assert told(doctor(PATH=path), words)  # nor need anybody say that it is a GPU's machine
    smi.write_text("#!/bin/sh\nsleep 600\n")
    assert told(doctor("--gpu", PATH=path), "did not end within")


def test_a_proxy_that_looks_into_tls_is_named(doctor: Doctor, own_folder: Path) -> None:
    bundle, own = secured.made(own_folder)
    with secured.serving(certificate=own) as url:
        index = dict.fromkeys(("UV_DEFAULT_INDEX", "PIP_INDEX_URL"), f"{url}/simple")
        found = doctor(no_proxy="127.0.0.1", **index)
        assert secured.NAME in told(found, "is not trusted here")["seen"]
        trusted = doctor(no_proxy="127.0.0.1", PIP_CERT=str(bundle), **index)
        assert told(trusted, "answers, but not with the page of a package index")


def test_a_dead_mirror_and_a_dead_proxy_are_told(doctor: Doctor) -> None:
    found = doctor(GRADLOCK_DEBIAN_MIRROR="http://127.0.0.1:1/debian", no_proxy="127.0.0.1")
    assert told(found, "the mirror of debian: 127.0.0.1:1 refuses")
    assert told(doctor(https_proxy="http://127.0.0.1:1"), "the proxy 127.0.0.1:1")


def test_a_broken_artifact_is_told_and_left_alone(doctor: Doctor, own_folder: Path) -> None:
    path = own_folder / "store/artifacts" / ("0" * 64) / "a.whl"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"other bytes")
    found = doctor(GRADLOCK_STORE=str(own_folder / "store"))
    assert str(path) in told(found, "other bytes than")["seen"]
    assert path.read_bytes() == b"other bytes"


def test_a_taken_port_is_told(doctor: Doctor) -> None:
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            server.bind(("127.0.0.1", 8888))
        except OSError:
            pass  # it is taken already, by somebody else
        else:
            server.listen()
        assert told(doctor(), "port 8888 is taken")["severity"] == "warning"


@pytest.mark.parametrize("host", ["tcp://127.0.0.1:1", "ssh://nobody@127.0.0.1:1", "nonsense"])
def test_a_dead_engine_that_is_named_is_told(doctor: Doctor, host: str) -> None:
    row = told(doctor(status=1, DOCKER_HOST=host), f"DOCKER_HOST names {host}")
    assert "unset DOCKER_HOST" in row["mend"]
