"""The platforms that an environment may be for, and what each is called by whom."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Platform:
    """A platform of images, as Docker names it: `linux/arm64`.

    `machine` is what wheels, uv and qemu call the processor, `debian` what Debian does, `conda`
    what conda calls the platform. `loader` is what starts its programs, in the folder of
    Debian's libraries.
    """

    name: str
    machine: str
    debian: str
    conda: str
    loader: str

    @property
    def architecture(self) -> str:
        """The processor, as Docker names it."""
        return self.name.rpartition("/")[2]

    @property
    def libraries(self) -> str:
        """The folder of Debian's libraries, below the root."""
        return f"usr/lib/{self.machine}-linux-gnu"


#: How some machines and engines name a processor otherwise than wheels do.
SYNONYMS = {"amd64": "x86_64", "arm64": "aarch64"}
#: What a row has that names none.
DEFAULT = "linux/amd64"
PLATFORMS = {
    platform.name: platform
    for platform in (
        Platform(DEFAULT, "x86_64", "amd64", "linux-64", "ld-linux-x86-64.so.2"),
        Platform("linux/arm64", "aarch64", "arm64", "linux-aarch64", "ld-linux-aarch64.so.1"),
    )
}


def processor(name: str) -> str:
    """Return the name that wheels, and a `Platform`, have for a processor, whoever calls it so."""
    return SYNONYMS.get(name.lower(), name.lower())
