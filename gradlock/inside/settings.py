"""How TensorFlow computes in a container: in how many threads, with oneDNN's kernels or without."""

from __future__ import annotations

from dataclasses import dataclass

from gradlock.errors import InputError

ONEDNN = {
    "default": {},
    "on": {"TF_ENABLE_ONEDNN_OPTS": "1"},
    "off": {"TF_ENABLE_ONEDNN_OPTS": "0"},
}
#: The pools of an operation's own threads, and of operations that wait for no other.
POOLS = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")


@dataclass(frozen=True)
class Settings:
    """What TensorFlow is told by its environment; by default nothing.

    Raises:
        InputError: a setting that does not exist.

    """

    threads: int | None = None
    onednn: str = "default"

    def __post_init__(self) -> None:
        if self.onednn not in ONEDNN:
            raise InputError(f"unknown setting of oneDNN {self.onednn!r}: use {', '.join(ONEDNN)}")
        if self.threads is not None and self.threads < 1:
            raise InputError(f"{self.threads} threads: use one at least")

    @property
    def environment(self) -> dict[str, str]:
        """Return the variables that say so."""
        pools = dict.fromkeys(POOLS, str(self.threads)) if self.threads else {}
        return {**pools, **ONEDNN[self.onednn]}

    @property
    def name(self) -> str:
        """Return a name for what comes of them; empty where nothing is told."""
        threads = [f"threads-{self.threads}"] if self.threads else []
        onednn = [f"onednn-{self.onednn}"] if self.onednn != "default" else []
        return "-".join(threads + onednn)
