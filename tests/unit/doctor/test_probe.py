"""The probe: it answers by Python's own library alone, wherever it runs."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from pathlib import Path

from gradlock.doctor import probe


def run(*argv: str, **env: str) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, *argv, "-c", inspect.getsource(probe)],
        env=env,
        capture_output=True,
        text=True,
        check=True,
    )
    told = json.loads(done.stdout)
    assert isinstance(told, dict)
    return told


def test_it_answers_without_a_driver_and_without_tensorflow() -> None:
    told = run("-I", "-S", LD_LIBRARY_PATH="/a/b")
    assert told["tensorflow"] == {"error": "no module named tensorflow"}
    assert told["library_path"] == "/a/b"
    assert isinstance(told["devices"], list)


def test_it_names_what_hides_tensorflows_libraries(tmp_path: Path) -> None:
    for name in ("libcudnn.so.9", "libcuda.so.1", "libm.so"):
        (tmp_path / name).touch()
    path = f"{tmp_path}::/none"
    assert run("-I", "-S", LD_LIBRARY_PATH=path)["shadows"] == [str(tmp_path / "libcudnn.so.9")]


def test_it_reads_a_build_without_importing_it(tmp_path: Path) -> None:
    package = tmp_path / "tensorflow"
    (package / "python/platform").mkdir(parents=True)
    (package / "__init__.py").write_text("raise SystemExit('imported')")
    info = package / "python/platform/build_info.py"
    library = tmp_path / "nvidia/cudnn/lib/libcudnn.so.9"
    library.parent.mkdir(parents=True)
    library.write_bytes(b"no library")
    info.write_text("build_info = dict([('cuda_version', '12.5.1'), ('is_cuda_build', True)])")
    told = run("-S", PYTHONPATH=str(tmp_path))["tensorflow"]
    assert isinstance(told, dict)
    assert told["cuda"] is True
    assert list(told["broken"]) == ["libcudnn.so.9"]
    info.write_text("build_info = {'is_cuda_build': False}")
    assert run("-S", PYTHONPATH=str(tmp_path))["tensorflow"] == {
        "cuda": False,
        "broken": {},
        "count": 1,
    }
