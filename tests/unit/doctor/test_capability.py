"""GPUs against TensorFlow: the table's own cases, and the order of things."""

from __future__ import annotations

import pytest

from gradlock.doctor import capability
from gradlock.doctor.capability import BUILDS, COMPILES, Pair
from gradlock.doctor.findings import Severity
from gradlock.inputs import variants
from gradlock.inputs.variants import Variant

GPU = Variant("cu129", "3.13", "2.21.0", "12.9.1", "9.24.0.43", "525.60.13")
OLD = Variant("cu125", "3.13", "2.21.0", "12.5.1", "9.3.0.75", "525.60.13")


@pytest.mark.parametrize(
    ("name", "pair", "driver", "severity", "said"),
    [
        ("Tesla K80", (3, 7), "470.57.02", Severity.BROKEN, "no code for it"),
        ("GTX 980", (5, 2), "550.54.14", Severity.BROKEN, "no code for it"),
        ("Tesla P100", (6, 0), "550.54.14", Severity.FINE, "machine code"),
        ("GTX 1080", (6, 1), "525.60.13", Severity.FINE, "machine code"),
        ("Tesla T4", (7, 5), "525.60.13", Severity.FINE, "machine code"),
        ("A100", (8, 0), "525.60.13", Severity.FINE, "machine code"),
        ("A10G", (8, 6), "525.60.13", Severity.FINE, "machine code"),
        ("L4", (8, 9), "525.60.13", Severity.FINE, "machine code"),
        ("H100", (9, 0), "525.60.13", Severity.FINE, "machine code"),
        ("B200", (10, 0), "550.54.14", Severity.WARNING, "only PTX"),
        ("B200", (10, 0), "570.26", Severity.FINE, "by PTX"),
        ("RTX 5090", (12, 0), "570.86.16", Severity.FINE, "by PTX"),
    ],
)
def test_every_generation_has_its_verdict(
    name: str, pair: Pair, driver: str, severity: Severity, said: str
) -> None:
    found = capability.judge(name, pair, driver, GPU)
    assert found.severity is severity
    assert said in found.seen
    assert name in found.seen


def test_libraries_older_than_the_gpu_are_named() -> None:
    found = capability.judge("RTX 5090", (12, 0), "570.86.16", OLD)
    assert found.severity is Severity.WARNING
    assert "CUDA 12.5.1" in found.seen
    assert "12.8" in found.why


def test_an_older_tensorflow_is_named_where_one_has_code() -> None:
    assert "TensorFlow 2.15" in capability.judge("GTX 980", (5, 2), "550.54.14", GPU).mend
    assert "TensorFlow 2.14" in capability.judge("Tesla K80", (3, 7), "470.57.02", GPU).mend
    assert "with TensorFlow" not in capability.judge("C2050", (2, 0), "390.1", GPU).mend


def test_an_unknown_tensorflow_is_not_judged() -> None:
    unknown = Variant("x", "3.13", "9.9.0", "12.9.1", "9.24.0.43", "525.60.13")
    assert capability.judge("T4", (7, 5), "550.1", unknown).severity is Severity.UNSEEN


def test_the_table_knows_every_variant_and_a_driver_for_every_build() -> None:
    for row in variants.load():
        major, minor, _ = capability.numbers(row.tensorflow)
        assert (major, minor) in BUILDS
    assert {build.cuda for build in BUILDS.values()} <= COMPILES.keys()


def test_drivers_are_compared_as_numbers() -> None:
    assert capability.numbers("525.105.17") > capability.numbers("525.60.13")
