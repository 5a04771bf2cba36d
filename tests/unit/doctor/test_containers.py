"""Containers: the one that is named, and gradlock's own that ended badly or fail."""

from __future__ import annotations

from typing import Any

import pytest

from gradlock.doctor.containers import containers
from gradlock.doctor.findings import Finding, Severity
from gradlock.doctor.question import Question
from tests.unit.doctor.conftest import Play, frame

EXITED = {"Status": "exited", "ExitCode": 1, "StartedAt": "2026-11-24T17:00:00Z"}


def known(state: dict[str, Any], *log: str, **more: Any) -> dict[str, Any]:
    """Return the answers of an engine with one container, named `lab`, of gradlock's."""
    row = {"Id": "1f", "Names": ["/lab"], "State": state["Status"], "Labels": {"gradlock": "lab"}}
    whole = {"Id": "1f", "Name": "/lab", "State": state, "Config": {}, "HostConfig": {}, **more}
    return {
        "/containers/json": [row],
        "/containers/1f/json": whole,
        "/containers/lab/json": whole,
        "/containers/1f/logs": b"".join(frame(f"{line}\n") for line in log),
    }


def look(play: Play, answers: dict[str, Any], name: str = "") -> list[Finding]:
    asked = play(answers)
    return list(containers(Question(container=name, engine=asked.engine)))


def test_one_that_ended_badly_is_found_by_itself_and_broken_where_it_is_asked_for(
    play: Play,
) -> None:
    answers = known(EXITED, "starting", "ModuleNotFoundError: No module named 'torch'")
    (found,) = look(play, answers)
    assert found.severity is Severity.WARNING
    assert "lab (status 1): Python's module torch" in found.seen
    assert "  ModuleNotFoundError: No module named 'torch'" in found.seen.splitlines()
    (found,) = look(play, answers, "lab")
    assert found.severity is Severity.BROKEN


def test_the_kernels_kill_is_told(play: Play) -> None:
    state = {**EXITED, "ExitCode": 137, "OOMKilled": True}
    (found,) = look(play, known(state, HostConfig={"Memory": 64 * 10**6}), "lab")
    assert "out of memory" in found.seen
    assert "64 MB" in found.seen


def test_one_that_never_started_says_what_the_engine_said(play: Play) -> None:
    state = {
        "Status": "created",
        "ExitCode": 128,
        "StartedAt": "0001-01-01T00:00:00Z",
        "Error": "Bind for 127.0.0.1:8888 failed: port is already allocated",
    }
    (found,) = look(play, known(state))
    assert "(not started)" in found.seen
    assert "already allocated" in found.why


def test_one_that_was_asked_to_end_is_fine(play: Play) -> None:
    answers = known({**EXITED, "ExitCode": 143})
    assert look(play, answers) == []
    (found,) = look(play, answers, "lab")
    assert found.severity is Severity.FINE


def test_one_that_is_not_there_names_those_that_are(play: Play) -> None:
    (found,) = look(play, known(EXITED), "lob")
    assert found.severity is Severity.BROKEN
    assert "there are: lab" in found.mend


@pytest.mark.parametrize("name", ["../../info", "a/b", "ü", "a b"])
def test_a_strange_name_is_not_there(play: Play, name: str) -> None:
    (found,) = look(play, known(EXITED), name)
    assert found.seen == f"there is no container {name}"


def test_one_that_runs_unhealthily_is_broken(play: Play) -> None:
    health = {"Status": "unhealthy", "Log": [{"Output": "unhealthy: TimeoutError: timed out"}]}
    (found,) = look(play, known({"Status": "running", "Running": True, "Health": health}))
    assert found.severity is Severity.BROKEN
    assert "TimeoutError" in found.seen


def test_a_kernel_that_died_is_told_from_the_log(play: Play) -> None:
    state = {"Status": "running", "Running": True, "Health": {"Status": "healthy"}}
    died = "AsyncIOLoopKernelRestarter: restarting kernel (1/5), keep random ports"
    (found,) = look(play, known(state, died))
    assert "kernel died" in found.seen


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ({"Status": "paused", "Paused": True}, "is paused"),
        ({"Status": "restarting", "Restarting": True, "ExitCode": 132}, "again and again"),
        ({"Status": "running", "Running": True, "OOMKilled": True}, "out of memory"),
    ],
)
def test_what_runs_and_does_not_work_is_told(play: Play, state: dict[str, Any], words: str) -> None:
    assert words in look(play, known(state))[0].seen


def test_one_that_runs_well_is_fine(play: Play) -> None:
    state = {"Status": "running", "Running": True, "Health": {"Status": "healthy"}}
    (found,) = look(play, known(state, "[I ServerApp] Serving notebooks"))
    assert (found.severity, found.seen) == (Severity.FINE, "lab runs, healthy")


def test_other_peoples_containers_are_left_alone(play: Play) -> None:
    answers = known(EXITED, "PermissionError: [Errno 13] Permission denied: '/x'")
    answers["/containers/json"][0].update(Labels={}, Image="postgres")
    assert look(play, answers) == []
    assert look(play, answers, "lab")[0].severity is Severity.BROKEN


def test_a_token_in_the_log_is_not_shown(play: Play) -> None:
    answers = known(EXITED, "http://127.0.0.1:8888/lab?token=5ec2e7", "ValueError: x")
    (found,) = look(play, answers)
    assert "5ec2e7" not in found.seen


def test_without_an_engine_the_one_that_is_named_is_not_seen(asked: Question) -> None:
    (found,) = containers(Question(container="lab", engine=asked.engine))
    assert found.severity is Severity.UNSEEN
