"""Needs: a GPU variant takes more than the CPU's, and sizes read well."""

from __future__ import annotations

from gradlock.doctor import needs
from gradlock.inputs import variants


def test_a_gpu_variant_needs_more_of_everything() -> None:
    table = variants.load()
    cpu, gpu = needs.of(table.cpu), needs.of(table.newest_gpu)
    assert gpu.store > cpu.store
    assert gpu.engine > cpu.engine
    assert gpu.memory >= cpu.memory


def test_sizes_are_shown_with_the_unit_that_fits() -> None:
    assert needs.shown(12.34e9) == "12.3 GB"
    assert needs.shown(52e6) == "52 MB"
