"""Fresh processes, in which the dynamic loader gets no help from the environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from smoke.cuda import toolkit

LOAD = "import ctypes, os, sys; ctypes.CDLL(sys.argv[1], mode=os.RTLD_NOW)"


def run(*command: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command with no LD_LIBRARY_PATH and no LD_PRELOAD."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("LD_")}
    return subprocess.run(
        list(map(str, command)),
        capture_output=True,
        text=True,
        timeout=120,
        env=plain | environment,
        check=False,
    )


def load(library: Path) -> str:
    """Load a library in a process that holds nothing else; return what went wrong, if anything."""
    return run(sys.executable, "-I", "-S", "-c", LOAD, library).stderr


def ask(question: str, subject: str) -> Any:
    """Put a question of `toolkit.py` to a fresh process and return the answer."""
    finished = run(sys.executable, toolkit.__file__, question, subject)
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout)
