"""TensorFlow starts and trains without an alarm in its log that nobody has explained."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import facts

from smoke import logs


def test_no_unexplained_alarm() -> None:
    """A fresh process trains one step; every warning and error it logs is on the list."""
    # Whoever hides alarms in the environment would hide them from this test too.
    environment = {name: value for name, value in os.environ.items() if name[:7] != "TF_CPP_"}
    finished = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("one_step.py"))],
        capture_output=True,
        text=True,
        timeout=120,
        env=environment,
        check=False,
    )
    log = finished.stdout + finished.stderr
    assert finished.returncode == 0, log
    assert "trained: True" in finished.stdout, log
    known = dict(logs.KNOWN)
    if not facts.driver().loaded:
        known |= logs.KNOWN_WITHOUT_A_DRIVER
    assert logs.unlisted(log, known) == []
