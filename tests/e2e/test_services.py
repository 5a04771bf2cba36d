"""What `./inv lab`, `tensorboard`, `ps`, `logs` and `stop` do, on a real engine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from gradlock.engine import containers
from gradlock.engine.engine import Engine
from tests.e2e.conftest import Invoke
from tests.e2e.jupyter import PATIENCE, get, opened, save

pytestmark = pytest.mark.usefixtures("cpu_image")

needs_root = pytest.mark.skipif(os.getuid() != 0, reason="only root can stage this")


@pytest.fixture
def detached(invoke: Invoke) -> Iterator[list[str]]:
    """Return a list for the names of what runs on, to be ended with the test."""
    names: list[str] = []
    yield names
    for name in names:
        invoke("stop", "--name", name).communicate(timeout=PATIENCE)


def served(invoke: Invoke, names: list[str], verb: str, *argv: str) -> str:
    """Leave a service running; return its address."""
    started = invoke(verb, "--detach", *argv)
    out, err = started.communicate(timeout=PATIENCE)
    assert started.returncode == 0, err
    url = out.strip()
    assert url.startswith("http://127.0.0.1:")
    names.append(url.split(":")[2].partition("/")[0])
    return url


def shown(invoke: Invoke) -> list[dict[str, Any]]:
    """Return what `ps` shows."""
    asked = invoke("ps", "--json")
    out, err = asked.communicate(timeout=PATIENCE)
    assert asked.returncode == 0, err
    rows: list[dict[str, Any]] = json.loads(out)
    return rows


def refused(invoke: Invoke, *argv: str) -> str:
    """Run a verb that fails; return what it says."""
    run = invoke(*argv)
    out, err = run.communicate(timeout=PATIENCE)
    assert (run.returncode, out) == (1, ""), err
    return err


@pytest.mark.parametrize(
    "owner", [pytest.param(12345, marks=needs_root), os.getuid()], ids=["another", "own"]
)
def test_what_is_saved_belongs_to_the_folders_owner(
    invoke: Invoke, detached: list[str], tmp_path: Path, owner: int
) -> None:
    if owner != os.getuid():
        os.chown(tmp_path, owner, owner)
    url = served(invoke, detached, "lab", "--folder", str(tmp_path))
    base, token = opened(url)
    assert save(url, "new.txt", "kept") == 201
    assert (tmp_path / "new.txt").read_text() == "kept"
    assert (tmp_path / "new.txt").stat().st_uid == owner
    assert get(f"{base}/api/contents/new.txt", token) == 200
    assert get(f"{base}/api/contents/new.txt") == 403


@needs_root
@pytest.mark.parametrize(
    ("options", "told"),
    [("ro", "read-only file system"), ("size=64k", "disk is full")],
    ids=["read-only", "full"],
)
def test_where_nothing_can_be_saved_nothing_starts(
    invoke: Invoke, tmp_path: Path, options: str, told: str
) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(tmp_path)], check=True)
    try:
        said = refused(invoke, "lab", "--detach", "--folder", str(tmp_path))
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)
    assert told in said
    assert "--folder" in said
    assert [row for row in shown(invoke) if row["folder"] == str(tmp_path)] == []


def test_several_run_at_once_and_each_is_seen_read_and_ended_by_its_name(
    invoke: Invoke, detached: list[str], tmp_path: Path
) -> None:
    urls = [
        served(invoke, detached, "lab", "--folder", str(tmp_path), "--env", "A=1", "--memory=2g")
        for _ in range(2)
    ]
    rows = {row["url"]: row for row in shown(invoke)}
    assert set(urls) <= rows.keys()
    for url, name in zip(urls, list(detached), strict=True):
        assert (rows[url]["name"], rows[url]["kind"]) == (name, "lab")
        assert rows[url]["detached"]
        log = invoke("logs", "--name", name).communicate(timeout=PATIENCE)[0]
        assert "Jupyter Server" in log
    taken = refused(invoke, "lab", "--port", detached[0], "--folder", str(tmp_path))
    assert f"port {detached[0]} is taken" in taken
    assert invoke("stop", "--name", detached.pop()).communicate(timeout=PATIENCE)[0] == "ended 1\n"
    left = {row["url"] for row in shown(invoke)}
    assert urls[0] in left
    assert urls[1] not in left


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_however_its_command_ends_no_container_is_left(
    invoke: Invoke, docker_engine: Engine, tmp_path: Path, number: signal.Signals
) -> None:
    running = invoke("lab", "--folder", str(tmp_path))
    assert running.stdout
    url = running.stdout.readline().strip()
    assert url.startswith("http://127.0.0.1:")
    (row,) = (row for row in shown(invoke) if row["url"] == url)
    assert not row["detached"]
    running.send_signal(number)
    running.communicate(timeout=PATIENCE)
    assert url not in {row["url"] for row in shown(invoke)}  # which also removes what is left
    listed = docker_engine.client.api.containers(all=True, filters={"label": containers.LABEL})
    assert row["id"] not in {other["Id"] for other in listed}


def test_tensorboard_serves_a_folder_that_it_cannot_change(
    invoke: Invoke, docker_engine: Engine, detached: list[str], tmp_path: Path
) -> None:
    (tmp_path / "kept").mkdir()
    url = served(invoke, detached, "tensorboard", "--logdir", str(tmp_path))
    assert requests.get(url, timeout=PATIENCE).ok
    assert requests.get(f"{url}data/runs", timeout=PATIENCE).json() == []
    base = url.rsplit("/", 2)[0]
    assert requests.get(f"{base}/data/runs", timeout=PATIENCE).status_code == 404
    (row,) = (row for row in shown(invoke) if row["url"] == url)
    container = docker_engine.client.containers.get(row["id"])
    assert container.exec_run(["touch", "new"]).exit_code != 0
    deadline = time.monotonic() + PATIENCE
    while container.exec_run(["python", "/usr/local/lib/gradlock/healthcheck.py"]).exit_code:
        assert time.monotonic() < deadline, "it is never healthy"
        time.sleep(1)


def test_a_shell_gets_variables_and_mounts(invoke: Invoke, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/file").write_text("there")
    command = "echo $A; cat /mnt/data/file; touch /mnt/data/new || echo closed"
    run = invoke(
        *("shell", "--folder", str(tmp_path), "--command", command),
        *("--env", "A=1", "--mount", f"{tmp_path}/data:ro"),
    )
    out, err = run.communicate(timeout=PATIENCE)
    assert out.split() == ["1", "thereclosed"], err
