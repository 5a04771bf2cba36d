"""What a lock must satisfy beyond being resolvable: TensorFlow's and CUDA's own rules.

Each rule is a function from a variant's locks to problems; RULES is the list of them. They
need no network and nothing built, and catch what users otherwise meet at run time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from packaging.utils import canonicalize_name

from gradlock.errors import LockError, raise_all
from gradlock.inputs import wanted
from gradlock.locks import lockfile
from gradlock.locks.freshness import Locks
from gradlock.locks.lockfile import LockText
from gradlock.locks.pins import CondaPin, WheelPin

Rule = Callable[[Locks, Locks], Iterator[str]]
Shared = WheelPin | CondaPin

#: The cuDNN that TensorFlow was built with, the least that it runs with, by TensorFlow's
#: minor release. Source: `build_info` of the wheels and TensorFlow's install/source.md.
BUILT_WITH_CUDNN = {
    **{"2.14": (8, 7), "2.15": (8, 9), "2.16": (8, 9), "2.17": (8, 9)},
    **{"2.18": (9, 3), "2.19": (9, 3), "2.20": (9, 3), "2.21": (9, 3)},
}
#: cuDNN releases that break TensorFlow, each with its source.
BROKEN_CUDNN = {"9.5.1": "Conv2D in fit fails (AWS deep learning containers, issue 6418)"}
#: How packages of CUDA are named, by pip and by conda.
CUDA_NAMES = r"nvidia-|cuda-|cudnn|nccl|libcu(blas|dnn|fft|file|pti|rand|solver|sparse)"


def check(locks: Locks, leader: Locks) -> None:
    """Check a variant's locks by every rule; `leader` are those that they follow.

    Raises:
        LockError: a rule is broken; all that are broken are named at once.

    """
    raise_all(
        LockError,
        (
            LockError(
                problem, where=_place(locks, problem), mend="mend the inputs, then ./inv lock"
            )
            for rule in RULES
            for problem in rule(locks, leader)
        ),
    )


def _place(locks: Locks, problem: str) -> str:
    """Return the line of the lock whose pin a problem names; the pip lock where none is."""
    held: tuple[tuple[LockText, Sequence[Shared]], ...] = (
        (locks.pip, locks.wheels),
        (locks.conda, locks.condas),
    )
    for lock, pins in held:
        for pin in pins:
            name, version = re.escape(pin.name), re.escape(pin.version)
            if re.search(rf"(?<![\w-]){name}( is |==| ){version}(?![\w.]*\w)", problem):
                return lockfile.place_of(lock, pin.name)
    return lockfile.shown(locks.pip.path)


def one_tensorflow(locks: Locks, _leader: Locks) -> Iterator[str]:
    """Hold a lock to exactly one TensorFlow: the variant's build, at the table's version."""
    variant = locks.variant
    found = sorted((p.name, p.version) for p in locks.wheels if p.name in wanted.TENSORFLOWS)
    right = [(wanted.tensorflow(variant), variant.tensorflow)]
    if found != right:
        shown = ", ".join(f"{name}=={version}" for name, version in found) or "none"
        yield f"{variant.name} must hold {'=='.join(right[0])} alone, but holds {shown}"


def no_cuda_on_cpu(locks: Locks, _leader: Locks) -> Iterator[str]:
    """Refuse anything of CUDA in a CPU lock, from pip or from conda: so on every arm64."""
    if locks.variant.gpu:
        return
    pins: tuple[Shared, ...] = (*locks.wheels, *locks.condas)
    for pin in pins:
        if re.match(CUDA_NAMES, pin.name):
            yield f"a CPU lock holds {pin.name} {pin.version}"


def one_toolkit(locks: Locks, _leader: Locks) -> Iterator[str]:
    """Hold every NVIDIA part of a GPU lock to the variant's toolkit release."""
    variant = locks.variant
    if not variant.gpu:
        return
    text = wanted.text(wanted.toolkit(variant)[0])
    parts = dict(re.findall(r"(?m)^(nvidia-[a-z0-9-]+)==(\S+)", text))
    parts["nvidia-cudnn-cu12"] = str(variant.cudnn)
    locked = {pin.name: pin.version for pin in locks.wheels if pin.name.startswith("nvidia-")}
    for name in ("nvidia-cuda-nvcc-cu12", "nvidia-cudnn-cu12", "nvidia-nccl-cu12"):
        if name not in locked:  # nvcc carries ptxas and libdevice, which XLA needs
            yield f"{variant.name} lacks {name}"
    for name, version in sorted(locked.items()):
        if name == "nvidia-nccl-cu12":  # no part of a toolkit: TensorFlow bounds it
            continue
        if name not in parts:
            yield f"{name} {version} is not named for CUDA {variant.cuda}: pin it"
        elif parts[name] != version:
            yield f"{name} is {version}, CUDA {variant.cuda} of {variant.name} has {parts[name]}"


def cudnn_fits(locks: Locks, _leader: Locks) -> Iterator[str]:
    """Refuse a cuDNN older than the one TensorFlow was built with, or known to be broken.

    Where the former is not known, nothing fits.
    """
    variant = locks.variant
    for pin in locks.wheels:
        if not re.fullmatch(r"nvidia-cudnn-cu\d+", pin.name):
            continue
        version = tuple(int(part) for part in pin.version.split("."))
        minor = ".".join(variant.tensorflow.split(".")[:2])
        least = BUILT_WITH_CUDNN.get(minor)
        if least is None:
            yield (
                f"cuDNN {pin.version}: which one TensorFlow {minor} was built with is not known: "
                "add it to BUILT_WITH_CUDNN in gradlock/locks/rules.py, as "
                "tf.sysconfig.get_build_info() of its wheel says"
            )
        elif version[0] != least[0] or version < least:
            built = ".".join(map(str, least))
            yield f"cuDNN {pin.version}: TensorFlow {variant.tensorflow} is built with {built}"
        for broken, reason in BROKEN_CUDNN.items():
            if pin.version.startswith(f"{broken}."):
                yield f"cuDNN {pin.version} is known to break TensorFlow: {reason}"


def lockstep(locks: Locks, leader: Locks) -> Iterator[str]:
    """Hold what a row's locks share with its leader's to the same file.

    A row with a Python or a platform of its own shares nothing, one with a TensorFlow of its own
    no wheels. The CPU's row leads, or the one that a row extends.
    """
    if locks.variant.shares_wheels(leader.variant):
        yield from _apart(locks, leader, locks.wheels, leader.wheels)
    if locks.variant.shares_condas(leader.variant):
        yield from _apart(locks, leader, locks.condas, leader.condas)
        # Nor more than these, where its image has the leader's prefix.
        if not locks.variant.gpu or locks.variant.extends:
            for name in sorted({p.name for p in locks.condas} - {p.name for p in leader.condas}):
                yield f"{name} is in {locks.variant.name} but not in {leader.variant.name}"


def _apart(
    locks: Locks, leader: Locks, own: Sequence[Shared], theirs: Sequence[Shared]
) -> Iterator[str]:
    """Yield where a lock's packages of one kind are not those of the leader's."""
    base = {pin.name: pin for pin in theirs}
    for pin in own:
        other = base.pop(pin.name, pin)
        if other.sha256 != pin.sha256:
            said = other.version if other.version != pin.version else "another file"
            yield f"{pin.name} {pin.version} is {said} in {leader.variant.name}"
    for name in sorted(base.keys() - set(wanted.TENSORFLOWS)):
        yield f"{name} is in {leader.variant.name} but not in {locks.variant.name}"


def conda_matches(locks: Locks, _leader: Locks) -> Iterator[str]:
    """Hold a conda lock to the variant's Python and, explicitly, its CUDA release."""
    variant = locks.variant
    versions = {pin.name: pin.version for pin in locks.condas}
    if not versions.get("python", "").startswith(f"{variant.python}."):
        yield f"the conda lock has Python {versions.get('python')}, not {variant.python}"
    if versions.get("cuda-version") != variant.cuda_minor:
        yield f"the conda lock has cuda-version {versions.get('cuda-version')}"


def one_source(locks: Locks, _leader: Locks) -> Iterator[str]:
    """Refuse a Python package from both pip and conda: one would overwrite the other.

    conda's `tzdata` is the zones' data, pip's a Python package: these do not meet.
    """
    condas = {canonicalize_name(pin.name) for pin in locks.condas if pin.needs_python}
    both = {pin.name for pin in locks.wheels} & condas
    for name in sorted(both):
        yield f"{name} comes from both pip and conda"


RULES: tuple[Rule, ...] = (
    one_tensorflow,
    no_cuda_on_cpu,
    one_toolkit,
    cudnn_fits,
    lockstep,
    conda_matches,
    one_source,
)
