"""What the tests share: one run, and what they measured of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from distributed import record, work
from distributed.record import Found, Run

#: What logical CPUs compute; a data set is not sharded within one process.
MIRRORED = ("adam", "clipped", "embedding", "overflow")


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Return what the workers computed, and what one process does."""
    return record.read(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="session")
def devices(tmp_path_factory: pytest.TempPathFactory) -> Found:
    """Return what two logical CPUs of one process have computed."""
    return record.compute(tmp_path_factory.mktemp("devices"), work.mirrored, 2, MIRRORED)


@pytest.fixture(scope="session")
def measured(pytestconfig: pytest.Config) -> Iterator[dict[str, dict[str, float]]]:
    """Return what is written beside JUnit's file: by case, how far it is from one process."""
    found: dict[str, dict[str, float]] = {}
    yield found
    if pytestconfig.option.xmlpath:
        report = Path(pytestconfig.option.xmlpath).with_suffix(".json")
        report.write_text(json.dumps(found, indent=1), encoding="utf-8")
