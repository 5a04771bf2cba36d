"""The batch script: run by an srun and a docker that are made up."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from gradlock.deploy import kinds
from gradlock.deploy.order import Order
from tests.unit.deploy.orders import COMMAND, DIGEST, IMAGE


@pytest.mark.parametrize("image", [IMAGE, DIGEST])
def test_slurms_script_runs_the_command_in_a_container(tmp_path: Path, image: str) -> None:
    """Run it with an srun that runs one task, and a docker that prints what it is given."""
    script = kinds.named("slurm").text(Order("mnist", image, command=COMMAND))
    programs = {"srun": 'while [ "$1" != bash ]; do shift; done; exec "$@"'}
    program = "import json, sys; print(json.dumps(sys.argv[1:]))"
    programs["docker"] = f"exec {sys.executable} -c '{program}' \"$@\""
    for name, text in programs.items():
        (tmp_path / name).write_text(f"#!/bin/bash\n{text}\n")
        (tmp_path / name).chmod(0o755)
    env = {"PATH": f"{tmp_path}:/usr/bin:/bin", "SLURM_SUBMIT_DIR": "/sub mitted"}
    done = subprocess.run(
        ["bash", "-c", script], env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    argv = json.loads(done.stdout)
    assert argv[-4:] == [image, "bash", "-c", COMMAND]
    assert {"--read-only", "no-new-privileges", "ALL", "SLURM_PROCID"} <= set(argv)
    assert "/sub mitted:/home/gradlock/work" in argv
    assert "#SBATCH --nodes=2\n" in script
    assert ("apptainer" in script) == (image == IMAGE)
