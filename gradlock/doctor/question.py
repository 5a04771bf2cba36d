"""What is asked: about which variant, which container, on which machine."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gradlock import store
from gradlock.artifacts.once import Once
from gradlock.doctor import addresses, engines
from gradlock.doctor.engines import Sought
from gradlock.errors import GradlockError
from gradlock.inputs import variants
from gradlock.inputs.variants import Table, Variant
from gradlock.locks.resolve import mirrors

#: The number of NVIDIA among the makers of PCI devices, and the classes of their GPUs.
NVIDIA, GPU_CLASSES = "0x10de", ("0x0300", "0x0302")
PCI = Path("/sys/bus/pci/devices")
#: What is there with the driver; the last one is Windows' driver, as WSL has it.
DRIVER = ("/proc/driver/nvidia", "/dev/nvidiactl", "/usr/lib/wsl/lib/libcuda.so.1")


@dataclass(frozen=True)
class Question:
    """What the checks look at.

    `rows` are the variants in question, `asked` whether a person named them; `trouble` is what
    is wrong with the table, which then has no rows. The engine, and Debian's mirrors, are sought
    when they are first asked for.
    """

    rows: tuple[Variant, ...] = ()
    table: Table | None = None
    asked: bool = False
    trouble: str = ""
    container: str = ""
    folder: Path = Path()
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    engine: Once[Sought] = field(default_factory=lambda: Once(_sought))
    mirrors: Once[dict[str, str]] = field(default_factory=lambda: Once(mirrors.found))

    @property
    def gpu(self) -> Variant | None:
        """The GPU variant in question, if there is one."""
        return next((row for row in self.rows if row.gpu), None)

    @property
    def subject(self) -> str:
        """What a report is about, in words."""
        return ", ".join(row.name for row in self.rows) or "no variant"


def ask(*, variant: str = "", cuda: str = "", gpu: bool = False, container: str = "") -> Question:
    """Return the question that a command's flags mean.

    Without any it is what this machine could run: the CPU variant, and the newest CUDA where
    there is a GPU of NVIDIA's.

    Raises:
        InputError: two flags contradict each other, or one names nothing.

    """
    try:
        table = variants.load()
    except (GradlockError, OSError, UnicodeError) as error:
        return Question(trouble=str(error), container=container)
    asked = bool(variant or cuda or gpu)
    rows = table.select(variant=variant, cuda=cuda, gpu=gpu)
    if not asked and has_gpu() and any(row.gpu for row in table.plain):
        rows = (*rows, table.newest_gpu)
    return Question(rows, table, asked, container=container)


def _sought() -> Sought:
    return engines.seek(os.environ, stored())


def has_gpu() -> bool:
    """Whether this machine shows a GPU of NVIDIA's, or a driver for one."""
    return (
        any(Path(path).exists() for path in DRIVER)
        or shutil.which("nvidia-smi") is not None
        or bool(on_the_bus())
    )


def on_the_bus() -> list[str]:
    """Return the addresses of NVIDIA's GPUs on the PCI bus, with a driver or without."""
    if sys.platform != "linux":
        return []
    return sorted(
        path.name
        for path in PCI.glob("*")
        if _read(path / "vendor") == NVIDIA and _read(path / "class").startswith(GPU_CLASSES)
    )


def stored() -> Path:
    """Return the store's folder, also where the library that knows it is missing or broken."""
    try:
        return store.store()
    except Exception:  # of somebody else's code, which may just be what is wrong
        named = os.environ.get("GRADLOCK_STORE")
        cache = os.environ.get("XDG_CACHE_HOME", "").strip()
        usual = "Library/Caches" if sys.platform == "darwin" else ".cache"
        return (
            Path(named).resolve() if named else Path(cache or addresses.home() / usual) / "gradlock"
        )


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
