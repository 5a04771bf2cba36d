"""What runs in an engine: listed, called by its name, ended."""

from __future__ import annotations

from typing import Any
from unittest import mock

import pytest
from docker.errors import NotFound

from gradlock.engine.engine import Engine
from gradlock.errors import InputError
from gradlock.inside import running
from gradlock.inside.running import Running


def row(kind: str, identity: str, *, port: int = 0, owned: bool = True) -> dict[str, Any]:
    """Return a row of an engine's list."""
    labels = {"gradlock": kind}
    labels |= {"gradlock.owner": "someone"} if owned else {}
    labels |= {"gradlock.url": f"http://127.0.0.1:{port}/lab?token=t"} if port else {}
    return {"Id": identity * 8, "Image": "gradlock:cpu", "Status": "Up", "Labels": labels}


def engine(*rows: dict[str, Any]) -> Engine:
    """Return an engine that lists these."""
    client = mock.Mock()
    client.api.containers.return_value = list(rows)
    return Engine(client, "unix:///there", private=False)


@pytest.fixture
def found() -> list[Running]:
    """Return a JupyterLab of nobody's, another, a shell and a test."""
    return running.every(
        engine(
            row("tests", "11112222"),
            row("shell", "33334444"),
            row("lab", "aaaabbbb", port=8889),
            row("lab", "aaaacccc", port=8888, owned=False),
        )
    )


def test_services_come_first_and_all_are_there(found: list[Running]) -> None:
    names = ["8888", "8889", "333344443333", "111122221111"]
    assert [one.name for one in found] == names
    assert [one.detached for one in found] == [True, False, False, False]
    assert found[0].url == "http://127.0.0.1:8888/lab?token=t"


def test_an_image_without_a_name_has_the_first_digits_of_its_id() -> None:
    (only,) = running.every(engine({**row("lab", "aaaabbbb"), "Image": f"sha256:{'ab' * 32}"}))
    assert only.image == "sha256:abababababab"


def test_ended_ones_are_listed_too() -> None:
    asked = engine()
    running.every(asked)
    asked.client.api.containers.assert_called_once_with(all=True, filters={"label": "gradlock"})  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("name", "kind"), [("8888", "lab"), ("aaaab", "lab"), ("3333", "shell"), ("shell", "shell")]
)
def test_one_is_called_by_its_port_its_id_or_what_it_is(
    found: list[Running], name: str, kind: str
) -> None:
    assert running.one(found, name).kind == kind


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("", "several may be meant"),
        ("lab", "several may be meant"),
        ("aaaa", "several may be meant"),
        ("333", "nothing is called 333"),
        ("9999", "nothing is called 9999"),
    ],
)
def test_a_name_that_means_none_or_several_is_refused_with_those_there_are(
    found: list[Running], name: str, told: str
) -> None:
    with pytest.raises(InputError, match=told) as caught:
        running.one(found, name)
    assert "8888 (lab)" in caught.value.where


def test_without_a_name_the_only_service_is_meant() -> None:
    found = running.every(engine(row("tests", "11112222"), row("lab", "aaaabbbb", port=8888)))
    assert running.one(found, "").name == "8888"


def test_a_stop_gives_time_and_removes_what_is_still_there(found: list[Running]) -> None:
    there, gone = mock.Mock(), mock.Mock()
    gone.remove.side_effect = NotFound("its own verb has removed it")
    asked = engine()
    asked.client.containers.get.side_effect = [there, gone]  # type: ignore[attr-defined]
    running.stop(asked, found[:2])
    there.stop.assert_called_once_with(timeout=10)
    there.remove.assert_called_once()


def test_a_log_is_read_as_it_comes(found: list[Running]) -> None:
    asked = engine()
    container = asked.client.containers.get.return_value  # type: ignore[attr-defined]
    container.logs.return_value = iter([b"one", b"two"])
    assert list(running.log(asked, found[0], follow=True)) == [b"one", b"two"]
    container.logs.assert_called_once_with(stream=True, follow=True)
