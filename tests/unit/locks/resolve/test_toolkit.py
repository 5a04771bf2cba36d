"""Toolkits: what the index names becomes pins, unless it cannot be what the release has."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gradlock import command
from gradlock.errors import CommandError, InputError
from gradlock.inputs import wanted
from gradlock.locks.resolve import toolkit

AS_OF = datetime(2026, 11, 20, tzinfo=UTC)
NAMES = ("cublas", "cuda-nvcc", "cufft", "nvjitlink")
#: Versions of the parts by requirement, as an index has them; "-" is none.
INDEX = {
    "tensorflow[and-cuda]==2.21.0": "12.9.3 12.9.86 11.4.1 12.9.86",
    "tensorflow[and-cuda]==2.19.0": "12.5.3 12.5.82 11.2.3.61 12.5.82",
    "cuda-toolkit[all]==12.5.1": "12.5.2 12.5.40 11.2.3.18 12.5.40",
    "cuda-toolkit[all]==12.6.2": "12.6.3 12.6.77 11.3.0 12.6.77",
    "cuda-toolkit[all]==12.6.3": "12.6.4 12.6.85 11.3.0 12.6.85",
    "cuda-toolkit[all]==12.8.0": "12.8.3 12.8.61 11.3.3 12.8.61",
    "cuda-toolkit[all]==12.8.1": "12.8.3 12.8.61 11.3.3 12.8.61",
    "cuda-toolkit[all]==12.9.0": "12.9.0 12.9.41 11.4.0 12.8.41",
    "cuda-toolkit[all]==13.0.0": "- - 12.0.0 13.0.39",
}


@pytest.fixture(autouse=True)
def index(monkeypatch: pytest.MonkeyPatch, project: Path) -> None:
    """Have an index in uv's place."""

    def run(argv: Sequence[str | Path], **_: Any) -> str:
        requirement = Path(argv[-1]).read_text().strip()
        assert AS_OF.isoformat() in argv
        if requirement not in INDEX:
            raise CommandError("uv failed", mend=f"there is no version of {requirement}")
        versions = zip(NAMES, INDEX[requirement].split(), strict=True)
        parts = [f"nvidia-{name}-cu12=={version}" for name, version in versions if version != "-"]
        more = ["nvidia-cudnn-cu12==9.3", "nvidia-nccl-cu12==2.3"]
        return "\n".join(
            [*parts, *(more if "tensorflow" in requirement else ["nvidia-npp-cu12==1"])]
        )

    monkeypatch.setattr(command, "run", run)


def find(release: str) -> toolkit.Toolkit:
    return toolkit.find(release, "2.21.0", AS_OF)


def test_a_release_has_the_parts_that_tensorflow_needs() -> None:
    found = find("12.6.3")
    assert found.parts == {
        "nvidia-cublas-cu12": "12.6.4",
        "nvidia-cuda-nvcc-cu12": "12.6.85",
        "nvidia-cufft-cu12": "11.3.0",
        "nvidia-nvjitlink-cu12": "12.6.85",
    }
    assert "Source: the metapackage cuda-toolkit==12.6.3." in found.text
    assert toolkit.pins(found.text) == found.parts


def test_a_metapackage_that_is_known_to_be_wrong_is_not_asked() -> None:
    found = find("12.5.1")
    assert found.parts["nvidia-cufft-cu12"] == "11.2.3.61"
    assert "TensorFlow 2.19.0, which pins them" in found.source


@pytest.mark.parametrize(
    ("release", "said"),
    [
        ("12.8.1", "cannot be trusted: it names the parts of 12.8.0"),
        ("12.9.0", "cannot be trusted: nvidia-nvjitlink-cu12 12.8.41 is of another release"),
        ("13.0.0", "it names no nvidia-cublas-cu12, nvidia-cuda-nvcc-cu12, which TensorFlow needs"),
        ("12.7.0", "uv failed"),
        ("12.6", "not a CUDA release such as 12.6.3: '12.6'"),
        ("../x", "not a CUDA release"),
    ],
)
def test_what_cannot_be_trusted_is_said_and_not_written(release: str, said: str) -> None:
    with pytest.raises(InputError, match=re.escape(said)):
        find(release)


def test_a_release_is_written_once(project: Path) -> None:
    path, changed = toolkit.write(find("12.6.2"))
    assert (path, changed) == (project / "requirements/cuda-12.6.2.txt", True)
    path.write_text(f"# a remark of ours\n{path.read_text()}")
    assert toolkit.write(find("12.6.2")) == (path, False)
    assert path.read_text().startswith("# a remark of ours")


@pytest.mark.parametrize(
    "path", sorted(wanted.REQUIREMENTS.glob("cuda-*.txt")), ids=lambda p: p.name
)
def test_the_projects_own_toolkits_are_of_one_release(path: Path) -> None:
    parts = toolkit.pins(path.read_text())
    minor = re.findall(r"cuda-(\d+\.\d+)", path.name)[0]
    assert len(parts) == 10
    for name, version in parts.items():
        numbered = re.fullmatch(toolkit.NUMBERED, name)
        assert not numbered or version.startswith(f"{minor}."), name
