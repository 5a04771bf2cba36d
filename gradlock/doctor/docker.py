"""The Docker Engine: whether one answers, and whether it can run the images."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gradlock.doctor import disks, needs, unreachable
from gradlock.doctor.api import AnswerError
from gradlock.doctor.disks import Place
from gradlock.doctor.engines import Sought
from gradlock.doctor.findings import Finding, broken, fine, warning
from gradlock.doctor.question import Question
from gradlock.inputs.platforms import DEFAULT, PLATFORMS, Platform, processor

#: The least release of the engine that gradlock is tried with.
RELEASE = (20, 10)
#: Storage drivers that copy, or that go through a program: what each costs.
SLOW = {
    "vfs": "it copies all files for each layer and container: an image takes ten times its size",
    "fuse-overlayfs": "a program stands between: files are read and written slowly",
    "devicemapper": "it is gone from newer engines, and has a limit of its own for each container",
    "aufs": "it is gone from newer engines",
}


def engine(asked: Question) -> Iterator[Finding]:
    """Look whether an engine answers, and say why none does."""
    sought = asked.engine.get()
    if sought.lost:
        yield broken(
            f"there is no Docker context {sought.lost}, or its files are broken",
            "Docker's settings name it, and no other engine is tried",
            "docker context use default; or unset DOCKER_CONTEXT",
        )
    elif sought.api is None:
        yield from unreachable.explained(sought)
    else:
        yield from _answers(sought)
    for attempt in sought.attempts if sought.api else ():
        if attempt.how == "denied":
            yield warning(
                f"the engine at {attempt.address.url} may not be talked to by this user",
                "another one, which answers, is used instead",
                unreachable.permission(attempt.address.socket),
            )


def _answers(sought: Sought) -> Iterator[Finding]:
    assert sought.api is not None
    release = str(sought.version.get("Version", "?"))
    parts = sought.version.get("Components") or [{}]
    kind = str(parts[0].get("Name") or "Engine") if isinstance(parts[0], dict) else "Engine"
    private = " (this store's own)" if sought.api.address.socket == sought.private else ""
    podman = "podman" in kind.lower()
    if not podman and _numbers(release) < RELEASE and _numbers(release):
        yield broken(
            f"Docker Engine {release} at {sought.api.address.url}",
            "gradlock is tried with 20.10 and newer",
            "install the distribution's docker.io, or Docker's own packages",
        )
        return
    name = "Podman" if podman else "Docker Engine"
    yield fine(f"{name} {release}, {sought.api.address.url}{private}")


def platform(asked: Question) -> Iterator[Finding]:
    """Look at what the engine runs on: its processor and system, its memory."""
    info = asked.engine.get().info
    if not info:
        return
    machine, kind = str(info.get("Architecture", "?")), str(info.get("OSType", "linux"))
    if kind != "linux":
        yield broken(
            f"the engine runs {kind} containers",
            "the images are for Linux",
            "in Docker Desktop: Switch to Linux containers",
        )
    for wanted in dict.fromkeys([row.machine for row in asked.rows] or [PLATFORMS[DEFAULT]]):
        if wanted.machine != processor(machine):
            yield _foreign(machine, wanted)
        elif kind == "linux":
            yield fine(f"it runs {wanted.name} containers, {info.get('NCPU', '?')} cores")
    total = int(info.get("MemTotal") or 0)
    need = max((needs.of(row).memory for row in asked.rows), default=0)
    if 0 < total < need:
        yield warning(
            f"the engine has {needs.shown(total)} of memory; {asked.subject} needs "
            f"{needs.shown(need)}",
            "a suite or a kernel may be killed in its middle: status 137",
            "Docker Desktop: Settings, Resources; else give its machine more",
        )


def _foreign(machine: str, wanted: Platform) -> Finding:
    """Say what comes of images that are for another processor than the engine's."""
    seen = f"the engine runs on {machine}, and the images are for {wanted.name}"
    named = f"name an engine on {wanted.architecture}: export DOCKER_HOST=ssh://USER@MACHINE"
    if wanted.name == DEFAULT:
        return broken(
            seen,
            "there, programs end with 'exec format error', or run emulated, slowly and without "
            "AVX, which TensorFlow needs",
            named,
        )
    return warning(
        seen,
        "there, programs end with 'exec format error', or run emulated, ten times slower",
        f"{named}; or where the engine runs: apt-get install qemu-user-static binfmt-support",
    )


def storage(asked: Question) -> Iterator[Finding]:
    """Look at where the engine keeps images: how, and with how much room."""
    sought = asked.engine.get()
    info = sought.info
    if not info:
        return
    driver = str(info.get("Driver", "?"))
    if driver in SLOW:
        yield warning(
            f"the engine's storage driver is {driver}",
            SLOW[driver],
            'in /etc/docker/daemon.json: "storage-driver": "overlay2"; '
            "its data must lie on ext4, xfs or btrfs, not on another overlay",
        )
    else:
        yield fine(f"storage driver {driver}")
    root = Path(str(info.get("DockerRootDir", "")))
    if not sought.here or not root.is_absolute() or not _visible(root):
        return
    need = sum(needs.of(row).engine for row in asked.rows if not _holds(sought, row.name))
    place = Place(
        root,
        "the engine's images",
        need,
        "docker system df; docker system prune; ./inv clean --all",
    )
    for finding in disks.look(place):
        # Who may write there is the engine's matter, which runs as another user.
        if "may not write" not in finding.seen:
            yield finding


def _visible(root: Path) -> bool:
    try:
        return root.is_dir()
    except OSError:
        return False


def _holds(sought: Sought, variant: str) -> bool:
    assert sought.api is not None
    try:
        sought.api.image(f"gradlock:{variant}")
    except (OSError, AnswerError):
        return False
    return True


def isolation(asked: Question) -> Iterator[Finding]:
    """Look at how the engine confines containers, where that changes what a user sees."""
    sought = asked.engine.get()
    info = sought.info
    if not info:
        return
    options = [str(each) for each in info.get("SecurityOptions") or ()]
    rootless = any("name=rootless" in each for each in options)
    if rootless:
        yield fine("it is rootless: files of a container's root are this user's")
    if any("name=userns" in each for each in options):
        yield warning(
            "the engine maps users (userns-remap)",
            "what a container writes to a mounted folder belongs to no user of this machine",
            'take "userns-remap" out of /etc/docker/daemon.json, or chown the folder to its range',
        )
    if info.get("MemoryLimit") is False or info.get("PidsLimit") is False:
        lacking = [name for name in ("MemoryLimit", "PidsLimit") if info.get(name) is False]
        yield warning(
            f"the engine cannot hold limits ({', '.join(lacking)})",
            "a notebook that takes all memory, or starts processes without end, takes the machine's"
            + (": a rootless engine needs control groups of version 2" if rootless else ""),
            "boot with systemd.unified_cgroup_hierarchy=1, and delegate the controllers: "
            "see the engine's rootless documentation"
            if rootless
            else "boot with cgroup_enable=memory swapaccount=1",
        )
    if any("name=selinux" in each for each in options) and _enforcing():
        yield warning(
            "SELinux is enforced, and the engine uses it",
            "a container may not read a folder that is mounted as it is: 'Permission denied'",
            "docker run -v FOLDER:/home/gradlock/work:Z; or chcon -Rt container_file_t FOLDER",
        )
    root = str(info.get("DockerRootDir", ""))
    if root.startswith("/var/snap/"):
        yield warning(
            "the engine is snap's",
            "it sees no folder outside of your home, and no hidden one: a mount of it is empty",
            "work in a folder below your home; or snap remove docker, and install docker.io",
        )


def _enforcing() -> bool:
    try:
        return Path("/sys/fs/selinux/enforce").read_text().strip() == "1"
    except OSError:
        return False


def _numbers(release: str) -> tuple[int, ...]:
    """Return the first two numbers of a release; none where it has none."""
    found = []
    for part in release.split(".")[:2]:
        digits = "".join(ch for ch in part if ch.isdigit())
        if not digits:
            return ()
        found.append(int(digits))
    return tuple(found)
