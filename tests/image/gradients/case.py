"""A case: a function that TensorFlow must differentiate right, and what it gets wrong."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

#: The checks of a case, in the order in which they run; `checks` says how each measures.
CHECKS = (
    "reverse",
    "forward",
    "second",
    "function",
    "relaxed",
    "called",
    "xla",
    "float32",
    "bfloat16",
    "float16",
    "repeat",
    "jacobian",
)

Generator = Callable[[np.random.Generator], np.ndarray]


@dataclass(frozen=True)
class Known:
    """An expected failure: why a check cannot pass in TensorFlow.

    `raises` is a regular expression that the exception's type and text hold; where it is empty,
    TensorFlow answers, wrongly. `issue` is the upstream report, where there is one. `tensorflow`
    is the PEP 440 specifier of the releases that it holds for; empty: all. `always` is False
    where the CPU decides: a check that passes then needs no change of the record. `wavers` says
    that the wrong answer is another from run to run: then no value can be recorded.
    """

    reason: str
    raises: str = ""
    issue: str = ""
    tensorflow: str = ""
    always: bool = True
    wavers: bool = False


@dataclass(frozen=True)
class Case:
    """One row of the table.

    `inputs` draw NumPy arrays in float64, `function` takes them as tensors and returns one
    tensor. `dtype` is the widest type that it has kernels for on a CPU. `reference` is a
    function of float64 tensors with the same derivative, needed where `dtype` is not float64 or
    where the gradient is not the derivative of `function` by intent (`stop_gradient`).
    `known` gives the expected failure of a check, `on_gpu` what it is on a GPU, and
    `without_onednn` without those kernels, where that is another; `tolerances` replace those of
    `checks`.
    `swept` marks a row that `sweep` made: one of many that differ in attributes alone. Of these
    `lead` marks the ones that show a value of an attribute for the first time, or for the first
    time with an attribute `of`: dearer checks run for them alone. `first` marks those of them that
    show a kind of value: of numbers the sign.
    """

    name: str
    inputs: Sequence[Generator]
    function: Callable[..., Any]
    known: Mapping[str, Known] = field(default_factory=dict)
    on_gpu: Mapping[str, Known] = field(default_factory=dict)
    without_onednn: Mapping[str, Known] = field(default_factory=dict)
    dtype: str = "float64"
    reference: Callable[..., Any] | None = None
    tolerances: Mapping[str, float] = field(default_factory=dict)
    group: str = ""
    swept: bool = False
    lead: bool = True
    first: bool = True

    def __post_init__(self) -> None:
        named = {*self.known, *self.on_gpu, *self.without_onednn, *self.tolerances}
        unknown = named - set(CHECKS)
        if unknown:
            raise ValueError(f"case {self.name}: there is no check {', '.join(sorted(unknown))}")

    def __str__(self) -> str:
        """Return the name that is unique in the table."""
        return f"{self.group}/{self.name}"

    def expected(self, check: str, *, gpu: bool, onednn: bool) -> Known | None:
        """Return the expected failure of a check on a device, if there is one."""
        known = self.known.get(check)
        if gpu:
            return self.on_gpu.get(check, known)
        return known if onednn else self.without_onednn.get(check, known)

    def random(self, purpose: str) -> np.random.Generator:
        """Return the numbers that this case draws for a purpose: the same on every machine."""
        return np.random.default_rng(zlib.crc32(f"{self}/{purpose}".encode()))

    def draw(self) -> list[np.ndarray]:
        """Return the inputs, in float64."""
        random = self.random("inputs")
        return [np.asarray(generator(random), np.float64) for generator in self.inputs]
