"""A batch script for Slurm: each task is a container, of whichever runtime a node has."""

from __future__ import annotations

import shlex

from gradlock.deploy.order import SHARED, WORK, Order
from gradlock.engine import containers

#: What the entry point asks for; no more of a node's environment enters a container.
VARIABLES = (
    *("SLURM_JOB_ID", "SLURM_JOB_NODELIST", "SLURM_STEP_NODELIST"),
    *("SLURM_NTASKS", "SLURM_STEP_NUM_TASKS", "SLURM_TASKS_PER_NODE", "SLURM_STEP_TASKS_PER_NODE"),
    *("SLURM_PROCID", "SLURM_NODEID", "SLURM_LOCALID"),
)
#: A container is who submitted the job, on the network of the node, by whose name the other
#: workers know it; with the folder that the job was submitted in.
BIND = f'"$SLURM_SUBMIT_DIR:{WORK}"'
APPTAINER = f"""\
    if command -v apptainer >/dev/null; then
        # Values have commas, which its flag --env splits.
        for name in {" ".join(VARIABLES)}; do
            export "APPTAINERENV_$name=${{!name-}}"
        done
        scratch=$(mktemp -d)
        trap 'rm -rf "$scratch"' EXIT
        apptainer run --containall --no-home --no-privs --workdir "$scratch" GPU\\
            --bind {BIND} --pwd {WORK} "docker://$image" "$@"
        return
    fi
"""
DOCKER = f"""\
    exec docker run --rm --network host --user "$(id -u):$(id -g)" --volume {BIND} \\
        --read-only --tmpfs /tmp:rw,exec,nosuid,nodev,mode=1777 \\
        --cap-drop ALL --security-opt no-new-privileges --pids-limit {containers.PROCESSES} \\
        LIMITS \\
        {" ".join(f"--env {name}" for name in VARIABLES)} \\
        "$image" "$@"
"""


def script(order: Order) -> str:
    """Return the script's text; `sbatch` takes it."""
    wanted = [
        *(f"--job-name={order.name}", f"--output={order.name}-%j.log"),
        *(f"--nodes={order.workers}", "--ntasks-per-node=1"),
        *(f"--cpus-per-task={order.cpus}", f"--mem={order.memory}M"),
        *([f"--gpus-per-node={order.gpus}"] if order.gpus else []),
    ]
    limits = [f"--cpus {order.cpus} --memory {order.memory}m --shm-size {SHARED}m"]
    limits += [f"--gpus {order.gpus}"] if order.gpus else []
    nvidia = "--nv " if order.gpus else ""
    lines = [
        "#!/bin/bash",
        "# Made by `./inv deploy slurm`, for sbatch.",
        *(f"#SBATCH {flag}" for flag in wanted),
        "set -eu",
        f"export image={shlex.quote(order.image)}",
        "",
        "# One worker, on its node. An engine knows an image by its ID; Apptainer knows none.",
        "worker() {",
        "    set -eu",
        *([] if order.local else [APPTAINER.replace("GPU", nvidia).rstrip()]),
        DOCKER.replace("LIMITS", " ".join(limits)).rstrip(),
        "}",
        "export -f worker",
        "",
        "# One that fails ends them all: they would wait for it without end.",
        "srun --kill-on-bad-exit=1 --distribution=block bash -c 'worker \"$@\"' worker \\",
        f"    {shlex.join(order.argv)}",
    ]
    return "\n".join(lines) + "\n"
