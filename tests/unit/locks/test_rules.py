"""The rules: the project's locks keep them, and a lock with one fault breaks exactly one."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gradlock.errors import LockError
from gradlock.inputs import variants
from gradlock.locks import freshness, lockfile, rules
from gradlock.locks.freshness import Locks
from gradlock.locks.lockfile import LockText

TABLE = variants.load()
CPU = freshness.read(TABLE.named("cpu"))
GPU = freshness.read(TABLE.named("cu125"))
SHA256 = "0" * 64
OTHER_CUDA = "- name: cuda-version\n  version: '12.9'"

Change = Callable[[Locks], Locks]


def swap(part: str, old: str, new: str) -> Change:
    """Return a change of a lock's text, in the first place where it fits."""

    def change(locks: Locks) -> Locks:
        lock: LockText = getattr(locks, part)
        assert old in lock.body
        body = lock.body.replace(old, new, 1)
        changed: Any = {part: dataclasses.replace(lock, body=body)}
        return dataclasses.replace(locks, **changed)

    return change


def add(name: str, version: str = "1.0", sha256: str = SHA256) -> Change:
    """Return a change that adds a wheel."""
    line = f"{name}=={version} --hash=sha256:{sha256}\n"
    return swap("pip", "absl-py==", f"{line}absl-py==")


def add_conda(name: str, version: str = "1.0", depends: str = "{}") -> Change:
    """Return a change that adds a conda package."""
    row = f"- {{name: {name}, version: '{version}', url: u, hash: {{sha256: {SHA256}}}, "
    return swap("conda", "package:\n", f"package:\n{row}dependencies: {depends}}}\n")


def drop(name: str) -> Change:
    """Return a change that leaves a wheel out."""

    def change(locks: Locks) -> Locks:
        pins = [pin for pin in locks.wheels if pin.name != name]
        assert len(pins) == len(locks.wheels) - 1
        body = "".join(f"{pin.name}=={pin.version} --hash=sha256:{pin.sha256}\n" for pin in pins)
        return dataclasses.replace(locks, pip=dataclasses.replace(locks.pip, body=body))

    return change


def other_build(part: str, name: str) -> Change:
    """Return a change of a shared package's hash, as another version or build has it."""

    def change(locks: Locks) -> Locks:
        pins = locks.wheels if part == "pip" else locks.condas
        (old,) = (pin.sha256 for pin in pins if pin.name == name)
        return swap(part, old, SHA256)(locks)

    return change


def drop_conda(name: str) -> Change:
    """Return a change that leaves a conda package out, by giving it another name."""
    return swap("conda", f"\n- name: {name}\n", f"\n- name: no-{name}\n")


def cudnn(version: str) -> Change:
    """Return a change of cuDNN, in the lock and in the table."""

    def change(locks: Locks) -> Locks:
        old = f"nvidia-cudnn-cu12=={locks.variant.cudnn}"
        moved = swap("pip", old, f"nvidia-cudnn-cu12=={version}")(locks)
        return dataclasses.replace(moved, variant=dataclasses.replace(locks.variant, cudnn=version))

    return change


def tensorflow(version: str) -> Change:
    """Return a change of TensorFlow, in the lock and in the table."""

    def change(locks: Locks) -> Locks:
        moved = swap("pip", "\ntensorflow==2.21.0", f"\ntensorflow=={version}")(locks)
        return table(tensorflow=version)(moved)

    return change


def table(**row: str) -> Change:
    """Return a change of the table's row."""
    return lambda locks: dataclasses.replace(
        locks,
        variant=dataclasses.replace(locks.variant, **row),
    )


(pin,) = (pin for pin in CPU.wheels if pin.name == "tensorflow-cpu")
CPUS_TENSORFLOW = add(pin.name, pin.version, pin.sha256)


def broken(locks: Locks) -> dict[str, list[str]]:
    """Return what each rule says that says anything."""
    found = {rule.__name__: list(rule(locks, CPU)) for rule in rules.RULES}
    return {name: problems for name, problems in found.items() if problems}


@pytest.mark.parametrize("variant", TABLE.variants, ids=lambda row: row.name)
def test_the_projects_own_locks_keep_every_rule(variant: variants.Variant) -> None:
    assert broken(freshness.read(variant)) == {}
    rules.check(freshness.read(variant), CPU)


FAULTS: dict[str, tuple[Locks, Change, str, str]] = {
    "cpu-tensorflow-in-gpu-lock": (
        GPU,
        lambda locks: CPUS_TENSORFLOW(drop("tensorflow")(locks)),
        "one_tensorflow",
        "cu125 must hold tensorflow==2.21.0 alone, but holds tensorflow-cpu==2.21.0",
    ),
    "gpu-tensorflow-in-cpu-lock": (
        CPU,
        swap("pip", "\ntensorflow-cpu==", "\ntensorflow=="),
        "one_tensorflow",
        "cpu must hold tensorflow-cpu==2.21.0 alone, but holds tensorflow==2.21.0",
    ),
    "two-tensorflows": (
        GPU,
        CPUS_TENSORFLOW,
        "one_tensorflow",
        "but holds tensorflow==2.21.0, tensorflow-cpu==2.21.0",
    ),
    "nightly-beside-tensorflow": (
        CPU,
        add("tf-nightly", "2.22.0"),
        "one_tensorflow",
        "but holds tensorflow-cpu==2.21.0, tf-nightly==2.22.0",
    ),
    "other-tensorflow-than-the-tables": (
        GPU,
        swap("pip", "\ntensorflow==2.21.0", "\ntensorflow==2.20.0"),
        "one_tensorflow",
        "but holds tensorflow==2.20.0",
    ),
    "no-tensorflow": (CPU, drop("tensorflow-cpu"), "one_tensorflow", "but holds none"),
    "cuda-wheel-in-cpu-lock": (
        CPU,
        add("nvidia-cublas-cu12", "12.5.3.2"),
        "no_cuda_on_cpu",
        "a CPU lock holds nvidia-cublas-cu12 12.5.3.2",
    ),
    "cuda-library-in-cpu-conda-lock": (
        CPU,
        add_conda("libcublas", "12.5.3.2"),
        "no_cuda_on_cpu",
        "a CPU lock holds libcublas 12.5.3.2",
    ),
    "cudnn-in-cpu-conda-lock": (
        CPU,
        add_conda("cudnn", "9.3"),
        "no_cuda_on_cpu",
        "a CPU lock holds cudnn 9.3",
    ),
    "part-of-another-toolkit": (
        GPU,
        swap("pip", "nvidia-cublas-cu12==12.5.3.2", "nvidia-cublas-cu12==12.9.1.4"),
        "one_toolkit",
        "nvidia-cublas-cu12 is 12.9.1.4, CUDA 12.5.1 of cu125 has 12.5.3.2",
    ),
    "part-for-another-cuda": (
        GPU,
        add("nvidia-cublas-cu13", "13.0"),
        "one_toolkit",
        "nvidia-cublas-cu13 13.0 is not named for CUDA 12.5.1",
    ),
    "part-that-is-not-pinned": (
        GPU,
        add("nvidia-npp-cu12", "12.3"),
        "one_toolkit",
        "nvidia-npp-cu12 12.3 is not named for CUDA 12.5.1",
    ),
    "no-ptxas": (
        GPU,
        drop("nvidia-cuda-nvcc-cu12"),
        "one_toolkit",
        "cu125 lacks nvidia-cuda-nvcc-cu12",
    ),
    "no-cudnn": (GPU, drop("nvidia-cudnn-cu12"), "one_toolkit", "cu125 lacks nvidia-cudnn-cu12"),
    "no-nccl": (GPU, drop("nvidia-nccl-cu12"), "one_toolkit", "cu125 lacks nvidia-nccl-cu12"),
    "other-cudnn-than-the-tables": (
        GPU,
        table(cudnn="9.24.0.43"),
        "one_toolkit",
        "nvidia-cudnn-cu12 is 9.3.0.75, CUDA 12.5.1 of cu125 has 9.24.0.43",
    ),
    "cudnn-older-than-tensorflows": (
        GPU,
        cudnn("9.2.1.18"),
        "cudnn_fits",
        "cuDNN 9.2.1.18: TensorFlow 2.21.0 is built with 9.3",
    ),
    "cudnn-of-another-major": (
        GPU,
        cudnn("10.0.0.1"),
        "cudnn_fits",
        "cuDNN 10.0.0.1: TensorFlow 2.21.0 is built with 9.3",
    ),
    "cudnn-that-breaks-conv2d": (
        GPU,
        cudnn("9.5.1.17"),
        "cudnn_fits",
        "cuDNN 9.5.1.17 is known to break TensorFlow",
    ),
    "cudnn-of-a-tensorflow-that-nobody-looked-up": (
        GPU,
        tensorflow("2.99.0"),
        "cudnn_fits",
        "TensorFlow 2.99 was built with is not known: add it to BUILT_WITH_CUDNN",
    ),
    "shared-wheel-at-another-version": (
        GPU,
        other_build("pip", "anyio"),
        "lockstep",
        "anyio 4.16.0 is another file in cpu",
    ),
    "shared-conda-package-of-another-build": (
        GPU,
        other_build("conda", "git"),
        "lockstep",
        "in cpu",
    ),
    "wheel-that-only-the-cpu-has": (
        GPU,
        drop("seaborn"),
        "lockstep",
        "seaborn is in cpu but not in cu125",
    ),
    "conda-package-that-only-the-cpu-has": (
        GPU,
        drop_conda("tini"),
        "lockstep",
        "tini is in cpu but not in cu125",
    ),
    "other-python-than-the-tables": (
        CPU,
        table(python="3.12"),
        "conda_matches",
        "not 3.12",
    ),
    "python-3.1-is-not-3.13": (CPU, table(python="3.1"), "conda_matches", "not 3.1"),
    "no-cuda-version": (
        GPU,
        drop_conda("cuda-version"),
        "conda_matches",
        "the conda lock has cuda-version None",
    ),
    "other-cuda-version-than-the-tables": (
        GPU,
        swap("conda", "- name: cuda-version\n  version: '12.5'", OTHER_CUDA),
        "conda_matches",
        "the conda lock has cuda-version 12.9",
    ),
    "package-from-both-pip-and-conda": (
        CPU,
        add_conda("numpy", "2.5.0", "{python: ''}"),
        "one_source",
        "numpy comes from both pip and conda",
    ),
    "package-from-both-that-conda-spells-another-way": (
        CPU,
        add_conda("typing_extensions", "4.0", "{python: ''}"),
        "one_source",
        "typing-extensions comes from both pip and conda",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_breaks_one_rule_and_is_named(fault: str) -> None:
    locks, change, rule, said = FAULTS[fault]
    found = broken(change(locks))
    assert list(found) == [rule]
    (problem,) = found[rule]
    assert said in problem


def test_a_row_with_its_own_tensorflow_may_have_other_wheels() -> None:
    own = tensorflow("2.20.0")(GPU)
    assert broken(drop("seaborn")(other_build("pip", "anyio")(own))) == {}
    assert list(broken(other_build("conda", "git")(own))) == ["lockstep"]


def test_a_row_with_its_own_python_may_have_other_packages() -> None:
    own = swap("conda", "- name: python\n  version: 3.13", "- name: python\n  version: 3.12")
    moved = other_build("conda", "git")(other_build("pip", "anyio")(own(GPU)))
    assert broken(table(python="3.12")(moved)) == {}


def test_a_second_cpu_row_has_the_cpus_conda_packages() -> None:
    moved = swap("pip", "\ntensorflow-cpu==2.21.0", "\ntensorflow-cpu==2.20.0")(CPU)
    other = table(name="cpu220", tensorflow="2.20.0")(moved)
    assert broken(other_build("pip", "anyio")(other)) == {}
    for change in (other_build("conda", "git"), add_conda("more"), drop_conda("git")):
        assert list(broken(change(other))) == ["lockstep"]


def test_a_row_for_arm_has_another_tensorflow_and_no_cuda() -> None:
    other = table(name="arm", platform="linux/arm64")(CPU)
    assert list(broken(other)) == ["one_tensorflow"]
    right = swap("pip", "\ntensorflow-cpu==", "\ntensorflow==")(other)
    assert broken(right) == {}
    assert list(broken(add("nvidia-cublas-cu12")(right))) == ["no_cuda_on_cpu"]


def test_data_that_only_shares_a_name_with_a_wheel_is_no_fault() -> None:
    assert broken(add_conda("numpy", "2.5.0")(CPU)) == {}


def test_all_faults_are_raised_at_once_with_the_lock_and_the_way_out() -> None:
    locks = drop("nvidia-nccl-cu12")(cudnn("9.5.1.17")(GPU))
    with pytest.raises(LockError, match="2 problems") as caught:
        rules.check(locks, CPU)
    said = str(caught.value)
    assert "lacks nvidia-nccl-cu12" in said
    assert "known to break" in said
    assert "where: requirements/cu125.txt" in said
    assert "./inv lock" in said


def test_a_pin_that_breaks_a_rule_is_named_with_its_line() -> None:
    locks = add("nvidia-cublas-cu12", "12.5.3.2")(CPU)
    with pytest.raises(LockError) as caught:
        rules.check(locks, CPU)
    name, number = caught.value.where.split(":")
    assert name == "requirements/cpu.txt"
    line = locks.pip.body.splitlines()[int(number) - lockfile.HEADER - 1]
    assert line.startswith("nvidia-cublas-cu12==12.5.3.2")


def test_a_comment_in_the_pins_of_a_toolkit_is_no_pin(project: Path) -> None:
    path = project / f"requirements/cuda-{GPU.variant.cuda}.txt"
    path.write_text(f"# nvidia-cublas-cu12: see nvidia-smi, and nvidia-a==b==c\n{path.read_text()}")
    assert broken(GPU) == {}


def test_every_rule_is_shown_to_catch_something() -> None:
    assert {rule for _, _, rule, _ in FAULTS.values()} == {rule.__name__ for rule in rules.RULES}
