"""The channel `debian`: conda's names, bound to the Debian packages of the base layer.

It serves where conda-forge's packages cannot be fetched. Its packages are made from the apt
lock and hold no programs: links to those that the base layer has, and for Python the layout of
a virtual environment over Debian's interpreter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gradlock.errors import GradlockError, InputError, LockError, raise_all
from gradlock.inputs import wanted
from gradlock.inputs.variants import Variant
from gradlock.locks.pins import DebPin

#: What every package's build string starts with; `conda list` shows it.
BUILD = "debian_0"


@dataclass(frozen=True)
class Package:
    """A conda package of small files; paths are below the prefix.

    `files` are texts, `links` symbolic links and their targets. `extra` goes into its record
    beside what every package has.
    """

    name: str
    version: str
    build: str
    files: Mapping[str, str] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)


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


def packages(variant: Variant, debs: Sequence[DebPin]) -> tuple[Package, ...]:
    """Return the packages that a variant's environment takes, sorted by name.

    Raises:
        InputError: environment.yml asks for what no binding provides, or for another version.
        LockError: a bound Debian package is not in the apt lock.

    """
    specs = wanted.condas(variant)
    made = _bind(variant, specs, debs)
    raise_all(InputError, filter(None, (_refusal(spec, made, variant) for spec in specs)))
    return tuple(made[name] for name in sorted(made))


def _refusal(spec: str, made: Mapping[str, Package], variant: Variant) -> InputError | None:
    """Return why a package is not what a spec asks for; None where it is."""
    # Here, since importing it takes longer than all the rest. This much of it starts no
    # threads, so it cannot abort the end of this process, as its solver can.
    from rattler import BuildString, MatchSpec, PackageRecord
    from rattler.exceptions import InvalidMatchSpecError

    where = wanted.ENVIRONMENT.name
    package = made[wanted.spec_name(spec)]
    try:
        asked = MatchSpec(spec)
    except InvalidMatchSpecError as error:
        return InputError(f"not a conda spec: {spec!r}: {error}", where=where)
    build, subdir = BuildString(package.build), variant.machine.conda
    if asked.matches(PackageRecord(package.name, package.version, build, 0, subdir)):
        return None
    return InputError(
        f"the base layer has {package.name} {package.version}, which is not {spec!r}",
        where=where,
        mend="ask for what it has, or build with --channel conda-forge",
    )


def _bind(variant: Variant, specs: Sequence[str], debs: Sequence[DebPin]) -> dict[str, Package]:
    """Make the package of every name that the specs ask for; return them by their names."""
    locked = {pin.name: pin.version for pin in debs}
    made: dict[str, Package] = {}
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
                    "to gradlock/layers/bindings.py",
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
            made[name] = binding.make(variant, version)
    raise_all(InputError, problems)
    return made


def upstream(version: str) -> str:
    """Return the upstream part of a Debian version: 2.47.3 of 1:2.47.3-0+deb13u1."""
    without_epoch = version.partition(":")[2] or version
    without_revision = without_epoch.rpartition("-")[0] or without_epoch
    # `+dfsg` marks what Debian left out of the sources; `~rc1` is a release candidate.
    return without_revision.split("+")[0].replace("~", "")
