"""Why no Docker Engine answers, and the nearest way to one that does."""

from __future__ import annotations

import grp
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from gradlock.doctor import engines, question
from gradlock.doctor.api import PATIENCE
from gradlock.doctor.engines import Attempt, Sought
from gradlock.doctor.findings import Finding, broken

#: How many of a dead engine's last lines are shown.
TAIL = 6
#: Where an engine of the system writes, on most.
LOG = "journalctl -u docker -n 50"
#: What is there where systemd runs the machine.
SYSTEMD = Path("/run/systemd/system")
NEEDED = "images are loaded into it, and run by it"


def explained(sought: Sought) -> Iterator[Finding]:
    """Tell why no engine answers: what is named, or is there in vain, before what is absent."""
    there = [attempt for attempt in sought.attempts if attempt.how != "absent"]
    for attempt in there or sought.attempts[:1]:
        if attempt.address.named:
            yield _named(attempt)
        elif attempt.how == "absent":
            yield _absent(sought)
        else:
            yield _in_vain(attempt, sought)


def _named(attempt: Attempt) -> Finding:
    """Return the finding for the engine that a person named."""
    named, url, path = attempt.address.named, attempt.address.url, attempt.address.socket
    unset = "unset DOCKER_HOST" if named == "DOCKER_HOST" else "docker context use default"
    why = f"{NEEDED}; since {named} names one, no other is tried"
    if attempt.how == "denied":
        return broken(
            f"this user may not talk to {url}, which {named} names", why, permission(path)
        )
    if url.startswith("ssh://"):
        target = url.partition("://")[2].rstrip("/")
        return broken(
            f"{named} names {url}, and no engine answers there ({attempt.said})",
            why,
            f"ssh -o BatchMode=yes {target} docker version shows why: a key that is not "
            f"accepted, no docker there, or no permission; or {unset}",
        )
    said = {
        "absent": f"there is no socket {path}",
        "refused": "nothing listens there",
        "silent": f"it does not answer within {PATIENCE:g} s",
    }.get(attempt.how, attempt.said)
    if path is not None and path.is_dir():
        said = "it is a folder, no socket"
    tls = ""
    if attempt.how == "tls" or "HTTPS" in attempt.said or "certificate" in attempt.said:
        tls = (
            "; it speaks TLS: export DOCKER_TLS_VERIFY=1 DOCKER_CERT_PATH=FOLDER, with its ca.pem, "
            "cert.pem and key.pem"
        )
    return broken(
        f"{named} names {url}, and no engine answers there: {said}",
        why,
        f"{unset}; or start that engine{tls}",
    )


def _in_vain(attempt: Attempt, sought: Sought) -> Finding:
    """Return the finding for a usual socket that is there, and leads to no engine."""
    path = attempt.address.socket
    if attempt.how == "denied":
        return broken(f"this user may not talk to the engine at {path}", NEEDED, permission(path))
    if path is not None and path.is_dir():
        return broken(
            f"{path} is a folder, no socket: a container that should mount the socket was started "
            "before the engine, and made it",
            NEEDED,
            f"sudo rmdir {path}, then {service('restart')}",
        )
    if path == sought.private:
        return broken(
            f"this store's own engine does not run any more ({attempt.said})" + _last_lines(),
            NEEDED,
            "./inv setup starts it again",
        )
    if attempt.how == "silent":
        return broken(
            f"the engine at {path} takes connections and does not answer",
            f"{NEEDED}; it hangs, or its disk does",
            f"{LOG}; {service('restart')}",
        )
    if attempt.how == "foreign":
        return broken(
            f"what answers at {path} is no engine that works: {attempt.said}",
            NEEDED,
            f"{LOG}; {service('restart')}",
        )
    return broken(
        f"the socket {path} is there, and no engine listens ({attempt.said})",
        f"{NEEDED}; it has ended, or is starting",
        f"{service('start')}; {LOG} says why it ended",
    )


def _absent(sought: Sought) -> Finding:
    """Return the finding that there is no engine at all, with the nearest way to one."""
    program = shutil.which("dockerd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    root, apt = os.getuid() == 0, shutil.which("apt-get") is not None
    if podman := _podman():
        mend = f"podman listens here: export DOCKER_HOST=unix://{podman}"
    elif program and root:
        mend = f"./inv setup starts a private one; or {service('start')}"
    elif program:
        mend = f"{service('start')}; or name another one: export DOCKER_HOST=..."
    elif root and apt:
        mend = "./inv setup installs Debian's docker.io and starts a private one"
    elif Path("/mnt/wslg").exists() or "microsoft" in engines.kernel().lower():
        mend = "start Docker Desktop, and switch on its WSL integration for this distribution"
    elif os.uname().sysname == "Darwin":
        mend = "start Docker Desktop, colima, or another engine; or export DOCKER_HOST=..."
    else:
        mend = (
            "as root: apt-get install docker.io, or the like of this system; for this user's own, "
            "rootless: dockerd-rootless-setuptool.sh install; or podman: "
            "systemctl --user start podman.socket, then "
            "export DOCKER_HOST=unix://$XDG_RUNTIME_DIR/podman/podman.sock"
        )
    looked = ", ".join(str(attempt.address.socket) for attempt in sought.attempts)
    return broken(f"no Docker Engine answers (looked for: {looked})" + _last_lines(), NEEDED, mend)


def _podman() -> Path | None:
    """Return podman's socket, this user's or the system's, if it is there."""
    runtime = os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}"
    places = (Path(runtime) / "podman/podman.sock", Path("/run/podman/podman.sock"))
    return next((path for path in places if os.access(path, os.W_OK)), None)


def service(verb: str) -> str:
    """Return the command that starts the system's engine, or starts it again."""
    return f"sudo systemctl {verb} docker" if SYSTEMD.exists() else f"sudo service docker {verb}"


def permission(path: Path | None) -> str:
    """Return how this user gets to talk to an engine's socket."""
    group = "docker"
    try:
        if path is not None:
            group = grp.getgrgid(path.stat().st_gid).gr_name
        members = grp.getgrnam(group)
        name = os.environ.get("USER", "")
        if name in members.gr_mem and members.gr_gid not in os.getgroups():
            return f"log in again, or: newgrp {group} ({name} is in that group since this login)"
    except (OSError, KeyError):
        pass
    if group == "root":
        return "run as root; or set up a rootless engine: dockerd-rootless-setuptool.sh install"
    return f"sudo usermod -aG {group} $USER, and log in again; or run as root"


def _last_lines() -> str:
    """Return what this store's own engine last wrote, where it was started once."""
    try:
        log = question.stored() / "engine/dockerd.log"
        lines = log.read_text(errors="replace").splitlines()
    except OSError:
        return ""
    return "; the private one's last lines were:\n" + "\n".join(
        f"  {line[:160]}" for line in lines[-TAIL:]
    )
