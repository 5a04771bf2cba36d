"""The channel `debian`: conda's names, bound to the Debian packages of the base layer.

It serves where conda-forge's packages cannot be fetched. Its packages are generated from the
apt lock and hold no programs: links to those that the base layer has, and for Python the
layout of a virtual environment over Debian's interpreter.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from gradlock import command, store
from gradlock.errors import CommandError, GradlockError, InputError, LockError, raise_all
from gradlock.inputs import wanted
from gradlock.inputs.variants import Variant
from gradlock.layers.packages import SUBDIR, Package, write_channel
from gradlock.locks.lockfile import DebPin
from gradlock.locks.resolve import conda_solver

#: The channel as conda-meta names it: the same on every machine, and nothing is fetched from it.
CHANNEL = "file:///debian"
#: What every package's build string starts with; `conda list` shows it.
BUILD = "debian_0"


@dataclass(frozen=True)
class Binding:
    """How a conda package is made from a Debian one.

    `debian` is the Debian package; `{python}` in it stands for the variant's Python. Empty,
    the package follows the variant's CUDA release. `make` gets the upstream version.
    """

    debian: str
    make: Callable[[Variant, str], Package]


def links(name: str, *programs: str) -> Callable[[Variant, str], Package]:
    """Return a maker of a package that links to programs in /usr/bin."""

    def make(_: Variant, version: str) -> Package:
        return Package(
            name,
            version,
            BUILD,
            summary=f"Debian's {name}, by its programs' links",
            links={f"bin/{program}": f"/usr/bin/{program}" for program in programs},
        )

    return make


def interpreter(variant: Variant, version: str) -> Package:
    """Make `python`: a virtual environment over Debian's interpreter.

    Debian's own modules stay out of it, so the prefix holds exactly what the locks name.
    """
    python = f"python{variant.python}"
    site_packages = f"lib/{python}/site-packages"
    config = {
        "home": "/usr/bin",
        "include-system-site-packages": "false",
        "version": version,
        "executable": f"/usr/bin/{python}",
    }
    return Package(
        "python",
        version,
        # The ending is conda-forge's for the plain ABI: the same spec asks for both.
        f"{BUILD}_cp{variant.python.replace('.', '')}",
        summary="Debian's Python, by the layout of a virtual environment over it",
        files={
            "pyvenv.cfg": "".join(f"{key} = {value}\n" for key, value in config.items()),
            # A package cannot hold an empty folder.
            f"{site_packages}/README.txt": "Packages of the locks are installed here.\n",
        },
        links={
            f"bin/{python}": f"/usr/bin/{python}",
            "bin/python3": python,
            "bin/python": python,
        },
        extra={"python_site_packages_path": site_packages},
    )


def cuda_version(_: Variant, version: str) -> Package:
    """Make `cuda-version`, with the constraints that conda-forge's has."""
    major = version.split(".")[0]
    return Package(
        "cuda-version",
        version,
        BUILD,
        summary="The CUDA release of the image, for what is installed beside it",
        extra={"constrains": [f"__cuda >={major}", f"cudatoolkit {version}|{version}.*"]},
    )


#: What conda's names mean in this channel. A row adds a package.
BINDINGS = {
    "cuda-version": Binding("", cuda_version),
    "git": Binding(
        "git",
        links(
            *("git", "git", "git-receive-pack", "git-shell", "git-upload-archive"),
            *("git-upload-pack", "scalar"),
        ),
    ),
    "graphviz": Binding(
        "graphviz",
        links(
            "graphviz",
            *("circo", "dot", "fdp", "neato", "osage", "patchwork", "sfdp", "twopi"),
            *("acyclic", "bcomps", "ccomps", "cluster", "dijkstra", "edgepaint", "gc"),
            *("gml2gv", "graphml2gv", "gv2gml", "gv2gxl", "gvcolor", "gvgen", "gvmap"),
            *("gvpack", "gvpr", "gxl2gv", "mm2gv", "nop", "sccmap", "tred", "unflatten"),
        ),
    ),
    "python": Binding("python{python}", interpreter),
    "tini": Binding("tini", links("tini", "tini")),
}


def packages_for(variant: Variant, debs: Sequence[DebPin], folder: Path) -> list[Path]:
    """Write the channel for a variant into `folder`; return the files its environment takes.

    The files are sorted by name, and a GPU variant's are the CPU variant's and its own.

    Raises:
        InputError: environment.yml asks for what no binding provides, or for another version.
        LockError: a bound Debian package is not in the apt lock.

    """
    specs = wanted.condas(variant)
    packages = _bind(variant, specs, debs)
    write_channel(packages, folder)
    with store.scratch("conda") as work:
        request = work / "request.json"
        conda_solver.Request(cache=str(work / "cache")).write(request)
        try:
            answer = command.run(
                [
                    *(sys.executable, "-m", conda_solver.__name__, "create", "--prefix", work),
                    *("--dry-run", "--json", "--override-channels"),
                    *("--channel", f"file://{folder.resolve()}", *specs),
                ],
                purpose=f"solving {variant.name} against the channel debian",
                env=command.plain(
                    **{conda_solver.VARIABLE: str(request)}, PYTHONPATH=str(store.CODE)
                ),
            )
        except CommandError:
            refusal = conda_solver.refusal(request)
            if not refusal:
                raise
            held = ", ".join(f"{package.name} {package.version}" for package in packages)
            raise InputError(
                f"the base layer holds {held}, and {variant.name} asks for more:\n{refusal.why}",
                where=wanted.ENVIRONMENT.name,
                mend="ask for what it has, or build with --channel conda-forge",
            ) from None
    return [folder / SUBDIR / fn for fn in conda_solver.chosen(answer)]


def bound(variant: Variant, debs: Sequence[DebPin]) -> list[tuple[str, str]]:
    """Return the name and version of the packages that a variant asks for, without making them."""
    packages = _bind(variant, wanted.condas(variant), debs)
    return [(package.name, package.version) for package in packages]


def _bind(variant: Variant, specs: Sequence[str], debs: Sequence[DebPin]) -> list[Package]:
    """Make the package of every name that the specs ask for."""
    locked = {pin.name: pin.version for pin in debs}
    packages: list[Package] = []
    problems: list[GradlockError] = []
    for name in map(wanted.spec_name, specs):
        binding = BINDINGS.get(name)
        deb = binding.debian.format(python=variant.python) if binding else ""
        if binding is None:
            problems.append(
                InputError(
                    f"the channel debian has no {name!r}: it binds {', '.join(BINDINGS)}",
                    where=wanted.ENVIRONMENT.name,
                    mend="build with --channel conda-forge, which has it, or add a binding "
                    "to gradlock/channels/debian.py",
                )
            )
        elif deb and deb not in locked:
            problems.append(
                LockError(
                    f"{name!r} is bound to the Debian package {deb!r}, which is not locked",
                    where="requirements/apt.lock",
                    mend=f"add {deb} to requirements/apt.in, then ./inv lock",
                )
            )
        else:
            version = upstream(locked[deb]) if deb else str(variant.cuda_minor)
            packages.append(binding.make(variant, version))
    raise_all(InputError, problems)
    return packages


def upstream(version: str) -> str:
    """Return the upstream part of a Debian version: 2.47.3 of 1:2.47.3-0+deb13u1."""
    without_epoch = version.partition(":")[2] or version
    without_revision = without_epoch.rpartition("-")[0] or without_epoch
    # `+dfsg` marks what Debian left out of the sources; `~rc1` is a release candidate.
    return without_revision.split("+")[0].replace("~", "")
