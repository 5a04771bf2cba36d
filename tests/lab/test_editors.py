"""What editors and docker compose start the image by: valid, and tried with the real programs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from gradlock import store
from gradlock.engine.engine import Engine
from tests.lab.test_hub import free_port

COMPOSE = store.ROOT / "compose.yaml"
DEVCONTAINER = store.ROOT / ".devcontainer/devcontainer.json"
#: Seconds that a program may take: a container is started, and TensorFlow imported.
PATIENCE = 300


def run(argv: list[str | Path], engine: Engine, folder: Path, **more: str) -> str:
    """Run a program with an engine, and return what it printed."""
    done = subprocess.run(
        argv,
        cwd=folder,
        env={**os.environ, "DOCKER_HOST": engine.where, **more},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def compose() -> list[str | Path]:
    """Return docker compose's command, of either generation; without one, say why."""
    if program := shutil.which("docker-compose"):
        return [program]
    found = shutil.which("docker")
    asked = [found or "docker", "compose", "version"]
    if found and subprocess.run(asked, capture_output=True, check=False).returncode == 0:
        return [found, "compose"]
    pytest.skip("there is no docker compose here: apt-get install docker-compose")


def test_compose_files_are_what_their_schema_asks_for() -> None:
    program = Path(sys.executable).with_name("check-jsonschema")
    subprocess.run([program, "--builtin-schema", "vendor.compose-spec", COMPOSE], check=True)


def test_compose_serves_to_this_machine_and_to_a_token_alone(
    docker_engine: Engine, cpu_image: str, tmp_path: Path
) -> None:
    command = [*compose(), "--file", COMPOSE, "--project-name", f"gradlock-{os.getpid()}"]
    port = free_port()
    settings = {
        "GRADLOCK_PORT": str(port),
        "GRADLOCK_FOLDER": str(tmp_path),
        "GRADLOCK_USER": f"{tmp_path.stat().st_uid}:{tmp_path.stat().st_gid}",
        "JUPYTER_TOKEN": "of-the-tests-own",
    }
    (tmp_path / "kept.txt").write_text("kept")
    try:
        run([*command, "up", "--detach"], docker_engine, tmp_path, **settings)
        api = f"http://127.0.0.1:{port}/api"
        token = {"Authorization": "token of-the-tests-own"}
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                seen = requests.get(f"{api}/contents/kept.txt", headers=token, timeout=5)
                break
            except requests.ConnectionError:
                assert time.monotonic() < deadline
                time.sleep(0.2)
        assert seen.json()["content"] == "kept"
        assert requests.get(f"{api}/contents", timeout=5).status_code == 403
        new = {"type": "directory"}
        made = requests.post(f"{api}/contents", headers=token, json=new, timeout=5)
        assert made.status_code == 201, made.text
        (container,) = docker_engine.client.containers.list(
            filters={"label": f"com.docker.compose.project=gradlock-{os.getpid()}"}
        )
        assert container.attrs["HostConfig"]["CapDrop"] == ["ALL"]
        assert {row["HostIp"] for row in container.ports[f"{port}/tcp"]} == {"127.0.0.1"}
    finally:
        run([*command, "down", "--timeout", "5"], docker_engine, tmp_path, **settings)


def test_an_editors_container_starts_and_computes(
    docker_engine: Engine, cpu_image: str, tmp_path: Path
) -> None:
    """With an identical copy of the file: what is started before it is for a checkout."""
    program = shutil.which("devcontainer")
    if program is None:
        pytest.skip("there is no devcontainer here: npm install --global @devcontainers/cli")
    text = DEVCONTAINER.read_text(encoding="utf-8")
    settings = json.loads(
        "\n".join(line for line in text.splitlines() if not line.strip().startswith("//"))
    )
    assert settings["hostRequirements"] == {"gpu": "optional"}
    assert settings.pop("initializeCommand").startswith("./inv image ")
    (tmp_path / ".devcontainer").mkdir()
    (tmp_path / ".devcontainer/devcontainer.json").write_text(json.dumps(settings))
    where = ["--workspace-folder", tmp_path]
    label = f"devcontainer.local_folder={tmp_path}"
    try:
        told = json.loads(run([program, "up", *where], docker_engine, tmp_path).splitlines()[-1])
        assert told["outcome"] == "success"
        assert told["remoteUser"] == "gradlock"
        code = "import tensorflow as tf; print(float(tf.reduce_sum(tf.ones([3, 4]))))"
        out = run([program, "exec", *where, "python", "-c", code], docker_engine, tmp_path)
        assert out.splitlines()[-1] == "12.0"
    finally:
        for left in docker_engine.client.containers.list(all=True, filters={"label": label}):
            made = left.image
            left.remove(force=True)
            for tag in made.tags:
                if tag.startswith("vsc-"):  # the image, with the user's id; not the image itself
                    docker_engine.client.images.remove(tag)
