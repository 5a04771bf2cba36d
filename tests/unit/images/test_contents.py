"""What is in an image: packages, their licences, and that every file is somebody's."""

from __future__ import annotations

from pathlib import Path

import pytest

from gradlock.images import contents
from gradlock.images.image import Image
from gradlock.layers import cache

SITE = "opt/conda/lib/python3.13/site-packages"
METADATA = b"""\
Metadata-Version: 2.4
Name: Six
Version: 1.0
License-Expression: MIT
Classifier: Programming Language :: Python

License: none of the description's lines counts
"""
OLDER = b"""\
Metadata-Version: 2.1
Name: older
Version: 2
License: a whole text
        of several lines
Classifier: License :: OSI Approved :: BSD License
"""
RECORD = b"""\
six.py,sha256=x,1
../../../bin/six,,
six-1.0.dist-info/METADATA,,
six-1.0.dist-info/RECORD,,
"""
COPYRIGHT = b"Files: *\nLicense: GPL-3+\n text\n\nLicense: MIT-like\n text\n"
FILES = {
    f"{SITE}/six.py": b"",
    f"{SITE}/__pycache__/six.cpython-313.pyc": b"",
    "opt/conda/bin/six": b"",
    f"{SITE}/six-1.0.dist-info/METADATA": METADATA,
    f"{SITE}/six-1.0.dist-info/RECORD": RECORD,
    f"{SITE}/older-2.dist-info/METADATA": OLDER,
    f"{SITE}/older-2.dist-info/RECORD": RECORD.replace(b"six-1.0", b"older-2"),
    "usr/bin/bash": b"",
    "usr/share/doc/bash/copyright": COPYRIGHT,
    "var/lib/dpkg/info/bash:amd64.list": b"/.\n/bin\n/bin/bash\n/usr/share/doc/bash/copyright\n",
    "var/lib/dpkg/status": b"",
}


@pytest.fixture
def made(own_store: Path) -> Image:
    return image(FILES)


def image(files: dict[str, bytes]) -> Image:
    def write(writer: object) -> None:
        for name, data in sorted(files.items()):
            writer.file(name, data)  # type: ignore[attr-defined]
        writer.symlink("bin", "usr/bin")  # type: ignore[attr-defined]

    layer = cache.build("all", f"{len(files)}", write)
    return Image("cpu", "debian", "sha256:0", b"{}", (layer,))


def test_packages_say_what_they_are(made: Image) -> None:
    found = contents.read(made)
    six, older = found.wheels["six"], found.wheels["older"]
    assert (six.name, six.version, six.expression, six.licences) == ("Six", "1.0", "MIT", set())
    assert (older.expression, older.licences) == ("", {"BSD License"})
    assert found.debs["bash"].licences == {"GPL-3+", "MIT-like"}


def test_every_file_is_somebodys(made: Image) -> None:
    """Bytecode is its source's, and /bin/bash is /usr/bin/bash; the link itself is a package's."""
    assert contents.read(made).unowned == []


@pytest.mark.usefixtures("own_store")
@pytest.mark.parametrize(
    "name", ["usr/bin/left", f"{SITE}/left.py", f"{SITE}/__pycache__/gone.cpython-313.pyc"]
)
def test_a_file_of_nobodys_is_named(name: str) -> None:
    assert name in contents.read(image({**FILES, name: b""})).unowned
