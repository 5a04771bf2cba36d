"""The verb `suite`: promises that cannot be kept are refused before anything is built."""

from __future__ import annotations

from typing import Any

import pytest
from invoke.context import Context
from invoke.exceptions import Exit

from gradlock.inputs import variants
from gradlock.verbs.suite import suite

pytestmark = pytest.mark.usefixtures("no_engine")
CPU = variants.load().cpu.name


@pytest.mark.parametrize("flags", [{}, {"variant": CPU}], ids=str)
def test_a_gpu_cannot_be_required_of_a_cpu_variant(flags: dict[str, Any]) -> None:
    with pytest.raises(Exit, match="--gpu-required promises nothing"):
        suite.body(Context(), "smoke", gpu_required=True, **flags)


@pytest.mark.parametrize("flags", [{"gpu": True}, {"all": True}], ids=str)
def test_it_can_be_required_where_a_gpu_variant_is_among_them(flags: dict[str, Any]) -> None:
    with pytest.raises(AssertionError, match="an engine was sought"):
        suite.body(Context(), "smoke", gpu_required=True, **flags)


@pytest.mark.parametrize("suites", ["smokey", "smoke,smokey", "smoke,,smokey"])
def test_an_unknown_suite_is_told_before_an_image_is_built(suites: str) -> None:
    with pytest.raises(Exit, match="unknown suite"):
        suite.body(Context(), suites)


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ({"onednn": "of"}, "unknown setting of oneDNN 'of'"),
        ({"threads": "0"}, "0 threads"),
        ({"threads": "one"}, "--threads takes a whole number"),
    ],
)
def test_a_setting_that_does_not_exist_is_told_before_an_image_is_built(
    flags: dict[str, str], said: str
) -> None:
    with pytest.raises(Exit, match=said):
        suite.body(Context(), "smoke", **flags)
