"""In which order layers lie in an image, and where waves of loading may end."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import pytest

from gradlock.graph import Job, ready
from gradlock.images import stack
from gradlock.images.stack import Part, Parts
from gradlock.layers import Layer
from gradlock.locks.pins import WheelPin
from tests.unit.images.conftest import CPU, CU125, Workshop, names


@pytest.mark.usefixtures("project")
def test_the_heaviest_and_steadiest_layers_are_at_the_bottom(workshop: Workshop) -> None:
    assert names(workshop.build(CPU)) == [
        *("tensorflow-cpu", "numpy", "scipy"),
        *("base", "conda", "wheels-A-M", "wheels-N-Z", "files"),
    ]
    assert names(workshop.build(CU125)) == [
        *("tensorflow", "nvidia-cuda-nvcc-cu12", "nvidia-cudnn-cu12", "nvidia-nccl-cu12"),
        *("numpy", "scipy"),
        *("base", "conda", "conda-cuda", "wheels-A-M", "wheels-N-Z", "files"),
    ]


def parts(sizes: Sequence[tuple[str, int]]) -> Parts:
    """Return an image of made-up wheels of these bytes."""

    def layer(name: str) -> Layer:
        return Layer(name, Path(name), name, 1)

    bytes_of = {f"hash of {name}": size for name, size in sizes}
    wheels = tuple(
        Part(
            WheelPin(name, "1.0", f"hash of {name}"),
            ready(name, Path(name)),
            ready(name, layer(name)),
            bytes_of,
        )
        for name, _ in sizes
    )
    base, prefix, own = (ready(name, layer(name)) for name in ("base", "conda", "files"))
    return Parts(wheels, base, (prefix,), own, lambda name, small: ready(name, layer(name)))


def test_waves_end_below_what_is_made_last() -> None:
    layers, ends = parts([("tensorflow", 9), ("numpy", stack.LARGE), ("six", 2)]).ordered()
    assert [job.name for job in layers][ends[-1] :] == ["wheels-N-Z", "files"]


@pytest.mark.parametrize(
    ("name", "layer"), [("7z", "wheels-A-M"), ("mdurl", "wheels-A-M"), ("nbformat", "wheels-N-Z")]
)
def test_a_small_wheels_name_alone_decides_where_it_lies(name: str, layer: str) -> None:
    merged: dict[str, list[str]] = {}

    def merge(shelf: str, small: Sequence[Job[Layer]]) -> Job[Layer]:
        merged[shelf] = [job.name for job in small]
        return ready(shelf, small[0].result)

    some = parts([("tensorflow", 9), (name, 2), ("anyio", 2), ("zstandard", 2)])
    dataclasses.replace(some, merge=merge).ordered()
    assert {shelf for shelf, wheels in merged.items() if name in wheels} == {layer}
    assert merged.keys() == set(stack.SHELVES)


def test_a_wave_is_worth_what_it_costs() -> None:
    large = [(f"wheel{number:02}", stack.LARGE) for number in range(60)]
    _, ends = parts([*large, ("tensorflow", stack.WAVE)]).ordered()
    least = stack.WAVE // stack.LARGE
    assert ends == [1, 1 + least, 1 + 2 * least, 61, 63]


def test_wheels_weigh_by_where_they_lie() -> None:
    """What is made in the order of weights is made in the order in which it is sent."""
    sizes = {"numpy": 90_000_000, "nvidia-nvtx-cu12": 90_000, "six": 9, "tensorflow": 700}
    pins = {name: WheelPin(name, "1.0", name) for name in sizes}
    order = sorted(pins, key=lambda name: -stack.weight(pins[name], sizes[name]))
    assert order == ["tensorflow", "nvidia-nvtx-cu12", "numpy", "six"]
    assert (
        stack.weight(pins["numpy"], stack.LARGE)
        >= stack.BETWEEN
        > stack.weight(pins["six"], stack.LARGE - 1)
    )
