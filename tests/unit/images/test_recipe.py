"""What an image is made of: checked before anything is built."""

from __future__ import annotations

import dataclasses

import pytest
import yaml

from gradlock.errors import InputError, LockError
from gradlock.images import recipe as recipes
from gradlock.inputs.platforms import PLATFORMS
from gradlock.locks import lockfile
from tests.unit.images.conftest import CPU, CU125, Workshop, lock_text, names, tars, with_row

pytestmark = pytest.mark.usefixtures("project")


def test_locks_that_break_a_rule_build_nothing(workshop: Workshop) -> None:
    locks = workshop.locks["cu125"]
    body = locks.pip.body.replace("nvidia-cuda-nvcc-cu12==12.5.82", "nvidia-cuda-nvcc-cu12==12.9")
    workshop.locks["cu125"] = dataclasses.replace(locks, pip=lock_text("cu125.txt", body))
    with pytest.raises(LockError, match=r"nvidia-cuda-nvcc-cu12 is 12\.9"):
        workshop.build(CU125)
    assert tars() == {}


def test_a_python_that_the_channel_lacks_is_named(workshop: Workshop) -> None:
    locks = workshop.locks["cpu"]
    debs = [pin for pin in locks.debs if pin.name != "python3.13"]
    debs.append(dataclasses.replace(locks.debs[0], name="python3.12"))
    text = lock_text("apt.lock", lockfile.format_debs(debs))
    workshop.locks["cpu"] = dataclasses.replace(locks, apt=text)
    with pytest.raises((InputError, LockError), match=r"[Pp]ython\s?3\.13") as caught:
        workshop.build(CPU)
    assert caught.value.where == "requirements/apt.lock"


def test_the_base_image_is_one_without_wheels(workshop: Workshop) -> None:
    built = workshop.build(CPU, whole=False)
    assert names(built) == ["base", "conda", "files"]
    assert built.reference == "gradlock:base"


def test_conda_forges_packages_must_all_be_locked(workshop: Workshop) -> None:
    """The snapshot, which a lock may be of, has no tini for aarch64; Debian has."""
    arm = workshop.port(CPU, "arm", PLATFORMS["linux/arm64"])
    locks, table = workshop.locks["arm"], with_row(arm)
    rows = [row for row in yaml.safe_load(locks.conda.body)["package"] if row["name"] != "tini"]
    lacking = dataclasses.replace(locks.conda, body=yaml.safe_dump({"package": rows}))
    workshop.locks["arm"] = dataclasses.replace(locks, conda=lacking)
    assert recipes.read(arm, table, "debian").condas == ()
    with pytest.raises(LockError, match="the conda lock of arm is without tini:") as caught:
        recipes.read(arm, table, "conda-forge")
    assert "--channel debian" in caught.value.mend
    workshop.locks["arm"] = locks
    assert recipes.read(arm, table, "conda-forge").condas == locks.condas
