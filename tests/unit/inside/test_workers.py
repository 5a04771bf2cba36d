"""How workers are named, started, waited for and ended."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from gradlock.engine.engine import Engine
from gradlock.inside import box, workers
from gradlock.inside.settings import Settings


class Worker:
    """A container that ends with a status after some looks; None: not until it is killed."""

    def __init__(self, status: int | None, looks: int = 1) -> None:
        self.ends, self.looks = status, looks
        self.status, self.attrs = "running", {"State": {"ExitCode": 0}}
        self.killed = False

    def reload(self) -> None:
        """Look again."""
        self.looks -= 1
        if self.killed or (self.ends is not None and self.looks <= 0):
            code = 137 if self.killed else self.ends
            self.status, self.attrs = "exited", {"State": {"ExitCode": code}}

    def kill(self) -> None:
        """End it."""
        self.killed = True


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Let time pass by pauses alone."""
    now = [0.0]
    monkeypatch.setattr(workers.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(workers.time, "sleep", lambda seconds: now.append(now.pop() + seconds))
    return now


def statuses(*ranks: Worker, seconds: float = 100) -> list[int]:
    """Wait for workers, and return their statuses."""
    return workers.wait(ranks, seconds, after=10)  # type: ignore[arg-type]


def test_all_are_waited_for_in_their_order(clock: list[float]) -> None:
    assert statuses(Worker(0, 9), Worker(0, 2), Worker(3, 5)) == [0, 0, 3]
    assert clock[0] < 10


def test_a_worker_that_fails_ends_the_others_which_wait_for_it(clock: list[float]) -> None:
    """Not at once: what they say of it is worth to be read."""
    waits, ends = Worker(None), Worker(1, 12)
    assert statuses(waits, Worker(7), ends) == [137, 7, 1]
    assert waits.killed
    assert not ends.killed
    assert 10 <= clock[0] < 15


def test_past_the_limit_all_are_ended(clock: list[float]) -> None:
    assert statuses(Worker(None), Worker(None)) == [137, 137]
    assert 100 <= clock[0] < 105


def test_workers_are_addressed_as_jobset_names_pods() -> None:
    told = json.loads(workers.configuration("job", 1, 3))
    assert told["task"] == {"type": "worker", "index": 1}
    assert told["cluster"]["worker"] == [f"job-worker-0-{rank}.job:2222" for rank in range(3)]


class Api:
    """Stands for an engine: keeps what is made, and what is gone."""

    def __init__(self, *ends: int) -> None:
        self.ends = list(ends)
        self.client = mock.Mock()
        self.client.info.return_value = {}
        self.client.images.get.return_value.id = "sha256:1"
        self.client.api.create_endpoint_config.side_effect = lambda aliases: aliases
        self.client.containers.create.side_effect = self.create
        self.made: list[tuple[list[str], dict[str, Any], mock.Mock]] = []

    def create(self, _image: str, argv: list[str], **options: Any) -> mock.Mock:
        """Make a container that has ended, as it was told."""
        container = mock.Mock(status="exited")
        container.attrs = {"State": {"ExitCode": self.ends[len(self.made)]}}
        container.logs.return_value = b"said"
        self.made.append((argv, options, container))
        return container


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Api:
    """Return an engine in which worker 1 of 2 fails."""
    monkeypatch.setattr(box, "results", lambda _: {"result.npz": b"numbers"})
    return Api(0, 5)


def compute(api: Api, reports: Path) -> dict[str, bytes]:
    """Have two workers compute."""
    engine = Engine(api.client, "", private=False)
    return workers.compute(
        engine, "gradlock:cpu", {}, count=2, reports=reports, settings=Settings(), seconds=9
    )


def test_a_failed_worker_leaves_its_log_and_no_result(
    api: Api, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert compute(api, tmp_path) == {
        "distributed/ranks/0.npz": b"numbers",
        "distributed/ranks/count": b"2",
    }
    assert (tmp_path / "distributed.worker-1.log").read_text() == "said"
    assert "worker 1 of 2 ended with 5" in capsys.readouterr().err


def test_workers_reach_each_other_and_nobody_else(api: Api, tmp_path: Path) -> None:
    compute(api, tmp_path)
    (call,) = api.client.networks.create.call_args_list
    assert call.kwargs["internal"] is True
    (job,) = call.args
    for rank, (argv, options, container) in enumerate(api.made):
        assert argv[:3] == ["timeout", "--kill-after=10", "9"]
        assert options["networking_config"] == {job: [f"{job}-worker-0-{rank}.{job}"]}
        assert "network_mode" not in options
        assert options["read_only"]
        assert options["environment"]["GRADLOCK_IMAGE"] == "sha256:1"
        container.remove.assert_called_once_with(force=True, v=True)
    api.client.networks.create.return_value.remove.assert_called_once_with()
