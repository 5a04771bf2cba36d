"""What is to be deployed: an image by its digest, how many workers, how much each may use."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gradlock.errors import InputError
from gradlock.images.pins import ImagePin
from gradlock.inside import workspace
from gradlock.layers import base
from gradlock.registry import reference

#: Where an image has what it works on, and the user that it runs as.
WORK, USER = workspace.INSIDE, base.UID
#: The port of JupyterLab, and of a worker, as docker/rootfs has them.
LAB_PORT, WORKER_PORT = 8888, 2222
#: MiB of shared memory: what data loaders hand to one another.
SHARED = 1024
#: Kubernetes makes names of it: `-worker-0-99999` and a pod's own five letters must fit into 63.
NAME = re.compile(r"[a-z](?:[a-z0-9-]{0,38}[a-z0-9])?")
#: Workers that a job may have: the entry point knows no more.
MOST = 100_000
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True)
class Order:
    """What each kind is made of; `image` is a reference with a digest, or a pinned ID.

    `memory` is in MiB, and each worker's, as `cpus` and `gpus` are. `command` is what a shell in
    the image runs; a lab has none. `claim` names a claim on a volume that holds the work.
    """

    name: str
    image: str
    workers: int = 2
    command: str = ""
    cpus: int = 2
    memory: int = 4096
    gpus: int = 0
    claim: str = ""

    @property
    def argv(self) -> list[str]:
        """The command's words: never the entry point's, which stays."""
        return ["bash", "-c", self.command]

    @property
    def local(self) -> bool:
        """Whether the image is named by an ID, which only an engine that has it knows."""
        return DIGEST.fullmatch(self.image) is not None

    def __post_init__(self) -> None:
        """See that a cluster can take it.

        Raises:
            InputError: it cannot.

        """
        if not NAME.fullmatch(self.name):
            raise InputError(
                f"--job {self.name} cannot be a job's name in a cluster",
                mend="small letters, digits and hyphens, a letter first, 40 at most",
            )
        if self.claim and not NAME.fullmatch(self.claim):
            raise InputError(f"--claim {self.claim} is no name of a claim on a volume")
        if not 1 <= self.workers <= MOST:
            raise InputError(f"--workers takes a number from 1 to {MOST}, not {self.workers}")
        if self.cpus < 1 or self.gpus < 0:
            raise InputError("--cpus takes 1 or more, --gpus 0 or more")


def image(given: str, pin: ImagePin) -> str:
    """Return the image by digest: the pinned one of a repository, or the one that is named.

    Where no repository is, it is the pinned ID, for an engine that has loaded it.

    Raises:
        InputError: it is no repository, or names a tag, which may move.

    """
    if not given:
        return pin.id
    place, at, digest = given.partition("@")
    found = reference.parse(place)
    if found.tag or (at and not DIGEST.fullmatch(digest)):
        raise InputError(
            f"--image {given}: a cluster gets an image by its digest",
            mend="--image HOST/REPOSITORY takes the digest of images.lock; "
            "HOST/REPOSITORY@sha256:... names another",
        )
    return f"{found}@{digest or pin.manifest}"
