"""How far two fingerprints are apart, and what is past a limit."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gradlock.fingerprint import drift
from tests.unit.fingerprints import (
    FAR,
    FINGERPRINT,
    OPERATION,
    TRAINING,
    VALUES,
    changed,
    elsewhere,
    metric,
    moved,
)


def test_the_same_is_identical() -> None:
    found = drift.compare(FINGERPRINT, FINGERPRINT)
    assert (found.identical, found.differences, found.failed) == (2, (), False)


def test_norm_ulp_is_a_part_of_the_largest() -> None:
    """One unit in the last place of 1 is a quarter of one of 4."""
    ours, theirs = metric(VALUES), metric([1 + 2.0**-23, *VALUES[1:]])
    assert drift.norm_ulp(ours, theirs) == pytest.approx(0.25)


def test_the_norm_sees_what_the_sample_does_not_hold() -> None:
    ours = metric(VALUES)
    theirs = replace(ours, sha256="other", norm=ours.norm * (1 + 2.0**-20))
    assert drift.norm_ulp(ours, theirs) == pytest.approx(8, rel=1e-3)


@pytest.mark.parametrize("change", [{"dtype": "float64"}, {"size": 4}, {"dtype": "int8"}])
def test_other_types_and_sizes_are_infinitely_far(change: dict[str, Any]) -> None:
    assert drift.norm_ulp(metric(VALUES), replace(metric(VALUES), **change)) == float("inf")


@pytest.mark.parametrize(
    ("name", "values", "alarms"),
    [
        (OPERATION, [1.0, -4.0 * (1 + 60 * 2.0**-23), 0.25], 0),
        (OPERATION, FAR, 1),
        (TRAINING, [2.0 * (1 + 7 * 2.0**-23)], 0),
        (TRAINING, [2.0 * (1 + 9 * 2.0**-23)], 1),
    ],
)
def test_limits(
    name: str,
    values: list[float],
    alarms: int,
) -> None:
    """64 norm-ulp for an operation, 8 for a training."""
    found = drift.compare(moved(name, values), FINGERPRINT)
    assert [one.name for one in found.differences] == [name]
    assert len(found.alarms) == alarms
    assert found.failed == bool(alarms)


def test_limits_move() -> None:
    other = moved(OPERATION, FAR)
    assert not drift.compare(other, FINGERPRINT, operations=80).failed
    assert drift.compare(other, FINGERPRINT, operations=1).failed


def test_a_metric_of_one_alone_is_a_failure() -> None:
    fewer = replace(FINGERPRINT, metrics=dict(list(FINGERPRINT.metrics.items())[:1]))
    found = drift.compare(fewer, FINGERPRINT)
    assert found.missing == (TRAINING,)
    assert found.failed


def test_the_same_image_must_give_the_same_bits() -> None:
    """Unless the CPU or a setting is another one."""
    other = moved(OPERATION, [1 + 2.0**-23, *VALUES[1:]])
    other = replace(other, image=FINGERPRINT.image)
    assert drift.compare(other, FINGERPRINT).unexplained
    assert not drift.compare(changed(other, threads=1), FINGERPRINT).failed
    other = elsewhere(other)
    assert not drift.compare(other, FINGERPRINT).failed


def test_another_cpu_widens_what_is_held() -> None:
    other = moved(OPERATION, FAR)
    assert drift.hold(other, FINGERPRINT).failed
    other = elsewhere(other)
    assert not drift.hold(other, FINGERPRINT).failed
    wrong = moved(OPERATION, [1.0, -4.001, 0.25])
    wrong = elsewhere(wrong)
    assert drift.hold(wrong, FINGERPRINT).failed


def test_packages_and_settings_that_differ_are_named() -> None:
    other = changed(
        FINGERPRINT, packages={"tensorflow-cpu": "2.20.0", "keras": "3.15.1"}, threads=1
    )
    found = drift.compare(FINGERPRINT, other)
    assert found.packages == {
        "keras": (None, "3.15.1"),
        "numpy": ("2.5.5", None),
        "tensorflow-cpu": ("2.21.0", "2.20.0"),
    }
    assert found.settings == {"threads": ("2", "1")}
