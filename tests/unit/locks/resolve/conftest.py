"""A stand-in for uv and pip-compile, for tests that need no index."""

from __future__ import annotations

import dataclasses
import json
import tomllib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gradlock import command
from gradlock.command import Program
from gradlock.errors import CommandError
from gradlock.inputs.variants import Variant

CPU = Variant("cpu", "3.13", "2.21.0")
GPU = dataclasses.replace(CPU, name="cu125", cuda="12.5.1", cudnn="9.3.0.75", driver="525.60.13")
AS_OF = datetime(2026, 11, 20, tzinfo=UTC)
IMAGE = Program(("image-python",), {"PYTHONHOME": "/image"})
SHA256 = "0" * 64


def sha256(name: str) -> str:
    return name.encode().hex().ljust(64, "0")[:64]


class Index:
    """A uv and a pip-compile that answer from a list of wheels, and keep what they were asked."""

    def __init__(self, *files: str) -> None:
        self.files = files
        self.compiled = ""
        self.argv: list[str] = []
        self.interpreter: list[str] = []
        self.env: dict[str, str] = {}
        self.constraints = ""
        self.start = ""
        self.preferred: list[dict[str, Any]] = []
        self.error: CommandError | None = None
        self.archives: list[str] = []

    def run(self, argv: Sequence[str | Path], **options: Any) -> str:
        """Take the place of `command.run`."""
        line = [str(part) for part in argv]
        if line[-1].endswith("rows.json"):
            self.interpreter, self.env = line[:-1], options.get("env") or {}
            rows = json.loads(Path(line[-1]).read_text())
            for words in rows.values():
                self.run(words)
            return ""
        target = Path(line[line.index("--output-file") + 1])
        self.argv = line
        constraints = [Path(line[n + 1]) for n, part in enumerate(line) if part == "--constraint"]
        self.constraints = "".join(path.read_text() for path in constraints)
        self.start = target.read_text() if target.exists() else ""
        if self.error:
            raise self.error
        if target.name == "pylock.toml":
            self.preferred = tomllib.loads(self.start).get("packages", [])
            target.write_text(self.pylock())
        else:
            target.write_text(self.compiled or self.start)
        return ""

    def pylock(self) -> str:
        """Return the index's offers as uv writes them."""
        packages: dict[tuple[str, str], list[str]] = {}
        for file in self.files:
            name, version = file.removesuffix(".tar.gz").split("-")[:2]
            packages.setdefault((name, version), []).append(file)
        text = 'lock-version = "1.0"\npackages = ['
        for (name, version), files in packages.items():
            offers = "".join(
                f'{{url = "https://index.example/{file}", size = 7, '
                f'hashes = {{sha256 = "{sha256(file)}"}}}}, '
                for file in files
                if file.endswith("whl")
            )
            text += f'\n{{name = "{name}", version = "{version}", wheels = [{offers}]}}, '
        return text + ", ".join(self.archives) + "]\n"


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> Index:
    made = Index()
    monkeypatch.setattr(command, "run", made.run)
    return made
