"""The question: flags mean the same as elsewhere; a broken table is an answer, no failure."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gradlock import store
from gradlock.doctor import question
from gradlock.errors import InputError
from gradlock.inputs import variants

KEEP = builtins.__import__


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str, str], None]:
    """Have the PCI bus be an empty one; return what plugs a device in."""
    monkeypatch.setattr(question, "PCI", tmp_path / "bus")
    monkeypatch.setattr(question, "DRIVER", ())
    monkeypatch.setenv("PATH", str(tmp_path))

    def plug(vendor: str, kind: str) -> None:
        device = tmp_path / "bus/0000:01:00.0"
        device.mkdir(parents=True)
        (device / "vendor").write_text(f"{vendor}\n")
        (device / "class").write_text(f"{kind}\n")

    return plug


def names(**flags: Any) -> list[str]:
    return [row.name for row in question.ask(**flags).rows]


def test_without_a_flag_it_is_what_the_machine_could_run(
    bus: Callable[[str, str], None],
) -> None:
    assert names() == ["cpu"]
    bus("0x10de", "0x030000")
    assert names() == ["cpu", variants.load().newest_gpu.name]


@pytest.mark.parametrize(("vendor", "kind"), [("0x10de", "0x040300"), ("0x1002", "0x030000")])
def test_nvidias_sound_and_others_gpus_are_no_gpu(
    bus: Callable[[str, str], None], vendor: str, kind: str
) -> None:
    bus(vendor, kind)
    assert names() == ["cpu"]


def test_nvidia_smi_alone_tells_of_a_gpu(bus: Callable[[str, str], None], tmp_path: Path) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert len(names()) == 2


def test_a_variant_that_is_named_is_the_only_one() -> None:
    assert names(variant="cu125") == ["cu125"]
    assert names(cuda="12.5") == ["cu125"]
    assert question.ask(gpu=True).asked
    with pytest.raises(InputError, match="unknown variant"):
        question.ask(variant="none")
    with pytest.raises(InputError, match="choose one"):
        question.ask(variant="cpu", gpu=True)


def test_a_broken_table_leaves_a_question_without_rows(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "variants.toml").write_text("[[[")
    monkeypatch.setattr(variants.load, "__defaults__", (tmp_path / "variants.toml",))
    asked = question.ask(variant="cpu")
    assert asked.rows == ()
    assert "not valid TOML" in asked.trouble
    assert asked.subject == "no variant"


@pytest.mark.parametrize("named", [{}, {"GRADLOCK_STORE": "/a/store"}, {"XDG_CACHE_HOME": "/c"}])
def test_the_store_is_the_same_without_the_library_that_knows_it(
    monkeypatch: pytest.MonkeyPatch, named: dict[str, str]
) -> None:
    for name in ("GRADLOCK_STORE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in named.items():
        monkeypatch.setenv(name, value)
    known = store.store()

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "platformdirs":
            raise ModuleNotFoundError(name=name)
        return KEEP(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    assert question.stored() == known
