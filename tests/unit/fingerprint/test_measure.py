"""The program that measures: what of it needs no TensorFlow."""

from __future__ import annotations

import json
import struct
from base64 import b64decode

import numpy as np
import pytest

from gradlock.fingerprint import drift, measure


def test_a_summary_counts_its_arrays_as_one() -> None:
    arrays = [np.array([[1, -4], [2, 0]], np.float32), np.array([3], np.float32)]
    found = measure.summary(arrays)
    assert (found["dtype"], found["size"], found["largest"]) == ("float32", 5, 4.0)
    assert found["norm"] == pytest.approx(30**0.5)
    assert struct.unpack("<5d", b64decode(found["sample"])) == (1.0, -4.0, 2.0, 0.0, 3.0)


def test_a_summary_sees_every_bit() -> None:
    """Also of what its sample does not hold."""
    values = np.arange(1000, dtype=np.float64)
    other = values.copy()
    other[501] = np.nextafter(other[501], 1e9)
    one, another = measure.summary([values]), measure.summary([other])
    assert one["sample"] == another["sample"]
    assert one["sha256"] != another["sha256"]


def test_the_sample_has_both_ends() -> None:
    found = measure.summary([np.arange(1000, dtype=np.float64)])
    sample = struct.unpack(f"<{measure.SAMPLE}d", b64decode(found["sample"]))
    assert (sample[0], sample[-1]) == (0.0, 999.0)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_no_number_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="not finite"):
        measure.summary([np.array([1.0, value])])


def test_inputs_depend_on_the_name_alone() -> None:
    one, again = measure.draw("exp", (3,)), measure.draw("exp", (3,))
    assert (one[0] == again[0]).all()
    assert (one[0] != measure.draw("log", (3,))[0]).all()


def test_the_environment_is_told() -> None:
    found = measure.environment(2)
    assert json.loads(json.dumps(found)) == found
    assert found["threads"] == 2
    assert "pytest" in found["packages"]
    assert found["hardware"]["instructions"]


def test_types_of_metrics_have_a_unit() -> None:
    assert {"float32", "float64", "bfloat16"} <= drift.EPSILON.keys()
