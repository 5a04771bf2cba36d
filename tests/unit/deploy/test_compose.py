"""Compose's file: valid by its schema; its workers numbered, confined, closed in."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from gradlock.deploy import kinds
from gradlock.deploy.order import Order
from tests.unit.deploy.orders import COMMAND, DIGEST, IMAGE, JOB, documents


@pytest.mark.parametrize("image", [IMAGE, DIGEST])
def test_compose_takes_it(tmp_path: Path, image: str) -> None:
    path = tmp_path / "compose.yaml"
    order = Order("mnist", image, command=COMMAND, gpus=1)
    path.write_text(kinds.named("compose").text(order), encoding="utf-8")
    argv = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run([*argv, path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_composes_workers_are_numbered_confined_and_closed() -> None:
    (file,) = documents("compose", JOB)
    assert file["networks"] == {"workers": {"internal": True}}
    assert list(file["services"]) == ["worker-0", "worker-1", "worker-2"]
    for index, service in enumerate(file["services"].values()):
        assert service["environment"]["GRADLOCK_WORKER"] == str(index)
        assert service["networks"]["workers"]["aliases"] == [f"mnist-worker-0-{index}.mnist"]
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]
        assert "no-new-privileges:true" in service["security_opt"]
        assert service["mem_limit"] == "4096m"
        assert service["command"][2] == COMMAND.replace("$", "$$")
        assert "ports" not in service
