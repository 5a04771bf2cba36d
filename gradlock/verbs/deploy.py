"""The verb `deploy`."""

from __future__ import annotations

from pathlib import Path

from invoke.context import Context

from gradlock import store
from gradlock.deploy import kinds
from gradlock.deploy import order as orders
from gradlock.deploy.order import Order
from gradlock.errors import InputError
from gradlock.images import channels, pins
from gradlock.inputs import variants
from gradlock.inside import request
from gradlock.verbs import flags
from gradlock.verbs.outcome import out, verb

#: MiB, as `--memory` counts.
MIB = 1 << 20


@verb(
    help={
        "kind": f"What is to run it: {', '.join(kinds.KINDS)}.",
        **flags.ONE,
        **flags.CHANNEL,
        "image": "HOST/REPOSITORY that it was pushed to, by the digest of images.lock, or "
        "HOST/REPOSITORY@sha256:... (compose, slurm: by default the image as it is loaded).",
        "command": "What each worker runs, in a shell; jobs need it, JupyterLab takes none.",
        "workers": "How many workers a job has (default: 2).",
        "job": "The job's name in the cluster (default: gradlock-VARIANT).",
        "cpus": "Cores for each container (default: 2).",
        "memory": "Memory for each container: 512m, 8g (default: 4g).",
        "gpus": "GPUs for each container (default: 1 of a GPU variant, else none).",
        "claim": "A claim on a volume of Kubernetes to work in (default: an empty one).",
        "output": "Write it to this file (default: print it).",
    }
)
def deploy(
    _context: Context,
    kind: str,
    variant: str = "",
    cuda: str = "",
    gpu: bool = False,
    channel: str = "",
    image: str = "",
    command: str = "",
    workers: str = "",
    job: str = "",
    cpus: str = "2",
    memory: str = "4g",
    gpus: str = "",
    claim: str = "",
    output: str = "",
) -> None:
    """Print what a cluster needs to run a pinned image: a manifest, or a batch script.

    Jobs (compose, jobset, trainjob, slurm) run a command in several workers, which find one
    another: the entry point sets TF_CONFIG. statefulset and notebook serve JupyterLab. All are
    confined: no root, no capability, a read-only root, limits.
    """
    made = kinds.named(kind)
    (row,) = variants.load().select(variant=variant, cuda=cuda, gpu=gpu)
    source = channels.chosen(channel, row.name)
    pins.require([(source, row.name)])
    pin = pins.find(source, row.name)
    assert pin is not None, "it was required"
    if made.job and not command:
        raise InputError(
            f"{kind} runs a command in every worker, and none was given",
            mend=f"./inv deploy {kind} --command 'python train.py'",
        )
    if not made.job and (command or workers):
        raise InputError(f"{kind} serves JupyterLab: it takes neither --command nor --workers")
    if not image and not made.near:
        raise InputError(
            f"{kind} needs a registry that the cluster pulls from",
            mend=f"./inv push --to HOST/REPOSITORY, then ./inv deploy {kind} --image "
            "HOST/REPOSITORY",
        )
    if claim and kind in ("compose", "slurm", "statefulset"):
        raise InputError(f"{kind} takes no --claim")
    wanted_gpus = flags.number("gpus", gpus or ("1" if row.gpu else "0"), int)
    if wanted_gpus and not row.gpu:
        raise InputError(f"{row.name} is no GPU variant", mend="./inv variants names those")
    order = Order(
        name=job or f"gradlock-{row.name}",
        image=orders.image(image, pin),
        workers=flags.number("workers", workers or "2", int),
        command=command,
        cpus=flags.number("cpus", cpus, int),
        memory=request.bytes_of(memory or "4g") // MIB,
        gpus=wanted_gpus,
        claim=claim,
    )
    text = made.text(order)
    if output:
        store.write_text(Path(output), text)
    else:
        out.out(text, end="")
