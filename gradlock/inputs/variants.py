"""The table of variants: `variants.toml` as values."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gradlock.errors import InputError
from gradlock.store import ROOT

TABLE = ROOT / "variants.toml"

#: What the flags say that `Table.select` takes.
FLAGS = {
    "variant": "A variant by its name; `./inv variants` lists them.",
    "cuda": "The GPU variant of a CUDA release: 12.5 or 12.5.1.",
    "gpu": "The GPU variant of the newest CUDA release.",
}
#: The form that each field of a row must have.
FORMS = {
    "name": r"[a-z][a-z0-9]*",
    "python": r"3\.\d+",
    "tensorflow": r"\d+\.\d+\.\d+",
    "cuda": r"\d+\.\d+\.\d+",
    "cudnn": r"\d+(\.\d+){2,3}",
    "driver": r"\d+(\.\d+){1,2}",
}


@dataclass(frozen=True)
class Variant:
    """One row: an environment that is locked, built and tested as a whole.

    A row without `cuda` is a CPU variant; one with it has `cudnn` and `driver` (the least
    that the release runs on) too.
    """

    name: str
    python: str
    tensorflow: str
    cuda: str | None = None
    cudnn: str | None = None
    driver: str | None = None

    @property
    def gpu(self) -> bool:
        """Whether this variant computes on NVIDIA GPUs."""
        return self.cuda is not None

    @property
    def cuda_minor(self) -> str | None:
        """The CUDA release as conda's `cuda-version` counts it: 12.5 for 12.5.1."""
        return ".".join(self.cuda.split(".")[:2]) if self.cuda else None

    def shares_condas(self, cpu: Variant) -> bool:
        """Whether this variant's conda packages must be the CPU variant's, where both have them.

        A GPU variant with a Python of its own cannot share: what fits that is other files.
        """
        return self.gpu and self.python == cpu.python

    def shares_wheels(self, cpu: Variant) -> bool:
        """Whether this variant's wheels must be the CPU variant's, where both have them.

        A TensorFlow of its own bounds other versions of what it needs.
        """
        return self.shares_condas(cpu) and self.tensorflow == cpu.tensorflow

    def to_dict(self) -> dict[str, Any]:
        """Return the row as plain values, absent ones as None."""
        return asdict(self)


@dataclass(frozen=True)
class Table:
    """All variants, the moment that bounds their locks, and the Debian suite below them."""

    as_of: datetime
    debian: str
    variants: tuple[Variant, ...]

    def __iter__(self) -> Iterator[Variant]:
        return iter(self.variants)

    @property
    def cpu(self) -> Variant:
        """The CPU variant: the one that the GPU locks follow."""
        return next(variant for variant in self.variants if not variant.gpu)

    @property
    def newest_gpu(self) -> Variant:
        """The variant that `--gpu` means: the newest CUDA release."""
        gpus = [variant for variant in self.variants if variant.gpu]
        if not gpus:
            raise InputError("the table has no GPU variant", where=str(TABLE))
        return max(gpus, key=lambda row: [int(part) for part in (row.cuda or "0").split(".")])

    def named(self, name: str) -> Variant:
        """Return the variant of that name.

        Raises:
            InputError: there is none; the error names those that there are.

        """
        for variant in self.variants:
            if variant.name == name:
                return variant
        known = ", ".join(variant.name for variant in self.variants)
        raise InputError(f"unknown variant {name!r}: the table has {known}", where=TABLE.name)

    def with_cuda(self, release: str) -> Variant:
        """Return the variant of a CUDA release, named in full or as `12.5`."""
        for variant in self.variants:
            if release in (variant.cuda, variant.cuda_minor):
                return variant
        known = ", ".join(str(row.cuda_minor) for row in self.variants if row.gpu)
        raise InputError(
            f"no variant for CUDA {release!r}: the table has {known}",
            where=TABLE.name,
            mend="CONTRIBUTING.md says how to add a variant: one row and its pins",
        )

    def select(
        self, *, variant: str = "", cuda: str = "", gpu: bool = False, every: bool = False
    ) -> tuple[Variant, ...]:
        """Return the variants that a command's flags mean; without any, the CPU variant.

        Raises:
            InputError: two flags contradict each other, or one names nothing.

        """
        if sum(map(bool, (variant, cuda, gpu, every))) > 1:
            raise InputError("choose one of --variant, --cuda, --gpu and --all")
        if every:
            return self.variants
        if variant:
            return (self.named(variant),)
        if cuda:
            return (self.with_cuda(cuda),)
        return (self.newest_gpu if gpu else self.cpu,)


def load(path: Path = TABLE) -> Table:
    """Read the table.

    Raises:
        InputError: the file is missing or malformed; all problems are named at once.

    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise InputError("the table of variants is missing", where=str(path)) from error
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"the table is not valid TOML: {error}", where=str(path)) from error
    problems: list[str] = []
    as_of = raw.get("as_of")
    moment = _moment(as_of)
    if not moment:
        problems.append("as_of must be a UTC time such as 2026-11-20T00:00:00Z")
    debian = raw.get("debian")
    if not isinstance(debian, str) or not re.fullmatch("[a-z]+", debian):
        problems.append("debian must be a suite's name such as trixie")
    defaults, named = (_table(raw, key, problems) for key in ("defaults", "variants"))
    rows = tuple(
        row
        for name in named
        if (row := _row(name, {**defaults, **_table(named, name, problems)}, problems))
    )
    if not problems and sum(not row.gpu for row in rows) != 1:
        problems.append("there must be exactly one variant without cuda")
    if problems or not moment:
        raise InputError("; ".join(problems), where=str(path), mend="see CONTRIBUTING.md")
    return Table(moment, str(debian), rows)


def _moment(text: object) -> datetime | None:
    """Read a UTC time; None where it is none."""
    try:
        return datetime.strptime(str(text), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None


def _table(raw: dict[str, Any], key: str, problems: list[str]) -> dict[str, Any]:
    """Return a table of the file, empty where there is none; say so where it is none."""
    value = raw.get(key, {})
    if isinstance(value, dict):
        return value
    problems.append(f"{key} must be a table, but is {value!r}")
    return {}


def _row(name: str, values: dict[str, Any], problems: list[str]) -> Variant | None:
    """Check one row and make it a value; say what is wrong in `problems`."""
    known = {field.name for field in fields(Variant)} - {"name"}
    before = len(problems)
    problems += [f"{name}: unknown key {key!r}" for key in values if key not in known]
    values = {**values, "name": name}
    for key, form in FORMS.items():
        value = values.get(key)
        if value is None:
            if key in ("python", "tensorflow"):
                problems.append(f"{name}: {key} is missing")
        elif not isinstance(value, str) or not re.fullmatch(form, value):
            problems.append(f"{name}: {key} = {value!r} is malformed")
    given = [key for key in ("cuda", "cudnn", "driver") if key in values]
    if given and len(given) < 3:
        problems.append(f"{name}: a GPU variant needs all of cuda, cudnn and driver")
    return Variant(**values) if len(problems) == before else None
