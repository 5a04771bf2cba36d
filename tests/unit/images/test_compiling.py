"""Whose Python compiles the wheels of an image for another processor."""

from __future__ import annotations

import dataclasses
import platform

import pytest

from gradlock.images import compiling
from gradlock.images import recipe as recipes
from gradlock.images.recipe import Recipe
from gradlock.inputs.platforms import PLATFORMS
from gradlock.locks import lockfile
from tests.unit.images.conftest import CPU, CU125, Workshop, lock_text, with_row

pytestmark = pytest.mark.usefixtures("project")


def ported(workshop: Workshop) -> Recipe:
    """Return the recipe of the CPU variant's image for arm64."""
    arm = workshop.port(CPU, "arm", PLATFORMS["linux/arm64"])
    return recipes.read(arm, with_row(arm), "debian")


def on(machine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: machine)


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_images_of_the_usual_platform_are_compiled_by_their_own(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch, machine: str
) -> None:
    on(machine, monkeypatch)
    for row in (CPU, CU125):
        recipe = workshop.recipe(row)
        assert compiling.of(recipe) is recipe


def test_one_for_another_processor_is_compiled_without_an_emulator(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = ported(workshop)
    on("x86_64", monkeypatch)
    assert compiling.of(recipe).interpreter == workshop.recipe(CPU).interpreter
    assert compiling.of(recipe).variant == CPU
    on("aarch64", monkeypatch)
    assert compiling.of(recipe) is recipe
    on("riscv64", monkeypatch)  # where each needs one
    assert compiling.of(recipe) is recipe


def test_another_release_compiles_nothing_for_it(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Debian's patch may reach one platform's archive before another's."""
    on("x86_64", monkeypatch)
    recipe = ported(workshop)
    debs = [
        dataclasses.replace(pin, version=f"{pin.version}+deb13u9")
        if pin.name == "python3.13"
        else pin
        for pin in recipe.locks.debs
    ]
    apt = lock_text("apt-arm64.lock", lockfile.format_debs(debs))
    other = dataclasses.replace(recipe, locks=dataclasses.replace(recipe.locks, apt=apt))
    assert compiling.of(other) is other


def test_a_python_of_conda_forge_compiles_its_own(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    on("x86_64", monkeypatch)
    recipe = dataclasses.replace(ported(workshop), channel="conda-forge")
    assert compiling.of(recipe) is recipe
