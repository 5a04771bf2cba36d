"""The table of variants: `variants.toml` as values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from gradlock.errors import InputError
from gradlock.inputs import extending, releases, spelling
from gradlock.inputs.platforms import DEFAULT, PLATFORMS, Platform
from gradlock.store import ROOT

TABLE = ROOT / "variants.toml"
#: The row that the others follow.
LEADER = "cpu"

#: What the flags say that `Table.select` takes.
FLAGS = {
    "variant": "A variant by its name; `./inv variants` lists them.",
    "cuda": "The GPU variant of a CUDA release: 12.5 or 12.5.1.",
    "gpu": "The GPU variant of the newest CUDA release.",
}
#: What a row says only where it has it: others keep their locks and images.
OPTIONAL = {"platform": DEFAULT, "extends": None, "packages": ()}
#: The moments that bound locks: the images', and gradlock's own tools'.
DATES = ("as_of", "tools_as_of")


@dataclass(frozen=True)
class Variant:
    """One row: an environment that is locked, built and tested as a whole.

    A row without `cuda` is a CPU variant; one with it has `cudnn` and `driver` (the least
    that the release runs on) too. `platform` is Docker's name of what the images run on.
    One that `extends` another has all that this one has; `packages` are the files of requirements
    that it has beyond those of every row, with those of the row that it extends.
    """

    name: str
    python: str
    tensorflow: str
    cuda: str | None = None
    cudnn: str | None = None
    driver: str | None = None
    platform: str = DEFAULT
    extends: str | None = None
    packages: tuple[str, ...] = ()

    @property
    def machine(self) -> Platform:
        """What the images run on."""
        return PLATFORMS[self.platform]

    @property
    def gpu(self) -> bool:
        """Whether this variant computes on NVIDIA GPUs."""
        return self.cuda is not None

    @property
    def cuda_minor(self) -> str | None:
        """The CUDA release as conda's `cuda-version` counts it: 12.5 for 12.5.1."""
        return ".".join(self.cuda.split(".")[:2]) if self.cuda else None

    @property
    def environment(self) -> dict[str, str]:
        """What markers ask of an image; its Python's patch release is not known here."""
        return {
            "implementation_name": "cpython",
            "implementation_version": f"{self.python}.0",
            "os_name": "posix",
            "platform_machine": self.machine.machine,
            "platform_python_implementation": "CPython",
            "platform_system": "Linux",
            "python_full_version": f"{self.python}.0",
            "python_version": self.python,
            "sys_platform": "linux",
        }

    def shares_condas(self, leader: Variant) -> bool:
        """Whether this variant's conda packages must be its leader's, where both have them.

        A variant with a Python or a platform of its own cannot share: what fits that is other
        files.
        """
        alike = (self.python, self.platform) == (leader.python, leader.platform)
        return self.name != leader.name and alike

    def shares_wheels(self, leader: Variant) -> bool:
        """Whether this variant's wheels must be its leader's, where both have them.

        A TensorFlow of its own bounds other versions of what it needs.
        """
        return self.shares_condas(leader) and self.tensorflow == leader.tensorflow

    def to_dict(self) -> dict[str, Any]:
        """Return the row as plain values, absent ones as None; of `OPTIONAL` what it has."""
        row = asdict(self)
        return {key: row[key] for key in row if key not in OPTIONAL or row[key] != OPTIONAL[key]}


@dataclass(frozen=True)
class Table:
    """All variants, the moment that bounds their locks, and the Debian suite below them.

    `tools_as_of` bounds the lock of gradlock's own tools (`as_of`, where the table has none):
    what is locked as of long ago is locked by today's.
    """

    as_of: datetime
    debian: str
    variants: tuple[Variant, ...]
    tools_as_of: datetime

    def __iter__(self) -> Iterator[Variant]:
        return iter(self.variants)

    @property
    def cpu(self) -> Variant:
        """The CPU variant whose locks the others follow."""
        return self.named(LEADER)

    @property
    def plain(self) -> tuple[Variant, ...]:
        """The rows that `--all`, sessions and pages are of: for one platform, and no team's own.

        A row that extends another, or runs on another platform, is meant where it is named.
        """
        usual = (row for row in self.variants if row.platform == DEFAULT)
        return tuple(row for row in usual if not row.extends)

    def leader(self, row: Variant) -> Variant:
        """Return the row whose locks a row's follow; the CPU variant is its own."""
        return self.named(row.extends or LEADER)

    def line(self, row: Variant) -> tuple[Variant, ...]:
        """Return the rows that a row is made of: a plain one, those that extend it, itself."""
        return (*(self.line(self.named(row.extends)) if row.extends else ()), row)

    @property
    def led(self) -> tuple[Variant, ...]:
        """All rows, each after the one whose locks its own follow."""
        return tuple(
            sorted(self.variants, key=lambda row: (len(self.line(row)), row.name != LEADER))
        )

    @property
    def newest_gpu(self) -> Variant:
        """The variant that `--gpu` means: the newest CUDA release."""
        gpus = [variant for variant in self.plain if variant.gpu]
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
        for variant in self.plain:
            if release in (variant.cuda, variant.cuda_minor):
                return variant
        known = ", ".join(str(row.cuda_minor) for row in self.plain if row.gpu)
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
            return self.plain
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
    raw = spelling.read(path)
    problems: list[str] = []
    raw.setdefault("tools_as_of", raw.get("as_of"))
    as_of, tools_as_of = (spelling.moment(raw, key, problems) for key in DATES)
    debian = raw.get("debian")
    if not isinstance(debian, str) or not re.fullmatch("[a-z]+", debian):
        problems.append("debian must be a suite's name such as trixie")
    defaults, named = (spelling.table(raw, key, problems) for key in ("defaults", "variants"))
    named = {name: spelling.table(named, name, problems) for name in named}
    problems += [f"defaults: {key} is a row's own" for key in extending.OWN if key in defaults]
    rows = tuple(
        row
        for name in named
        if (row := _row(name, extending.values(name, named, defaults, problems), problems))
    )
    if not problems:
        problems += _misfits(rows)
    if problems or not as_of or not tools_as_of:
        what = "; ".join(dict.fromkeys(problems))
        raise InputError(what, where=str(path), mend="see CONTRIBUTING.md")
    return Table(as_of, str(debian), rows, tools_as_of)


def _misfits(rows: tuple[Variant, ...]) -> Iterator[str]:
    """Yield where rows that are well-formed cannot be, each or together."""
    cpu = next((row for row in rows if row.name == LEADER), None)
    if cpu is None or cpu.gpu or cpu.extends:
        yield f"there must be a row {LEADER!r} without cuda: the other rows' locks follow its"
    known: dict[str, str] = {}
    for row in rows:
        yield from releases.faults(row)
        same = known.setdefault(str({**row.to_dict(), "name": ""}), row.name)
        if same != row.name:
            yield f"{row.name} differs from {same} in nothing: its image would be the same"


def _row(name: str, values: dict[str, Any], problems: list[str]) -> Variant | None:
    """Check one row and make it a value; say what is wrong in `problems`."""
    known = {field.name for field in fields(Variant)} - {"name"}
    found = list(spelling.faults(name, values, known))
    problems += found
    return None if found else Variant(name, **values)
