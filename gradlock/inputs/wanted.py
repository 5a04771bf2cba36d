"""What is asked for: the files that people write, and the names in them.

requirements/base.in, cpu.in (cpu-arm64.in), gpu.in,
    cuda-<release>.txt, the files that a row names           wheels
environment.yml                                              conda packages
requirements/apt.in                                          Debian packages
requirements/dev.in                                          gradlock's own tools
requirements/desk.in                                         those of a few sessions, too
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

import yaml
from packaging.markers import Marker

from gradlock import store
from gradlock.errors import InputError, LockError, raise_all
from gradlock.inputs import lines, texts
from gradlock.inputs.platforms import DEFAULT
from gradlock.inputs.variants import TABLE, Variant

REQUIREMENTS = store.ROOT / "requirements"
APT = REQUIREMENTS / "apt.in"
TOOLS = REQUIREMENTS / "dev.in"
DESK = REQUIREMENTS / "desk.in"
ENVIRONMENT = store.ROOT / "environment.yml"
#: What the table decides, and no line of environment.yml.
FROM_THE_TABLE = ("python", "cuda-version")
#: A Debian package's name; with a sign of minus at its end, apt would remove it.
DEB = r"[a-z0-9][a-z0-9+.-]*[a-z0-9+]"
_BOUND = r"""(version|build)=('[^']*'|"[^"]*"|[^,='"\[\]]+)"""
#: What is asked of conda: a name, and what bounds its version; no other channel, and no URL.
SPEC = rf"[a-z0-9_][a-z0-9_.-]*([ =<>!~][^:/\[\]]*)?(\[{_BOUND}(, *{_BOUND})*\])?"
#: Distributions that carry TensorFlow itself: an environment has exactly one.
TENSORFLOWS = ("tensorflow", "tensorflow-cpu", "tensorflow-gpu", "tf-nightly")


def text(path: Path) -> str:
    """Return an input's text.

    Raises:
        LockError: it is missing.
        InputError: it is no such text as `texts` says, or a link that leads out of the project.

    """
    if path.is_relative_to(store.ROOT):
        _hold(path, path.name, _shown(path))
    try:
        return texts.read(path, _shown(path))
    except FileNotFoundError as error:
        raise LockError(
            "an input is missing",
            where=_shown(path),
            mend="git checkout it; for a new CUDA release, CONTRIBUTING.md says how to write it",
        ) from error


def _shown(path: Path) -> str:
    return str(path.relative_to(store.ROOT)) if path.is_relative_to(store.ROOT) else str(path)


def debs() -> tuple[str, ...]:
    """Return the Debian packages that apt.in names.

    Raises:
        InputError: a line is no name: apt would take it for a version, an option or a removal.

    """
    found = {n: lines.stripped(line) for n, line in enumerate(text(APT).splitlines(), 1)}
    raise_all(
        InputError,
        (
            InputError(
                f"no name of a Debian package: {name!r}",
                where=f"{_shown(APT)}:{number}",
                mend="name a package a line, without a version: a lock has that",
            )
            for number, name in found.items()
            if name and not re.fullmatch(DEB, name)
        ),
    )
    return tuple(filter(None, found.values()))


def wheel_inputs(variant: Variant) -> tuple[Path, ...]:
    """Return the files that a person wrote for a variant's pip lock, in order."""
    asked = requirements(variant)
    return (REQUIREMENTS / "base.in", asked[0], *toolkit(variant), *asked[1:])


def requirements(variant: Variant) -> tuple[Path, ...]:
    """Return the files whose requirements a variant has: that of its kind, and the row's own.

    Raises:
        LockError: the row names a file that is missing.
        InputError: it names one that lies outside of the project.

    """
    other = "" if variant.platform == DEFAULT else f"-{variant.machine.architecture}"
    where = f"{TABLE.name}, [variants.{variant.name}]"
    own = tuple(_inside(store.ROOT, name, where) for name in variant.packages)
    for path in own:
        if not path.is_file():
            raise LockError(
                f"{_shown(path)} is missing, which {variant.name} has its packages from",
                where=where,
                mend="write it: a requirement a line",
            )
    return (REQUIREMENTS / ("gpu.in" if variant.gpu else f"cpu{other}.in"), *own)


def toolkit(variant: Variant) -> tuple[Path, ...]:
    """Return the file that names the parts of a variant's CUDA release; none without CUDA."""
    return (REQUIREMENTS / f"cuda-{variant.cuda}.txt",) if variant.gpu else ()


def read_with(paths: Iterable[Path], *, constraints: bool = True) -> tuple[Path, ...]:
    """Return some inputs and all that they read: what `-r` and `-c` include, and local wheels.

    Each is named once, in the order in which a resolver meets it first. Without `constraints`,
    what `-c` includes is left out: it asks for nothing.

    Raises:
        LockError: one is missing.
        InputError: one lies outside of the project, or on a server.

    """
    found: dict[Path, None] = {}
    for path in paths:
        _read_with(path, found, constraints, ())
    return tuple(found)


def _read_with(
    path: Path, found: dict[Path, None], constraints: bool, above: tuple[Path, ...]
) -> None:
    """Add an input and what it reads to what was found; `above` are those that include it."""
    if path in found:
        return
    found[path] = None
    line_of = (*above, path)
    raise_all(InputError, lines.faults(text(path), _shown(path)))
    for number, line in enumerate(text(path).splitlines(), 1):
        where = f"{_shown(path)}:{number}"
        if match := lines.INCLUDE.match(line):
            if constraints or match["kind"] == "r":
                included = _inside(path.parent, match["file"].strip("'\""), where)
                if included in line_of:
                    circle = (*line_of[line_of.index(included) :], included)
                    raise InputError(
                        f"an input includes itself: {' includes '.join(map(_shown, circle))}",
                        where=where,
                        mend="remove the line: each is read once anyway",
                    )
                _read_with(included, found, constraints, line_of)
        elif match := lines.LOCAL.match(line):
            wheel = _inside(store.ROOT, match[1], where)
            if not wheel.is_file():
                raise LockError("an input is missing", where=where, mend=f"put {match[1]} there")
            found[wheel] = None


def _inside(folder: Path, name: str, where: str) -> Path:
    """Return the path of what an input names: a file of the project."""
    path = Path(os.path.normpath(folder / name))
    _hold(path, name, where)
    return path


def _hold(path: Path, name: str, where: str) -> None:
    """Refuse what lies outside of the project, also by a link."""
    inside = path.is_relative_to(store.ROOT) and path.resolve().is_relative_to(store.ROOT.resolve())
    if "://" in name or not inside:
        raise InputError(
            f"{name} is no file of the project: others would lock from something else",
            where=where,
            mend="copy it to requirements/, and name it there",
        )


def digests(paths: Iterable[Path]) -> list[str]:
    """Return what identifies some inputs: texts, and the hashes of wheels."""
    return [
        f"sha256:{store.file_digest(path)}" if path.suffix == ".whl" else text(path)
        for path in paths
    ]


def wheels(variant: Variant) -> tuple[str, ...]:
    """Return the requirements that a person asked for, sorted: `tensorflow[and-cuda]`.

    A wheel by URL or path is named as the package that it is. What a marker leaves out for this
    variant is not asked for.
    """
    found = set()
    for path in read_with(requirements(variant), constraints=False):
        if path.suffix != ".whl":
            asked = (lines.stripped(line) for line in text(path).splitlines())
            found |= {_asked(line, variant) for line in asked if line and not line.startswith("-")}
    return tuple(sorted(found - {""}))


def _asked(line: str, variant: Variant) -> str:
    """Return the requirement of a line without its marker and where its wheel is."""
    asked, _, marker = (part.strip() for part in line.partition(";"))
    if marker and not Marker(marker).evaluate(variant.environment):
        return ""
    if match := re.fullmatch(r"([\w.-]+(?:\[[^]]*\])?)\s*@\s*\S+", asked):
        return match[1]
    place = re.split("[?#]", asked)[0]
    return place.rpartition("/")[2].partition("-")[0] if place.endswith(".whl") else asked


def tensorflow(variant: Variant) -> str:
    """Return the distribution of TensorFlow that a variant has.

    `tensorflow-cpu` is for x86-64 alone; elsewhere `tensorflow` is the one without CUDA.
    """
    plain = not variant.gpu and variant.platform == DEFAULT
    return "tensorflow-cpu" if plain else "tensorflow"


def condas(variant: Variant) -> tuple[str, ...]:
    """Return the specs that a variant asks conda for: environment.yml's and the table's, sorted.

    Raises:
        InputError: environment.yml is malformed, or decides what is decided elsewhere.

    """
    where = ENVIRONMENT.name
    try:
        raw = yaml.safe_load(text(ENVIRONMENT))
    except yaml.YAMLError as error:
        raise InputError(f"not YAML: {error}", where=where) from error
    specs = raw.get("dependencies") if isinstance(raw, dict) else None
    if not isinstance(specs, list) or not specs:
        raise InputError("there is no list of dependencies", where=where)
    problems = [] if raw.get("channels") == ["conda-forge"] else ["channels must be [conda-forge]"]
    for spec in specs:
        if not isinstance(spec, str) or not re.fullmatch(SPEC, spec):
            problems.append(
                f"not a conda spec of a name and bounds of its version (pip's belong in "
                f"requirements/*.in): {spec!r}"
            )
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
