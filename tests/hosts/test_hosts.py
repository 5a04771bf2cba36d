"""The pinned image on other hosts: none shares a layer with this machine, and none is like it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gradlock.images import pins
from gradlock.inputs import variants
from tests.hosts.place import Host, Place

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
HOSTS = (
    Host("debian"),
    Host("unpackaged", user="root", packaged=False),
    Host("hostile", environment=HOSTILE, umask="077"),
    Host("root", user="root", umask="077"),
    Host("étranger", checkout="mes projets d'été/gradlock"),
)
BUILD = """
./inv fetch --from /carried
./inv image --no-smoke --pinned --channel debian
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


def test_the_unit_tests_pass_on_another_python(visit: Callable[[Host], Place]) -> None:
    """Debian 13's Python is newer than the oldest that is promised, and that of no pinned ID."""
    place = visit(Host("tester", environment={"GIT_CONFIG_GLOBAL": "/dev/null"}))
    ran = place.run(
        "git init --quiet && git add --all\n./inv --version\n"
        ".venv/bin/python -m pytest -q tests/unit"
    )
    assert ran.returncode == 0, ran.stdout[-5000:] + ran.stderr[-2000:]
