"""The audit, as ./inv runs it: the project's own locks and .debs, services on loopback."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gradlock import store
from gradlock.audit import osv, tracker
from gradlock.verbs.audit import UNTOLD
from tests.unit.audit.recorded import Service, record, serving

Audit = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def service() -> Iterator[Service]:
    with serving() as served:
        yield served


@pytest.fixture
def audit(service: Service) -> Audit:
    """Return a runner of the verb, which asks the service."""

    def run(*flags: str, place: str = "", **more: str) -> subprocess.CompletedProcess[str]:
        env = {**os.environ, "NO_PROXY": "127.0.0.1", osv.VARIABLE: place or service.url, **more}
        return subprocess.run(
            [sys.executable, store.ROOT / "tasks.py", "audit", "--channel", "debian", *flags],
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_where_nothing_is_known_all_is_well(audit: Audit, service: Service) -> None:
    done = audit()
    assert done.returncode == 0, done.stderr
    kinds = {query["package"]["ecosystem"] for query in service.asked}
    assert kinds == {"PyPI", "Debian:13"}
    sources = {query["package"]["name"]: query["version"] for query in service.asked}
    # The .debs of util-linux count from 1: there, and its source does not.
    assert not sources["util-linux"].startswith("1:")
    assert "bsdutils" not in sources


def test_what_is_known_fails_with_what_mends_it(audit: Audit, service: Service) -> None:
    service.records["CVE-2026-1"] = record("CVE-2026-1", "keras", {"fixed": "99.1"})
    service.known["keras"] = ["CVE-2026-1"]
    done = audit("--no-debs")
    assert done.returncode == 1
    assert "./inv lock --update keras==99.1" in done.stdout
    told = json.loads(audit("--no-debs", "--json").stdout)
    assert [one["name"] for one in told["found"]] == ["keras"]


@pytest.mark.parametrize("fault", [503, "truncated", "strange", "short", "silent"])
def test_a_service_that_fails_is_no_pass(
    audit: Audit, service: Service, fault: int | str, tmp_path: Path
) -> None:
    service.fault = fault
    quick = tmp_path / "sitecustomize.py"
    quick.write_text(
        "from gradlock.artifacts import network\nnetwork.TIMEOUT, network.BACKOFF = 0.5, (0.1,)\n"
    )
    done = audit("--no-debs", PYTHONPATH=f"{tmp_path}{os.pathsep}{store.ROOT}")
    assert done.returncode == UNTOLD, done.stderr
    assert "Wheels are not audited" in done.stderr
    assert service.url in done.stderr


def test_offline_is_no_pass(audit: Audit) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{probe.getsockname()[1]}"
    done = audit(place=nobody)
    assert done.returncode == UNTOLD
    assert "Wheels and Debian packages are not audited" in done.stderr


def test_debians_own_tracker_is_asked_where_it_is_named(audit: Audit, service: Service) -> None:
    row = {"status": "resolved", "fixed_version": "99:1-1", "urgency": "high"}
    service.tracker = {"zlib": {"CVE-2026-9": {"releases": {"trixie": row}}}}
    done = audit(**{tracker.VARIABLE: f"{service.url}/tracker"})
    assert done.returncode == 1
    assert "./inv lock --update zlib1g\n" in done.stdout
    assert {query["package"]["ecosystem"] for query in service.asked} == {"PyPI"}
