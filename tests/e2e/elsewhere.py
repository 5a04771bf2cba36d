"""Run gradlock as on a machine of which nothing is Linux but the engine: a stand-in for macOS.

    python elsewhere.py VERB [FLAG ...]

There is no /proc, no chroot, no namespace, no apt or dpkg; no program of the image can be
started here; no process forks, and no hard link goes to another folder. What asks for one of
them fails, and this process says what it was.
"""

from __future__ import annotations

import os
import runpy
import shutil
import sys
from pathlib import Path
from typing import Any

WHICH = shutil.which
ROOT = Path(__file__).parents[2]
#: Programs that only a Linux has, or only Debian's; a loader starts the image's own.
FOREIGN = {
    *("apt-get", "apt-config", "dpkg", "dpkg-deb", "dpkg-query", "mmdebstrap", "debootstrap"),
    *("chroot", "unshare", "setpriv", "mount", "umount", "dockerd", "ld-linux-x86-64.so.2"),
}


def refuse(event: str, args: tuple[object, ...]) -> None:
    """Refuse what the other machine has not; called before whatever Python does."""
    if event == "open" and str(args[0]).startswith("/proc"):
        raise FileNotFoundError(2, "no /proc here", args[0])
    if event == "subprocess.Popen":
        words = {os.path.basename(str(word)) for word in (args[0], *args[1])}  # type: ignore[misc]  # noqa: PTH119
        if words & FOREIGN:
            raise RuntimeError(f"not on this machine: {args[1]}")
    if event in ("os.fork", "os.forkpty"):
        raise RuntimeError(f"not on this machine: {event}")
    if event == "os.link" and Path(str(args[0])).parent != Path(str(args[1])).parent:
        raise RuntimeError(f"not on this machine: a link from {args[0]} to {args[1]}")


def which(name: str, *args: Any, **kwargs: Any) -> str | None:
    """Find a program, where the other machine has it."""
    return None if name in FOREIGN else WHICH(name, *args, **kwargs)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    # The standard library and others' modules look at the platform when they are imported.
    import tasks  # noqa: F401

    sys.platform = "darwin"
    shutil.which = which
    sys.addaudithook(refuse)
    runpy.run_path(str(ROOT / "tasks.py"), run_name="__main__")
