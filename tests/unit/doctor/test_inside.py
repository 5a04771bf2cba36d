"""Inside a container: what the probe saw, and what it means for TensorFlow."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gradlock.doctor import inside
from gradlock.doctor.findings import Finding, Severity
from tests.unit.doctor.conftest import Play, frame

GOOD: dict[str, Any] = {
    "devices": ["nvidia0", "nvidiactl"],
    "library_path": "",
    "visible": None,
    "module": True,
    "driver": {"init": 0, "release": 12040, "count": 2},
    "tensorflow": {"cuda": True, "broken": {}, "count": 27},
    "shadows": [],
}


def judge(given: bool = True, **seen: Any) -> list[Finding]:
    return list(inside.judge("lab", {**GOOD, **seen}, given=given))


def test_a_gpu_that_works_is_fine() -> None:
    (found,) = judge()
    assert (found.severity, found.seen) == (
        Severity.FINE,
        "lab: the driver (CUDA 12.4) shows 2 GPU",
    )


def test_a_container_that_was_given_none_is_told_how_to_give_it() -> None:
    (found,) = judge(given=False, devices=[], driver={"error": "libcuda.so.1: no such file"})
    assert "without a GPU" in found.seen
    assert "--gpus all" in found.mend


@pytest.mark.parametrize("answer", [*inside.ANSWERS, 12345])
def test_every_answer_of_the_driver_is_told(answer: int) -> None:
    (found,) = judge(driver={"init": answer, "release": 12040, "count": 0})
    assert found.severity is Severity.BROKEN
    assert str(answer) in found.seen
    assert found.mend


def test_a_hidden_gpu_is_told_with_the_variable_that_hides_it() -> None:
    (found,) = judge(driver={"init": 100, "release": 12040, "count": 0}, visible="7")
    assert "CUDA_VISIBLE_DEVICES is '7'" in found.seen


def test_no_library_of_the_driver_is_the_toolkits_matter() -> None:
    (found,) = judge(driver={"error": "libcuda.so.1: cannot open shared object file"})
    assert "driver's library is not in the container" in found.seen


def test_a_build_for_the_cpu_is_told() -> None:
    (found,) = judge(tensorflow={"cuda": False, "broken": {}, "count": 0})
    assert "built for the CPU" in found.seen


@pytest.mark.parametrize("path", ["", "/opt/old/lib"])
def test_another_cudnn_is_told_with_the_path_that_may_bring_it(path: str) -> None:
    build = {**GOOD["tensorflow"], "broken": {"libcudnn.so.9": "undefined symbol: cudnnX"}}
    (found,) = judge(tensorflow=build, library_path=path)
    assert "libcudnn.so.9 does not load" in found.seen
    assert ("/opt/old/lib" in found.mend) == bool(path)


def test_a_library_that_hides_tensorflows_own_is_a_warning() -> None:
    hides = ["/opt/old/lib/libcudnn.so.9"]
    found, fine = judge(library_path="/opt/old/lib", shadows=hides)
    assert found.severity is Severity.WARNING
    assert hides[0] in found.seen
    assert fine.severity is Severity.FINE


@pytest.mark.parametrize("printed", [json.dumps(GOOD), f"a warning\n{json.dumps(GOOD)}"])
def test_the_probe_is_run_in_the_container(play: Play, printed: str) -> None:
    answers = {"/containers/1f/exec": {"Id": "e"}, "/exec/e/start": frame(f"{printed}\n")}
    api = play(answers).engine.get().api
    assert api is not None
    known = {"Id": "1f", "HostConfig": {"DeviceRequests": [{}]}}
    (found,) = inside.look(api, "lab", known)
    assert found.severity is Severity.FINE


@pytest.mark.parametrize("printed", ["", "no python", "{"])
def test_a_container_that_cannot_be_asked_is_not_seen(play: Play, printed: str) -> None:
    answers = {"/containers/1f/exec": {"Id": "e"}, "/exec/e/start": frame(printed)}
    api = play(answers).engine.get().api
    assert api is not None
    known = {"Id": "1f", "Config": {"Labels": {"io.gradlock.cuda": "12.9.1"}}}
    (found,) = inside.look(api, "lab", known)
    assert found.severity is Severity.UNSEEN


def test_a_container_of_the_cpu_is_not_asked(play: Play) -> None:
    api = play().engine.get().api
    assert api is not None
    assert list(inside.look(api, "lab", {"Id": "1f"})) == []
