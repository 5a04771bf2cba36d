"""What is asked for is held to rules by name, before anything is resolved."""

from __future__ import annotations

from pathlib import Path

import pytest

from gradlock.errors import InputError
from gradlock.inputs import variants
from gradlock.inputs.variants import Variant
from gradlock.locks import requests


@pytest.mark.parametrize("row", list(variants.load()), ids=lambda row: row.name)
def test_the_projects_own_requests_are_well(row: Variant) -> None:
    requests.check(row)


@pytest.mark.parametrize("line", ["tensorflow", "TensorFlow_GPU>=2", "nvidia-nccl-cu12==2"])
def test_a_name_that_no_cpu_lock_may_hold_is_named_by_its_line(project: Path, line: str) -> None:
    (project / "requirements/base.in").write_text("numpy\n-r team.in\n")
    (project / "requirements/team.in").write_text(f"# ours\n{line}\n")
    with pytest.raises(InputError, match="cpu must hold") as caught:
        requests.check(variants.load(project / "variants.toml").cpu)
    assert caught.value.where == "requirements/team.in:2"


def test_a_constraint_asks_for_nothing(project: Path) -> None:
    (project / "requirements/base.in").write_text("numpy\n-c bounds.in\n")
    (project / "requirements/bounds.in").write_text("tf-nightly<3\n")
    requests.check(variants.load(project / "variants.toml").cpu)
