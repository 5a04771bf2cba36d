"""What is removed from an engine, and above all what is not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from unittest import mock

import pytest
from docker.errors import APIError, ImageNotFound, NotFound

from gradlock.engine import owner, removal
from gradlock.engine.engine import Engine

LIVING = str(owner.me())
DEAD = str(replace(owner.me(), start="1"))
ELSEWHERE = str(replace(owner.me(), machine="another", pid=1))
REBOOTED = str(replace(owner.me(), boot="another"))


class Api:
    """As much of an engine as removing needs: containers, networks, images with histories."""

    def __init__(self) -> None:
        self.boxes: dict[str, dict[str, Any]] = {}
        self.pictures: dict[str, dict[str, Any]] = {}
        self.nets: dict[str, dict[str, Any]] = {}

    def box(self, name: str, labels: dict[str, str], status: str = "running") -> None:
        """Add a container."""
        self.boxes[name] = {"Id": name, "Labels": labels, "status": status}

    def net(self, name: str, labels: dict[str, str], *, used: bool = False) -> None:
        """Add a network."""
        self.nets[name] = {"Id": name, "Labels": labels, "used": used}

    def picture(
        self,
        name: str,
        labels: dict[str, str],
        *,
        layers: int = 2,
        history: Sequence[str] = (),
        tagged: bool = False,
        used: bool = False,
    ) -> None:
        """Add an image."""
        lines = history or [f"gradlock layer {number}" for number in range(layers)]
        self.pictures[name] = {
            "Id": name,
            "Labels": labels,
            "layers": [str(number) for number in range(layers)],
            "history": [{"CreatedBy": line} for line in lines],
            "tagged": tagged,
            "used": used,
        }

    def containers(self, filters: dict[str, Any], **_: Any) -> list[dict[str, Any]]:
        """List containers with a label, in a state."""
        states = filters.get("status")
        return [
            row
            for row in self.boxes.values()
            if filters["label"] in row["Labels"] and (not states or row["status"] in states)
        ]

    def networks(self, filters: dict[str, Any]) -> list[dict[str, Any]]:
        """List networks with a label."""
        return [row for row in self.nets.values() if filters["label"] in row["Labels"]]

    def images(self, filters: dict[str, Any], **_: Any) -> list[dict[str, Any]]:
        """List images with a label, without a name."""
        return [
            row
            for row in self.pictures.values()
            if filters["label"] in row["Labels"] and not (filters.get("dangling") and row["tagged"])
        ]

    def history(self, identity: str) -> list[dict[str, str]]:
        """Tell how an image was made."""
        found: list[dict[str, str]] = self.pictures[identity]["history"]
        return found

    def inspect_image(self, identity: str) -> dict[str, Any]:
        """Tell an image's layers."""
        return {"RootFS": {"Layers": self.pictures[identity]["layers"]}}

    def remove_container(self, identity: str, **_: Any) -> None:
        """Remove a container."""
        if identity not in self.boxes:
            raise NotFound("gone")
        del self.boxes[identity]

    def remove_network(self, identity: str) -> None:
        """Remove a network that nothing uses."""
        if self.nets[identity]["used"]:
            raise APIError("403 Forbidden")
        del self.nets[identity]

    def remove_image(self, identity: str, force: bool = False) -> None:
        """Remove an image that nothing uses."""
        if identity not in self.pictures:
            raise ImageNotFound("gone")
        if self.pictures[identity]["used"]:
            raise APIError("409 Conflict")
        del self.pictures[identity]


@pytest.fixture
def api() -> Api:
    return Api()


def engine(api: Api, where: str = "unix:///there") -> Engine:
    return Engine(mock.Mock(api=api), where, private=False)


def owned(whose: str, kind: str = "tests") -> dict[str, str]:
    return {"gradlock": kind, "gradlock.owner": whose}


def test_what_a_dead_process_left_goes_and_nothing_else(api: Api) -> None:
    api.box("dead", owned(DEAD))
    api.box("dead-and-ended", owned(DEAD), "exited")
    api.box("rebooted", owned(REBOOTED))
    api.box("living", owned(LIVING))
    api.box("living-and-ended", owned(LIVING), "exited")
    api.box("elsewhere", owned(ELSEWHERE))
    api.box("detached-lab", {"gradlock": "lab"})
    api.box("strange", {"gradlock.owner": "somebody's own label"})
    api.picture("wave", {"gradlock.wave": "", "gradlock.owner": DEAD})
    api.picture("room", {"gradlock.room": "", "gradlock.owner": DEAD})
    api.picture("used-room", {"gradlock.room": "", "gradlock.owner": DEAD}, used=True)
    api.picture("living-wave", {"gradlock.wave": "", "gradlock.owner": LIVING})
    api.picture("ours", {"io.gradlock.variant": "cpu"})
    assert removal.sweep(engine(api)) == 5
    assert set(api.boxes) == {
        "living",
        "living-and-ended",
        "elsewhere",
        "detached-lab",
        "strange",
    }
    assert set(api.pictures) == {"used-room", "living-wave", "ours"}


def test_a_network_goes_with_its_process(api: Api) -> None:
    api.net("dead", owned(DEAD))
    api.net("used", owned(DEAD), used=True)
    api.net("living", owned(LIVING))
    assert removal.sweep(engine(api)) == 1
    assert set(api.nets) == {"used", "living"}


def test_on_an_engine_of_others_a_machine_with_our_name_may_be_a_copy(api: Api) -> None:
    api.box("rebooted", owned(REBOOTED))
    api.box("dead", owned(DEAD))
    assert removal.sweep(engine(api, "tcp://shared:2376")) == 1
    assert set(api.boxes) == {"rebooted"}


def test_what_vanishes_meanwhile_is_no_error(api: Api) -> None:
    api.box("dead", owned(DEAD))
    rows = api.containers({"label": "gradlock.owner"})
    api.boxes.clear()
    with mock.patch.object(api, "containers", return_value=rows):
        assert removal.sweep(engine(api)) == 0


def test_images_go_by_name_with_what_lost_its_own(api: Api) -> None:
    api.picture("gradlock:cpu", {"io.gradlock.variant": "cpu"}, tagged=True)
    api.picture("older", {"io.gradlock.variant": "cpu"})
    api.box("ended-lab", {"gradlock": "lab"}, "exited")
    api.box("lab", {"gradlock": "lab"})
    api.box("being-read", owned(LIVING), "exited")
    removal.remove(engine(api), ["gradlock:cpu", "gradlock:absent"])
    assert not api.pictures
    assert set(api.boxes) == {"lab", "being-read"}


@pytest.mark.parametrize(
    ("layers", "history"),
    [
        (3, ["gradlock layer a", "gradlock layer b", "RUN pip install mine # buildkit"]),
        (2, ["gradlock layer a", "gradlock layer b", "ENV MINE=1"]),
        (3, ["gradlock layer a", "gradlock layer b"]),
        (1, ["a squashed image"]),
    ],
    ids=["another-layer", "no-layer-of-its-own", "layer-without-a-line", "squashed"],
)
def test_what_people_built_from_an_image_stays(
    api: Api, layers: int, history: Sequence[str]
) -> None:
    """It inherits the label, and has no name while its builder, or its owner, wants none."""
    api.picture("theirs", {"io.gradlock.variant": "cpu"}, layers=layers, history=history)
    removal.remove(engine(api), [])
    assert set(api.pictures) == {"theirs"}


def test_what_something_uses_stays(api: Api) -> None:
    api.picture("parent", {"io.gradlock.variant": "cpu"}, used=True)
    removal.remove(engine(api), [])
    assert set(api.pictures) == {"parent"}
