"""What is asked for: the files that people write, and the names in them.

requirements/base.in, cpu.in (cpu-arm64.in), gpu.in,
    cuda-<release>.txt                                       wheels
environment.yml                                              conda packages
requirements/apt.in                                          Debian packages
requirements/dev.in                                          gradlock's own tools
requirements/desk.in                                         those of a few sessions, too
"""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from gradlock import store
from gradlock.errors import InputError, LockError
from gradlock.inputs.platforms import DEFAULT
from gradlock.inputs.variants import Variant

REQUIREMENTS = store.ROOT / "requirements"
APT = REQUIREMENTS / "apt.in"
TOOLS = REQUIREMENTS / "dev.in"
DESK = REQUIREMENTS / "desk.in"
ENVIRONMENT = store.ROOT / "environment.yml"
#: What the table decides, and no line of environment.yml.
FROM_THE_TABLE = ("python", "cuda-version")
#: Distributions that carry TensorFlow itself: an environment has exactly one.
TENSORFLOWS = ("tensorflow", "tensorflow-cpu", "tensorflow-gpu", "tf-nightly")


def text(path: Path) -> str:
    """Return an input's text.

    Raises:
        LockError: it is missing.

    """
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise LockError(
            "an input is missing",
            where=str(path.relative_to(store.ROOT)),
            mend="git checkout it; for a new CUDA release, CONTRIBUTING.md says how to write it",
        ) from error


def debs() -> tuple[str, ...]:
    """Return the Debian packages that apt.in names."""
    return tuple(line for line in _lines(APT) if line)


def wheel_inputs(variant: Variant) -> tuple[Path, ...]:
    """Return the files that a person wrote for a variant's pip lock, in order."""
    other = "" if variant.platform == DEFAULT else f"-{variant.machine.architecture}"
    own = REQUIREMENTS / ("gpu.in" if variant.gpu else f"cpu{other}.in")
    parts = (REQUIREMENTS / f"cuda-{variant.cuda}.txt",) if variant.gpu else ()
    return (REQUIREMENTS / "base.in", own, *parts)


def wheels(variant: Variant) -> tuple[str, ...]:
    """Return the requirements that a person asked for, sorted: `tensorflow[and-cuda]`."""
    base, own, *_ = wheel_inputs(variant)
    lines = (line for path in (base, own) for line in _lines(path))
    return tuple(sorted(line for line in lines if line and not line.startswith("-")))


def tensorflow(variant: Variant) -> str:
    """Return the distribution of TensorFlow that a variant has.

    `tensorflow-cpu` is for x86-64 alone; elsewhere `tensorflow` is the one without CUDA.
    """
    plain = not variant.gpu and variant.platform == DEFAULT
    return "tensorflow-cpu" if plain else "tensorflow"


def _lines(path: Path) -> list[str]:
    return [line.split("#")[0].strip() for line in text(path).splitlines()]


def condas(variant: Variant) -> tuple[str, ...]:
    """Return the specs that a variant asks conda for: environment.yml's and the table's, sorted.

    Raises:
        InputError: environment.yml is malformed, or decides what is decided elsewhere.

    """
    where = ENVIRONMENT.name
    try:
        raw = yaml.safe_load(ENVIRONMENT.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise InputError("an input is missing", where=where, mend="git checkout it") from error
    except yaml.YAMLError as error:
        raise InputError(f"not YAML: {error}", where=where) from error
    specs = raw.get("dependencies") if isinstance(raw, dict) else None
    if not isinstance(specs, list) or not specs:
        raise InputError("there is no list of dependencies", where=where)
    problems = [] if raw.get("channels") == ["conda-forge"] else ["channels must be [conda-forge]"]
    for spec in specs:
        if not isinstance(spec, str) or not spec_name(spec):
            problems.append(f"not a conda spec (pip's belong in requirements/*.in): {spec!r}")
        elif spec_name(spec) in FROM_THE_TABLE and spec != "python":
            problems.append(f"{spec!r}: variants.toml says which")
    if problems:
        raise InputError("; ".join(problems), where=where)
    # The build ends in the plain ABI: `cp313t` is the free-threaded one, which no wheel fits.
    tag = variant.python.replace(".", "")
    own = [f"python {variant.python}.* *_cp{tag}"]
    if variant.gpu:
        own.append(f"cuda-version {variant.cuda_minor}")
    return tuple(sorted([spec for spec in specs if spec != "python"] + own))


def spec_name(spec: str) -> str:
    """Return the package that a conda spec names; empty where it is none."""
    match = re.match(r"[a-z0-9_][a-z0-9_.-]*", spec)
    return match[0] if match else ""
