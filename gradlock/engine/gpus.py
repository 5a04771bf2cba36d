"""The NVIDIA GPUs of an engine: what gives them to a container, and what is said without one."""

from __future__ import annotations

import re
from pathlib import Path

from docker.types import DeviceRequest

from gradlock import progress
from gradlock.engine.engine import Engine
from gradlock.errors import EngineError

#: Where the driver of this machine tells of itself and of its GPUs.
DRIVER = Path("/proc/driver/nvidia")
#: The line that tells what a GPU is; others tell which one it is.
MODEL = re.compile(r"^Model:\s*(.*?)\s*$", re.MULTILINE)
#: How CDI, the newer way to hand out devices, calls them.
CDI = "nvidia.com/gpu"


def requests(engine: Engine, *, required: bool = False) -> list[DeviceRequest]:
    """Return what gives a container all NVIDIA GPUs of an engine; nothing where it has none.

    Without one, a line says so: nobody should take a CPU's speed, or its numbers, for a GPU's.
    Where one is `required`, it is asked for in any case, so that no container starts without.

    Raises:
        EngineError: one is required, and this machine has no driver.

    """
    info = engine.client.info()
    devices = info.get("DiscoveredDevices") or ()
    if any(device["ID"].startswith(CDI) for device in devices):
        return [DeviceRequest(driver="cdi", device_ids=[f"{CDI}=all"])]
    if "nvidia" in info["Runtimes"]:
        return [DeviceRequest(count=-1, capabilities=[["gpu"]])]
    if not required:
        progress.say("the Docker Engine has no access to an NVIDIA GPU: computing on the CPU")
        return []
    if engine.local and not DRIVER.exists():
        raise EngineError(
            "no NVIDIA GPU: this machine has no NVIDIA driver",
            where=str(DRIVER),
            mend="install the driver and the NVIDIA Container Toolkit, restart the engine; "
            "./inv doctor looks for what is missing",
        )
    # An engine may hand out GPUs and not tell so. It is asked, and says what it lacks.
    return [DeviceRequest(count=-1, capabilities=[["gpu"]])]


def present(engine: Engine) -> tuple[str, ...]:
    """Return what is known of an engine's GPUs: other models, or another driver, change it."""
    info = engine.client.info()
    devices = sorted(device["ID"] for device in info.get("DiscoveredDevices") or ())
    known = [*(name for name in devices if name.startswith(CDI))]
    known += ["runtime nvidia"] if "nvidia" in info["Runtimes"] else []
    if known and engine.local:
        version = DRIVER / "version"
        known += [version.read_text().splitlines()[0]] if version.is_file() else []
        told = [path.read_text() for path in DRIVER.glob("gpus/*/information")]
        known += sorted(model.group(1) for text in told if (model := MODEL.search(text)))
    return tuple(known)
