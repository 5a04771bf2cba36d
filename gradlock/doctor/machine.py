"""The machine: its Python, its processor, its memory, its clock."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from gradlock.doctor import engines, needs
from gradlock.doctor.findings import Finding, broken, fine, unseen, warning
from gradlock.doctor.question import Question
from gradlock.inputs import platforms

#: The least Python, which ./inv asks for too.
PYTHON = (3, 11)
#: Parts of Python that some builds of it lack, and what gradlock does with each.
PARTS = {
    "bz2": "unpacks packages",
    "ctypes": "is needed by its tools",
    "lzma": "unpacks Debian's packages",
    "ssl": "reaches the package index",
    "zlib": "unpacks wheels",
}
CPUINFO, MEMINFO = Path("/proc/cpuinfo"), Path("/proc/meminfo")
#: The limits of memory of this process's own control group, of both versions, from inside it.
LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)


def python(_question: Question) -> Iterator[Finding]:
    """Look at the Python that runs this."""
    release = platform.python_version()
    if sys.version_info < PYTHON:  # whoever starts the doctor without ./inv
        yield broken(
            f"Python {release} at {sys.executable}",
            "gradlock needs Python 3.11 or newer",
            "GRADLOCK_PYTHON=/path/to/python3 ./inv setup",
        )
        return
    missing = [name for name in PARTS if importlib.util.find_spec(name) is None]
    for name in missing:
        yield broken(
            f"Python {release} at {sys.executable} was built without {name}",
            f"{name} {PARTS[name]}",
            "install the library that it needs and build Python again; or use the system's own: "
            "GRADLOCK_PYTHON=/usr/bin/python3 ./inv setup",
        )
    if not missing:
        yield fine(f"Python {release}, {sys.executable}")


def processor(question: Question) -> Iterator[Finding]:
    """Look whether TensorFlow's instructions are there."""
    machine, usual = platform.machine(), platforms.PLATFORMS[platforms.DEFAULT]
    wanted = {row.machine for row in question.rows} or {usual}
    if platforms.processor(machine) != usual.machine:
        if {one.machine for one in wanted} == {platforms.processor(machine)}:
            yield fine(f"{machine}, {os.cpu_count()} cores")
            return
        yield warning(
            f"this machine's processor is {machine}",
            "images are for linux/amd64: another processor runs them only in emulation, slowly, "
            "and TensorFlow not at all where the emulation lacks AVX",
            "name an engine on an amd64 machine: export DOCKER_HOST=ssh://USER@MACHINE",
        )
        return
    if usual not in wanted:
        return
    if not CPUINFO.exists():
        yield unseen("whether the processor has AVX: this system does not tell")
        return
    lines = CPUINFO.read_text(errors="replace").splitlines()
    known = dict(line.split(":", 1) for line in reversed(lines) if ":" in line)
    told = {name.strip(): value.strip() for name, value in known.items()}
    flags = told.get("flags", "").split()
    model = f"{told.get('model name', machine)}, {os.cpu_count()} cores"
    if "avx" in flags:
        yield fine(f"{model}, AVX{'2' if 'avx2' in flags else ''}")
    elif flags:
        yield broken(
            f"{model}: the processor has no AVX",
            "TensorFlow's wheels are built for AVX: its import ends with 'Illegal instruction', "
            "status 132",
            "in a virtual machine, have its processor be the host's (QEMU: -cpu host); else use "
            "another machine: export DOCKER_HOST=ssh://USER@MACHINE",
        )
    else:
        yield unseen(f"whether the processor has AVX: {CPUINFO} does not tell")


def memory(question: Question) -> Iterator[Finding]:
    """Look whether the memory suffices for the variant."""
    if not MEMINFO.exists():
        return  # an engine in a virtual machine has its own, and is asked
    rows = dict(line.split(":", 1) for line in MEMINFO.read_text().splitlines() if ":" in line)
    total, free = (
        int(rows[name].split()[0]) * 1024 if name in rows else 0
        for name in ("MemTotal", "MemAvailable")
    )
    limit = min((found for path in LIMITS if (found := _limit(path))), default=total)
    whole = min(total, limit)
    need = max((needs.of(row).memory for row in question.rows), default=0)
    if whole < need:
        held = "" if whole == total else ", by the limit of this process's control group"
        yield warning(
            f"{needs.shown(whole)} of memory{held}; {question.subject} needs {needs.shown(need)}",
            "a build, a suite or a kernel may be killed in its middle: status 137",
            "give the machine, or the container that this runs in, more memory",
        )
    elif free < need / 2:
        yield warning(
            f"{needs.shown(free)} of {needs.shown(whole)} of memory are free",
            "a build, a suite or a kernel may be killed in its middle: status 137",
            "end what takes it: ps -eo rss,pid,args --sort -rss | head",
        )
    else:
        yield fine(f"{needs.shown(free)} of {needs.shown(whole)} of memory free")


def _limit(path: Path) -> int:
    """Return a limit in bytes; 0 where there is none."""
    try:
        text = path.read_text().strip()
    except OSError:
        return 0
    return int(text) if text.isdecimal() and int(text) < 1 << 60 else 0


def clock(question: Question) -> Iterator[Finding]:
    """Look whether the clock may be right: certificates are valid from a day on."""
    if question.table is None:
        return
    if time.time() < question.table.as_of.timestamp() - 86400:
        yield broken(
            f"the clock says {time.strftime('%Y-%m-%d')}, before the locks were made",
            "certificates seem not to be valid yet: every download fails",
            "sudo timedatectl set-ntp true; or set it: sudo date -s 'YYYY-MM-DD hh:mm'",
        )


def system(_question: Question) -> Iterator[Finding]:
    """Look at what runs below: the system, and whether it is WSL."""
    release = engines.kernel()
    if "microsoft" not in release.lower():
        yield fine(f"{_name()}, {platform.machine()}, {'root' if os.getuid() == 0 else 'no root'}")
        return
    if "wsl2" not in release.lower() and not Path("/dev/dxg").exists():
        yield broken(
            f"WSL 1 (kernel {release})",
            "it is no Linux kernel: no Docker Engine runs in it, and no GPU is seen",
            "in PowerShell: wsl --set-version DISTRIBUTION 2",
        )
        return
    yield fine(f"WSL 2, {_name()}, {platform.machine()}")
    if str(Path.cwd()).startswith("/mnt/"):
        yield warning(
            f"the folder {Path.cwd()} is on Windows' disk",
            "WSL reaches it ten times as slowly, and modes and owners of files are lost",
            "clone below your home in WSL: cd ~",
        )


def _name() -> str:
    """Return the system's name."""
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", "Linux")
    except OSError:
        return f"{platform.system()} {platform.release()}"


def terminal(_question: Question) -> Iterator[Finding]:
    """Look at limits that a login sets, and that builds and notebooks meet."""
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < 256:
        yield warning(
            f"at most {soft} files may be open at once",
            "a build opens a file for each download, and more",
            "ulimit -n 4096",
        )
    soft, _ = resource.getrlimit(resource.RLIMIT_FSIZE)
    if soft != resource.RLIM_INFINITY and soft < needs.CPU.engine:
        yield broken(
            f"a file may have {needs.shown(soft)} at most",
            "a layer is larger",
            "ulimit -f unlimited",
        )
    missing = [name for name in ("sh", "env", "cat") if shutil.which(name) is None]
    if missing and "PATH" in os.environ:
        yield broken(
            f"PATH has no {', '.join(missing)}",
            "programs are found in PATH",
            "export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        )
