"""NVIDIA: the GPU, its driver, its device files, and what hands it to containers."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from gradlock.doctor import capability, driver, engines, question
from gradlock.doctor.capability import numbers
from gradlock.doctor.driver import Driver
from gradlock.doctor.engines import Sought
from gradlock.doctor.findings import Finding, broken, fine, unseen, warning
from gradlock.doctor.question import Question
from gradlock.inputs.variants import Variant

DEVICES = Path("/dev")
#: Where descriptions for CDI lie, unless the engine names other folders.
CDI_FOLDERS = ("/etc/cdi", "/var/run/cdi")
#: Programs of the NVIDIA Container Toolkit; one of them is enough to tell that it is there.
TOOLKIT = ("nvidia-ctk", "nvidia-container-runtime", "nvidia-container-cli")
GUIDE = (
    "https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/install-guide.html"
)
INSTALL = "install NVIDIA's driver (Debian: apt-get install nvidia-driver, of non-free), reboot"
UNUSED = "TensorFlow sees no GPU, and computes on the CPU without saying more than a line"
#: What nvidia-smi says, in part, what that means, and how it is mended.
SAYINGS = (
    (
        "Driver/library version mismatch",
        "the driver was updated, and the kernel still runs the module of before",
        "reboot; or stop all that uses the GPU, then: "
        "sudo rmmod nvidia_uvm nvidia_drm nvidia_modeset nvidia && sudo modprobe nvidia",
    ),
    (
        "couldn't communicate with the NVIDIA driver",
        "the kernel has not loaded the driver's module: it was not built for this kernel, or "
        "Secure Boot refuses it",
        "sudo modprobe nvidia says why; dkms status; mokutil --sb-state; then install the driver "
        "again and reboot",
    ),
    (
        "No devices were found",
        "the module is loaded, and takes no GPU: it does not support it, or the GPU failed",
        "sudo dmesg | grep -i nvrm says why",
    ),
    (
        "Insufficient Permissions",
        "this user may not open the device files",
        "ls -l /dev/nvidia*; add this user to their group, or have them be for all: mode 0666",
    ),
    (
        "Unknown Error",
        "the device files are there, and may not be opened: in a container, the control group "
        "has lost them (a `systemctl daemon-reload` of the host does that)",
        "start the container again; for good: sudo nvidia-ctk system create-dev-char-symlinks "
        "--create-all, or CDI",
    ),
    (
        "GPU is lost",
        "the GPU has fallen off the bus: heat, power, or a defect",
        "reboot; sudo dmesg | grep -i xid",
    ),
    (
        "did not end within",
        "the driver hangs, or a GPU does",
        "sudo dmesg | grep -iE 'nvrm|xid'; reboot",
    ),
)


def gpu(asked: Question) -> Iterator[Finding]:
    """Look at the driver and the GPUs of this machine, against the variant in question."""
    row = asked.gpu
    if row is None:
        if not question.has_gpu():
            yield fine("no GPU of NVIDIA's here: the CPU variant is for this machine")
        return
    sought = asked.engine.get()
    if sought.api is not None and not sought.here:
        yield unseen(
            f"the engine ({sought.api.address.url}) runs on another machine, whose GPUs and driver "
            "are not seen from here",
            mend="./inv doctor --gpu there",
        )
        return
    known = driver.ask()
    if known.said:
        yield _failed(known)
    elif not known.release:
        yield _no_driver(row)
    else:
        yield from _release(known, row)
        for each in known.gpus:
            if each.capability is None:
                yield unseen(f"{each.name}: the driver does not tell its compute capability")
            else:
                yield capability.judge(each.name, each.capability, known.release, row)


def _no_driver(row: Variant) -> Finding:
    """Return the finding that there is no driver, with a GPU or without one."""
    on_bus = question.on_the_bus()
    if not on_bus:
        return broken(
            f"no NVIDIA GPU and no driver here; {row.name} computes on one",
            UNUSED,
            "leave --gpu away: ./inv lab; or name an engine where a GPU is: "
            "export DOCKER_HOST=ssh://USER@MACHINE",
        )
    nouveau = Path("/sys/module/nouveau").exists()
    return broken(
        f"an NVIDIA GPU is on the bus ({', '.join(on_bus)}), and its driver is not loaded"
        + (": the kernel uses nouveau, which cannot compute" if nouveau else ""),
        UNUSED,
        f"{INSTALL}: {row.driver} or newer",
    )


def _failed(known: Driver) -> Finding:
    """Return the finding for what nvidia-smi says instead of its table."""
    for words, meaning, mend in SAYINGS:
        if words.lower() in known.said.lower():
            return broken(f"nvidia-smi: {words}: {meaning}", UNUSED, mend)
    return broken(
        f"nvidia-smi ({known.program}) fails: {known.said[:300]}",
        UNUSED,
        "sudo dmesg | grep -iE 'nvrm|nvidia' says why; install the driver again and reboot",
    )


def _release(known: Driver, row: Variant) -> Iterator[Finding]:
    """Compare the driver's release with the least that the variant runs on."""
    assert row.driver, "a GPU variant has one"
    if known.module and known.program and known.release != known.module:
        yield broken(
            f"the driver's programs are {known.release}, the kernel's module is {known.module}",
            "they do not understand each other: the driver was updated without a reboot",
            "reboot",
        )
    if numbers(known.release) < numbers(row.driver):
        yield broken(
            f"driver {known.release} is older than {row.driver}, the least that CUDA {row.cuda} "
            "runs on",
            f"no CUDA call succeeds: {UNUSED}",
            f"install driver {row.driver} or newer, and reboot",
        )
    else:
        yield fine(f"driver {known.release} runs CUDA {row.cuda} (from {row.driver} on)")


def devices(asked: Question) -> Iterator[Finding]:
    """Look at the device files: containers are given these."""
    if asked.gpu is None or not driver.MODULE.exists():
        return
    names = ("nvidiactl", "nvidia0", "nvidia-uvm")
    missing = [f"/dev/{name}" for name in names if not (DEVICES / name).exists()]
    if missing:
        yield broken(
            f"the driver is loaded, and {', '.join(missing)} {'is' if len(missing) == 1 else 'are'}"
            " missing",
            "without the device files no program reaches the GPU, in a container or outside",
            "sudo nvidia-modprobe -c 0 -u; sudo systemctl enable --now nvidia-persistenced keeps "
            "them",
        )
    modes = {f"/dev/{name}": (DEVICES / name).stat().st_mode for name in names if not missing}
    closed = [name for name, mode in modes.items() if mode & 0o006 != 0o006]
    if closed:
        yield broken(
            f"{', '.join(closed)} may not be opened by everybody",
            "the image's user is none of this machine's: no CUDA call succeeds in it",
            "NVreg_DeviceFileMode=0666 in /etc/modprobe.d/nvidia.conf; now: sudo chmod 666 "
            + " ".join(closed),
        )


def toolkit(asked: Question) -> Iterator[Finding]:
    """Look whether the engine can hand GPUs to containers: by a runtime, or by CDI."""
    sought = asked.engine.get()
    if asked.gpu is None or sought.api is None:
        return
    runtime = "nvidia" in (sought.info.get("Runtimes") or {})
    found = [each for each in sought.info.get("DiscoveredDevices") or () if isinstance(each, dict)]
    cdi = any(str(each.get("ID", "")).startswith("nvidia.com/gpu") for each in found)
    if cdi or runtime:
        yield fine(
            "the engine hands GPUs to containers by " + ("CDI" if cdi else "NVIDIA's runtime")
        )
        if cdi and sought.here:
            yield from _described(sought)
        if not cdi:
            yield from _kept(sought)
        return
    if not sought.here:
        yield broken(
            "the engine has neither NVIDIA's runtime nor a GPU by CDI",
            UNUSED,
            f"there, install the driver and the NVIDIA Container Toolkit: {GUIDE}",
        )
        return
    if not question.has_gpu():
        return  # what hands out a GPU is not missed where there is none
    there = [name for name in TOOLKIT if shutil.which(name)]
    if not there:
        yield broken(
            "the driver is here, and the NVIDIA Container Toolkit is not",
            f"the engine cannot give a GPU to a container: {UNUSED}",
            f"install nvidia-container-toolkit: {GUIDE}; then "
            "sudo nvidia-ctk runtime configure --runtime=docker && sudo systemctl restart docker",
        )
        return
    yield broken(
        f"the NVIDIA Container Toolkit is installed ({there[0]}), and the engine knows neither its "
        "runtime nor a GPU by CDI",
        f"the engine cannot give a GPU to a container: {UNUSED}",
        "sudo nvidia-ctk runtime configure --runtime=docker && sudo systemctl restart docker; "
        "or CDI: sudo nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml",
    )


def _described(sought: Sought) -> Iterator[Finding]:
    """Look whether the description for CDI is of the driver that is loaded."""
    module = driver.ask().module
    for folder in sought.info.get("CDISpecDirs") or CDI_FOLDERS:
        for path in sorted(Path(str(folder)).glob("nvidia*")):
            try:
                named = set(re.findall(r"libcuda\.so\.(\d+\.[\d.]+\d)", path.read_text()))
            except (OSError, UnicodeError):
                continue
            if module and named and module not in named:
                yield broken(
                    f"{path} is of driver {', '.join(sorted(named))}; driver {module} is loaded",
                    "a container with a GPU does not start: the libraries that it names are gone",
                    f"sudo nvidia-ctk cdi generate --output={path}",
                )


def _kept(sought: Sought) -> Iterator[Finding]:
    """Look whether running containers keep their GPU when systemd reads its units again."""
    if not sought.here or sought.info.get("CgroupDriver") != "systemd":
        return
    if (DEVICES / "nvidiactl").exists() and not (DEVICES / "char/195:255").exists():
        yield warning(
            "systemd manages the control groups of containers, and /dev/char has no links to the "
            "GPU's device files",
            "`systemctl daemon-reload` takes the GPU from running containers: 'Failed to "
            "initialize NVML: Unknown Error'",
            "sudo nvidia-ctk system create-dev-char-symlinks --create-all, at each boot by a rule "
            "of udev; or CDI",
        )


def wsl(asked: Question) -> Iterator[Finding]:
    """Look at what a GPU needs in WSL: Windows' driver, and none of Linux'."""
    if asked.gpu is None or "microsoft" not in engines.kernel().lower():
        return
    library = Path(driver.WSL) / "libcuda.so.1"
    if not Path("/dev/dxg").exists() or not library.exists():
        lacking = "/dev/dxg" if not Path("/dev/dxg").exists() else str(library)
        yield broken(
            f"WSL without {lacking}",
            "the GPU comes into WSL by Windows' driver alone",
            "install NVIDIA's driver in Windows, then in PowerShell: wsl --update; wsl --shutdown",
        )
    if driver.MODULE.exists() or shutil.which("nvidia-smi", path="/usr/bin"):
        yield warning(
            "a Linux driver of NVIDIA's is installed in WSL",
            "it hides the libraries that Windows' driver brings",
            "sudo apt-get purge '*nvidia-driver*' '*libnvidia*'; then wsl --shutdown",
        )
