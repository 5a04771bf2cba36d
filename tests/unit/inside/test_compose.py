"""compose.yaml: current, a service for each row, none of them open to more than this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from gradlock.inputs import variants
from gradlock.inside import compose

TABLE = variants.load()
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(compose.text(TABLE))["services"]


def test_the_committed_file_is_what_the_table_gives() -> None:
    assert compose.PATH.read_text(encoding="utf-8") == compose.text(TABLE), "./inv compose"


def test_each_variant_is_a_service_and_the_cpus_alone_starts_unnamed() -> None:
    assert list(SERVICES) == [row.name for row in TABLE.plain]
    unnamed = [name for name, service in SERVICES.items() if "profiles" not in service]
    assert unnamed == [TABLE.cpu.name]


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_confined_and_reached_from_this_machine_alone(name: str) -> None:
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert service["pids_limit"] > 0
    assert [port.split(":")[0] for port in service["ports"]] == ["127.0.0.1"]
    assert {"privileged", "network_mode", "cap_add", "pid", "ipc"}.isdisjoint(service)


@pytest.mark.parametrize("name", SERVICES)
def test_the_token_is_random_or_the_users_own(name: str) -> None:
    """A name without a value: compose passes the shell's on, and none where there is none."""
    assert SERVICES[name]["environment"] == ["JUPYTER_TOKEN"]
    assert not any("token" in word.lower() for word in SERVICES[name]["command"])


def test_gpus_are_for_gpu_variants() -> None:
    for row in TABLE:
        assert ("deploy" in SERVICES[row.name]) == row.gpu


def test_it_is_written_where_it_is_not_current(tmp_path: Path) -> None:
    path = tmp_path / "compose.yaml"
    assert compose.write(TABLE, path)
    assert not compose.write(TABLE, path)
    path.write_text("services: {}\n")
    assert compose.write(TABLE, path)
    assert path.read_text() == compose.text(TABLE)
