"""pylock.<variant>.toml: what the standard says, what the pip lock says, and no index in it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from packaging.pylock import Pylock, is_valid_pylock_path

from gradlock import store
from gradlock.errors import LockError
from gradlock.inputs import variants
from gradlock.inputs.variants import Variant
from gradlock.locks import lockfile, paths, pylock
from gradlock.locks.lockfile import LockText
from gradlock.locks.pins import WheelPin
from gradlock.locks.pylock import Wheel
from gradlock.locks.resolve import uv

ROWS = list(variants.load())
HERE = Variant("here", ".".join(map(str, sys.version_info[:2])), "2.21.0")
SHA256 = "0" * 64


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_the_projects_own_are_what_the_standard_says(row: Variant) -> None:
    path = paths.pylock(row)
    assert is_valid_pylock_path(path)
    lock = lockfile.read(path)
    Pylock.from_dict(tomllib.loads(lock.body)).validate()
    assert {wheel.pin for wheel in pylock.read(lock)} == set(
        lockfile.parse_wheels(lockfile.read(paths.pip(row)))
    )
    pylock.check(lock, lockfile.read(paths.pip(row)), row)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_no_index_is_named(row: Variant) -> None:
    assert not re.search(r"\b(url|index)\b|://", lockfile.read(paths.pylock(row)).body)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = store.ROOT / "requirements/pylock.here.toml"
    wheels = (
        Wheel(WheelPin("b", "1.0", SHA256), "b-1.0-py3-none-any.whl", 7),
        Wheel(
            WheelPin("c", "1.0", SHA256, "https://a.example/c-1.0-py3-none-any.whl"),
            "c-1.0-py3-none-any.whl",
        ),
        Wheel(
            WheelPin("d", "1.0", SHA256, "./vendor/d-1.0-py3-none-any.whl"),
            "d-1.0-py3-none-any.whl",
        ),
    )
    body = pylock.write(reversed(wheels), HERE, path)
    assert pylock.read(LockText(path, SHA256, body)) == wheels
    assert "../vendor/d-1.0-py3-none-any.whl" in body


@pytest.mark.parametrize(
    "body",
    [
        "no TOML [",
        'lock-version = "1.0"\n',
        'lock-version = "1.0"\ncreated-by = "x"\npackages = [{name = "a", version = "1"}]\n',
    ],
)
def test_what_is_no_such_lock_is_refused(body: str) -> None:
    with pytest.raises(LockError, match="PEP 751"):
        pylock.read(LockText(paths.pylock(ROWS[0]), SHA256, body))


def test_one_that_says_something_else_is_refused(project: Path) -> None:
    row = variants.load(project / "variants.toml").cpu
    lock, pip = lockfile.read(paths.pylock(row)), lockfile.read(paths.pip(row))
    moved = lock.body.replace("anyio-", "anyio-9").replace(
        '"anyio"\nversion = "', '"anyio"\nversion = "9'
    )
    with pytest.raises(LockError, match=r"not of requirements/cpu\.txt: anyio"):
        pylock.check(LockText(lock.path, lock.inputs, moved), pip, row)
    with pytest.raises(LockError, match=r"not of requirements/cpu\.txt") as caught:
        pylock.check(LockText(lock.path, lock.inputs, moved), pip, row)
    assert re.fullmatch(r"requirements/pylock\.cpu\.toml:\d+, .*/cpu\.txt:\d+", caught.value.where)
    other = lock.body.replace("=='x86_64'", "=='riscv64'").replace("== '3.13'", "== '3.14'")
    with pytest.raises(LockError, match="it is not for cpu"):
        pylock.check(LockText(lock.path, lock.inputs, other), pip, row)
    with pytest.raises(LockError, match="it is older"):
        pylock.check(LockText(lock.path, SHA256, lock.body), pip, row)


@pytest.mark.skipif(sys.platform != "linux", reason="the locks are for Linux")
@pytest.mark.parametrize("tool", ["pip", "uv"])
def test_pip_and_uv_install_it(make_wheel: Callable[..., Path], tmp_path: Path, tool: str) -> None:
    files = [make_wheel(name, {f"{name}.py": f"NAME = '{name}'\n"}) for name in ("one", "other")]
    pins = [WheelPin(file.name.split("-")[0], "1.0", store.file_digest(file)) for file in files]
    lock = tmp_path / "pylock.here.toml"
    body = pylock.write(map(Wheel, pins, [file.name for file in files]), HERE, lock)
    lock.write_text(lockfile.with_header(body, SHA256))
    target = tmp_path / "target"
    commands = {
        "pip": [sys.executable, "-m", "pip", "install", "--no-index", "--no-deps"],
        "uv": [uv.UV, "pip", "install", "--offline", "--python", sys.executable],
    }

    def install() -> int:
        command = [*commands[tool], "--target", str(target), "--requirement", str(lock)]
        env = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "UV_NO_CACHE": "1"}
        return subprocess.run(command, env=env, capture_output=True, check=False).returncode

    assert install() == 0
    assert sorted(path.name for path in target.glob("*.py")) == ["one.py", "other.py"]
    shutil.rmtree(target)
    lock.write_text(lock.read_text().replace(pins[0].sha256, "1" * 64))
    assert install() != 0  # another hash is another file
