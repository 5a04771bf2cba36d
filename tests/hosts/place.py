"""Other hosts, made of a folder: a fresh Debian to change root to, and what lies in it.

A command in one sees that root, an environment of its own, the engine's socket, and what was
carried there; its mounts are its own, and gone with it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gradlock import store
from gradlock.locks.resolve import mirrors

#: The systems that hosts are made of, by what they are called here: a suite of Debian each.
DEBIAN, TESTING, UNPACKAGED = "debian", "testing", "unpackaged"
SUITES = {DEBIAN: "trixie", TESTING: "forky"}
#: What a person installs first, and what every Debian has that a person set up; the locale and
#: the zones are for hosts that use them.
PACKAGES = ("python3", "python3-venv", "git", "ca-certificates", "procps", "locales", "tzdata")
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
#: Where programs of the system administrator lie, often outside a user's PATH.
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
#: A plain user of every host. As the first user of a system, it is no user of the image.
USER, UID = "ordinary", 1001
#: What tells a program where the network is: a host has it as this machine does.
NETWORK = (
    *("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"),
    *("PIP_INDEX_URL", "UV_INDEX_URL", "UV_DEFAULT_INDEX"),
)
CERTIFICATES = ("SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
#: Seconds that one command may take.
LIMIT = 900

#: Changes root in namespaces of its own: no mount is left, and no process outlives the first.
ENTER = """
root=$1 socket=$2 carried=$3; shift 3
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
: >"$root/run/docker.sock"
mount --bind "$socket" "$root/run/docker.sock"
mkdir -p "$root/carried"
mount --bind "$carried" "$root/carried"
mount -o remount,bind,ro "$root/carried"
exec chroot "$root" "$@"
"""


def bootstrapper() -> str | None:
    """Return the program that makes a fresh Debian, where there is one."""
    return next(filter(shutil.which, ("mmdebstrap", "debootstrap")), None)


def lacking() -> str:
    """Return why no other host can be made here; nothing where one can."""
    if sys.platform != "linux" or os.getuid() != 0:
        return "only root on Linux can make another host"
    if not bootstrapper():
        return "a fresh Debian is made by mmdebstrap or debootstrap: install one of them"
    missing = [name for name in ("unshare", "setpriv", "git") if not shutil.which(name)]
    return f"another host needs {', '.join(missing)}" if missing else ""


def debian(root: Path, suite: str, packages: Sequence[str] = PACKAGES) -> None:
    """Make a fresh Debian in a folder: its minimum, and what a person installs first."""
    program = bootstrapper()
    assert program
    argv = [program, "--variant=minbase", f"--include={','.join(packages)}"]
    argv += [f"--keyring={KEYRING}"] if KEYRING.exists() else []
    if program == "mmdebstrap":  # debootstrap does not ask how old a mirror's release is
        argv.append('--aptopt=Acquire::Check-Valid-Until "false"')
    said = subprocess.run(
        [*argv, suite, root, mirrors.found()["debian"]],
        env={"PATH": PATH, "LC_ALL": "C.UTF-8", **_kept(NETWORK)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == 0, said.stderr[-3000:]
    bundle = Path(os.environ.get("SSL_CERT_FILE", BUNDLE))
    if bundle.exists():
        shutil.copy(bundle, root / BUNDLE.lstrip("/"))
    shutil.copy("/etc/resolv.conf", root / "etc/resolv.conf")


def inhabit(root: Path) -> None:
    """Make a plain user, and a locale that is not UTF-8."""
    for argv in (
        ["useradd", "--create-home", "--uid", str(UID), USER],
        ["localedef", "-i", "hu_HU", "-f", "ISO-8859-2", "hu_HU.ISO-8859-2"],
    ):
        subprocess.run(["chroot", root, *argv], env={"PATH": PATH}, check=True)


def without_packages(root: Path) -> None:
    """Take apt and dpkg away from a root, and what they know of its packages."""
    gone = [
        path
        for pattern in ("bin/apt*", "bin/dpkg*", "sbin/dpkg*", "lib/apt", "lib/dpkg")
        for path in (root / "usr").glob(pattern)
    ]
    gone += [root / name for name in ("etc/apt", "etc/dpkg", "var/lib/apt", "var/lib/dpkg")]
    gone += list((root / "usr/share/keyrings").glob("debian-archive-*"))
    for path in gone:
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


def checkout(folder: Path) -> None:
    """Copy to a folder what a clone of this checkout would have, changes included."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=store.ROOT,
        capture_output=True,
        check=True,
    )
    for name in filter(None, os.fsdecode(listed.stdout).split("\0")):
        if (store.ROOT / name).exists():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(store.ROOT / name, target)


@dataclass(frozen=True)
class Host:
    """A machine to build on: a root, a user in it, where the checkout lies, what the shell sets.

    Every host has a home of its own, and with it a store without any layer. Downloads of pip
    and uv are shared: how tools come is not what is tested.
    """

    name: str
    user: str = USER
    checkout: str = "gradlock"
    umask: str = "022"
    environment: Mapping[str, str] = field(default_factory=dict)
    system: str = DEBIAN

    @property
    def home(self) -> str:
        """The user's home in the root."""
        return f"/home/{self.name}"


@dataclass(frozen=True)
class Place:
    """A host in its root, with an engine's socket and a folder of artifacts carried to it."""

    host: Host
    root: Path
    socket: Path
    carried: Path

    @property
    def home(self) -> Path:
        """The user's home, seen from here."""
        return self.root / self.host.home.lstrip("/")

    def move_in(self) -> None:
        """Make the user's home, with the checkout in it."""
        checkout(self.home / self.host.checkout)
        for tool in ("pip", "uv"):
            shared = self.root / f"home/{USER}/cache-{self.host.user}-{tool}"
            shared.mkdir(exist_ok=True)
            (self.home / ".cache").mkdir(exist_ok=True)
            (self.home / ".cache" / tool).symlink_to(f"/{shared.relative_to(self.root)}")
            if self.host.user == USER:
                os.chown(shared, UID, UID)
        if self.host.user == USER:
            for path in (self.home, *self.home.rglob("*")):
                os.chown(path, UID, UID, follow_symlinks=False)

    def run(self, script: str) -> subprocess.CompletedProcess[str]:
        """Run a script of the shell in the checkout, as the host's user with its environment."""
        group = self.socket.stat().st_gid
        as_user = (
            ["setpriv", f"--reuid={UID}", f"--regid={UID}", f"--groups={UID},{group}"]
            if self.host.user == USER
            else []
        )
        inside = f"cd {self.host.home}/{_quoted(self.host.checkout)} && umask {self.host.umask}"
        environment = {
            "PATH": PATH,
            "HOME": self.host.home,
            "LANG": "C.UTF-8",
            **_kept(NETWORK),
            **{name: BUNDLE for name in CERTIFICATES if name in os.environ},
            **self.host.environment,
        }
        argv: Sequence[str | Path] = [
            *("unshare", "--mount", "--pid", "--fork", "--kill-child"),
            *("sh", "-euc", ENTER, "enter", self.root, self.socket, self.carried),
            *("env", "-i", *(f"{name}={value}" for name, value in environment.items())),
            *as_user,
            *("sh", "-euc", f"{inside}\n{script}"),
        ]
        return subprocess.run(
            argv, capture_output=True, text=True, errors="replace", timeout=LIMIT, check=False
        )


def _kept(names: Sequence[str]) -> dict[str, str]:
    return {name: os.environ[name] for name in names if name in os.environ}


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
