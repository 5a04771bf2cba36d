"""The pinned image on other hosts: none shares a layer with this machine, and none is like it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gradlock.images import pins
from gradlock.inputs import variants
from gradlock.locks.resolve import mirrors
from tests.hosts.place import UNPACKAGED, Host, Place

CPU = variants.load().cpu
#: What other machines set for their shells and their own Python; each has changed images before.
HOSTILE = {
    "LC_ALL": "hu_HU.ISO-8859-2",
    "LANGUAGE": "hu",
    "TZ": "Pacific/Kiritimati",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONHASHSEED": "1",
    "PYTHONNODEBUGRANGES": "1",
    "PYTHONOPTIMIZE": "1",
    "PYTHONPYCACHEPREFIX": "/tmp/pycache",
    "PYTHONUTF8": "0",
    "PYTHONWARNINGS": "error",
    "SOURCE_DATE_EPOCH": "1",
    "DEBIAN_FRONTEND": "readline",
    "GREP_OPTIONS": "--color=always",
    "TAR_OPTIONS": "--numeric-owner",
    "TMPDIR": "/var/tmp",
}
#: Each is another system, user, shell or path; a Debian whose root builds is this machine, too.
HOSTS = (
    Host("étranger", checkout="mes projets d'été/gradlock"),
    Host("unpackaged", user="root", system=UNPACKAGED, umask="077"),
    Host("hostile", environment=HOSTILE, umask="077"),
)
BUILD = """
./inv fetch --from /carried
./inv image --no-smoke --pinned --channel debian
"""
#: Adds a package of Debian's where there is no apt, and says what is new in the lock.
LOCK = """
if command -v apt-get; then exit 1; fi
cp requirements/apt.lock before
echo hello >>requirements/apt.in
./inv lock
diff before requirements/apt.lock | sed -n "s/^> \\([a-z0-9]\\)/new \\1/p"
"""


@pytest.mark.parametrize("host", HOSTS, ids=lambda host: host.name)
def test_every_host_gives_the_pinned_image(host: Host, visit: Callable[[Host], Place]) -> None:
    place = visit(host)
    built = place.run(BUILD)
    assert built.returncode == 0, built.stdout + built.stderr
    pin = pins.find("debian", CPU.name)
    assert pin
    assert pin.id in built.stdout
    # It was built here: what it is made of lies in this host's own store.
    assert len(list((place.home / ".cache/gradlock/layers").glob("*.tar"))) >= len(pin.layers)
    if host.system == UNPACKAGED:
        locks_debians_packages(place)


def locks_debians_packages(place: Place) -> None:
    """See that a host without apt locks by that of the base layer; all pins stay."""
    mirror = (f"{mirrors.VARIABLES[archive]}={url}" for archive, url in mirrors.found().items())
    ran = place.run(f"export {' '.join(mirror)}\n{LOCK}")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "changed requirements/apt.lock" in ran.stdout
    assert [line.split()[1] for line in ran.stdout.splitlines() if line.startswith("new ")] == [
        "hello"
    ]
