"""An engine's API without the SDK: its JSON, its logs, its refusals."""

from __future__ import annotations

import pytest

from gradlock.doctor.addresses import Address
from gradlock.doctor.api import AnswerError, Api
from tests.unit.doctor.conftest import Play, frame


def api(play: Play, answers: dict[str, object]) -> Api:
    found = play(answers).engine.get().api
    assert found is not None
    return found


def test_it_reads_json_of_containers_and_images(play: Play) -> None:
    answers = {"/containers/a/json": {"Id": "1"}, "/images/gradlock:cpu/json": {"Id": "2"}}
    found = api(play, answers)
    assert found.container("a") == {"Id": "1"}
    assert found.image("gradlock:cpu") == {"Id": "2"}


def test_a_refusal_is_told_with_its_status(play: Play) -> None:
    with pytest.raises(AnswerError, match="no such thing") as caught:
        api(play, {}).container("gone")
    assert caught.value.status == 404


@pytest.mark.parametrize(
    "sent",
    [frame("out\n") + frame("err\n", 2), b"out\nerr\n"],
    ids=["in frames", "of a terminal"],
)
def test_a_log_is_read_in_either_form(play: Play, sent: bytes) -> None:
    assert api(play, {"/logs": sent}).lines("/logs", tail=10) == ["out", "err"]


def test_a_command_is_run_and_what_it_printed_comes_back(play: Play) -> None:
    answers = {"/containers/a/exec": {"Id": "e"}, "/exec/e/start": frame("seen\n")}
    assert api(play, answers).run("a", ["true"]) == "seen\n"


def test_what_is_no_json_is_no_answer(play: Play) -> None:
    with pytest.raises(AnswerError, match="no JSON"):
        api(play, {"/x": b"<html>"}).get("/x")


@pytest.mark.parametrize("url", ["", "docker.sock", "ftp://host", "tcp://", "npipe:////./pipe/x"])
def test_what_is_no_address_is_said(url: str) -> None:
    with pytest.raises(AnswerError, match="no address of an engine"):
        Api(Address(url)).get("/version")
