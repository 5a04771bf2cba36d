"""Whose Python compiles the wheels of an image for another processor."""

from __future__ import annotations

import dataclasses
import marshal

import pytest

from gradlock.errors import ArtifactError
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


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_images_of_the_usual_platform_are_compiled_by_their_own(
    workshop: Workshop, machine: str
) -> None:
    for row in (CPU, CU125):
        recipe = workshop.recipe(row)
        assert compiling.of(recipe, machine) is recipe


def test_one_for_another_processor_is_compiled_without_an_emulator(workshop: Workshop) -> None:
    recipe = ported(workshop)
    borrowed = compiling.of(recipe, "x86_64")
    assert borrowed.interpreter == workshop.recipe(CPU).interpreter
    assert borrowed.variant == CPU
    assert compiling.of(recipe, "aarch64") is recipe
    assert compiling.of(recipe, "riscv64") is recipe  # where both need an emulator


def test_another_release_compiles_nothing_for_it(workshop: Workshop) -> None:
    """Debian's patch may reach one platform's archive before another's."""
    recipe = ported(workshop)
    debs = [
        dataclasses.replace(pin, version=f"{pin.version}+deb13u9")
        if pin.name == "python3.13"
        else pin
        for pin in recipe.locks.debs
    ]
    apt = lock_text("apt-arm64.lock", lockfile.format_debs(debs))
    other = dataclasses.replace(recipe, locks=dataclasses.replace(recipe.locks, apt=apt))
    assert compiling.of(other, "x86_64") is other


def test_a_python_of_conda_forge_compiles_its_own(workshop: Workshop) -> None:
    recipe = dataclasses.replace(ported(workshop), channel="conda-forge")
    assert compiling.of(recipe, "x86_64") is recipe


def code(source: str) -> dict[str, bytes]:
    return {"opt/conda/x.pyc": marshal.dumps(compile(source, "x", "exec"))}


@pytest.mark.parametrize(
    "source",
    [
        "x = 1e999 - 1e999",
        "def f(x, y=1e999 * 0):\n    return -(1e999 - 1e999) * x",
        "x = 1e999j * 1e999j",
        "x = [1.5, 2, complex(1e999 - 1e999, 3)]",
    ],
)
def test_what_is_no_number_is_not_compiled_for_another_processor(
    workshop: Workshop, source: str
) -> None:
    recipe, shares = ported(workshop), [{}, code(source)]
    by = compiling.of(recipe, "x86_64")
    with pytest.raises(ArtifactError, match="computes, as it is compiled") as caught:
        compiling.whole(shares, recipe, by)
    assert caught.value.where == "/opt/conda/x.pyc"
    assert compiling.whole(shares, recipe, recipe) == shares[1]


@pytest.mark.parametrize("source", ["x = 1e999", "x = float('nan')", "x = -1e999j", "x = b'\\xf8'"])
def test_other_constants_are_the_same_everywhere(workshop: Workshop, source: str) -> None:
    recipe = ported(workshop)
    by = compiling.of(recipe, "x86_64")
    assert compiling.whole([code(source)], recipe, by) == code(source)
