"""How containers are made: labelled, confined, and gone in the end."""

from __future__ import annotations

from typing import Any
from unittest import mock

import pytest
from docker.errors import NotFound

from gradlock.engine import containers, owner
from gradlock.engine.engine import Engine


@pytest.fixture
def engine() -> Engine:
    return Engine(mock.Mock(), "unix:///there", private=False)


def labels(engine: Engine) -> dict[str, str]:
    """Return the labels of the container that was made."""
    (call,) = engine.client.containers.create.call_args_list  # type: ignore[attr-defined]
    found: dict[str, str] = call.kwargs["labels"]
    return found


def test_a_container_tells_what_it_is_and_whose(engine: Engine) -> None:
    containers.create(engine, "image", ["true"], kind="tests", read_only=True)
    assert labels(engine)["gradlock"] == "tests"
    assert owner.parse(labels(engine)["gradlock.owner"]) == owner.me()


def test_one_that_lasts_belongs_to_no_process(engine: Engine) -> None:
    containers.create(engine, "image", ["true"], kind="lab", lasting=True)
    assert labels(engine) == {"gradlock": "lab"}


@pytest.mark.parametrize("fault", [None, KeyError(), KeyboardInterrupt()])
def test_it_is_gone_when_the_block_ends(engine: Engine, fault: BaseException | None) -> None:
    def work() -> None:
        with containers.container(engine, "image", ["true"], kind="tests"):
            if fault:
                raise fault

    if fault:
        with pytest.raises(type(fault)):
            work()
    else:
        work()
    made = engine.client.containers.create.return_value  # type: ignore[attr-defined]
    made.remove.assert_called_once_with(force=True, v=True)


def test_one_that_is_gone_already_is_no_error() -> None:
    made = mock.Mock()
    made.remove.side_effect = NotFound("gone")
    containers.discard(made)


@pytest.mark.parametrize(
    ("info", "limit"),
    [
        ({"PidsLimit": True, "NCPU": 2}, 4096),
        ({"PidsLimit": True, "NCPU": 192}, 12288),
        ({"PidsLimit": False, "NCPU": 2}, None),
        ({}, None),
    ],
)
def test_users_code_is_confined(engine: Engine, info: dict[str, Any], limit: int | None) -> None:
    engine.client.info.return_value = info  # type: ignore[attr-defined]
    options = containers.confined(engine)
    assert options["cap_drop"] == ["ALL"]
    assert options["security_opt"] == ["no-new-privileges"]
    assert options.get("pids_limit") == limit
