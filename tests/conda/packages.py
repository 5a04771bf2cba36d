"""Conda packages in conda-forge's place, built by rattler-build: prefix, entry points, scripts.

What they do is Debian's, from the .debs of the lock: a Python that has its own library below the
prefix and reads nothing of the system's, and tools that lead to the base layer's.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml
from rattler_build import Stage0Recipe

from gradlock.layers import deb


def unpack(debs: Iterable[Path], root: Path) -> None:
    """Unpack .debs into a folder."""
    for path in debs:
        subprocess.run(["tar", "-x", "-C", str(root)], input=deb.read(path).data, check=True)


def build(channel: Path, root: Path, python: str, cuda: Iterable[str]) -> None:
    """Build all packages into the folder of a channel; `root` has Debian's Python unpacked."""
    short = ".".join(python.split(".")[:2])
    recipes = [
        _python(root, python, short),
        _tini(),
        _git(),
        _graphviz(),
        _greeter(),
        _clobber(),
        *(_package("cuda-version", release, "true", noarch="generic") for release in cuda),
    ]
    for recipe in recipes:
        for rendered in Stage0Recipe.from_yaml(yaml.safe_dump(recipe)).render():
            rendered.run_build(output_dir=channel, channels=[channel.as_uri()])


def _package(
    name: str,
    version: str,
    script: str,
    *,
    run: Iterable[str] = (),
    noarch: str = "",
    **told: Mapping[str, Any] | str,
) -> dict[str, Any]:
    """Return a recipe; its script gets `PREFIX`, some 255 characters to be replaced later."""
    made: dict[str, Any] = {"script": f"set -e\n{script}", **told}
    if noarch:
        made["noarch"] = noarch
    else:
        made["dynamic_linking"] = {"binary_relocation": False}
    return {
        "package": {"name": name, "version": version},
        "build": made,
        "requirements": {"run": list(run)},
        "about": {"license": "Apache-2.0"},
    }


def _python(root: Path, version: str, short: str) -> dict[str, Any]:
    """Return Python, with packages where conda-forge's has them; this machine does not run it."""
    library = f"lib/python{short}"
    script = f"""
    mkdir -p "$PREFIX/bin" "$PREFIX/lib"
    cp "{root}/usr/bin/python{short}" "$PREFIX/bin/"
    cp -r "{root}/usr/{library}" "$PREFIX/lib/"
    find "$PREFIX/lib" -type l ! -exec test -e {{}} \\; -delete
    # The module `site` is frozen into the program; both names are of one length.
    sed -i s/dist-packages/site-packages/g "$PREFIX/bin/python{short}" "$PREFIX/{library}/site.py"
    sed -i "/deb_build\\|prefix_scheme/s/'posix_local'/'posix_prefix'/" \\
        "$PREFIX/{library}/sysconfig/__init__.py"
    mkdir -p "$PREFIX/{library}/site-packages"
    echo "Packages are installed here." >"$PREFIX/{library}/site-packages/README.txt"
    ln -s python{short} "$PREFIX/bin/python3"
    ln -s python{short} "$PREFIX/bin/python"
    """
    tag = short.replace(".", "")
    return _package("python", version, script, string=f"h0_0_cp{tag}")


def _tini() -> dict[str, Any]:
    """Return a program that holds the prefix, with a zero byte after it, and a text that does."""
    script = r"""
    mkdir -p "$PREFIX/bin"
    cp /usr/bin/env "$PREFIX/bin/held"
    printf '\0%s/share\0' "$PREFIX" >>"$PREFIX/bin/held"
    printf '#!/bin/sh\necho %s\n' "$PREFIX" >"$PREFIX/bin/where"
    chmod 755 "$PREFIX/bin/where"
    ln -s /usr/bin/tini "$PREFIX/bin/tini"
    """
    return _package("tini", "0.19.0", script)


def _git() -> dict[str, Any]:
    script = 'mkdir -p "$PREFIX/bin"; ln -s /usr/bin/git "$PREFIX/bin/git"'
    return _package("git", "2.47.3", script)


def _graphviz() -> dict[str, Any]:
    """Return a package with a script to be run after it is linked, as conda-forge's has."""
    script = r"""
    mkdir -p "$PREFIX/bin"
    ln -s /usr/bin/dot "$PREFIX/bin/dot"
    printf '#!/bin/sh\n"$PREFIX/bin/dot" -c\n' >"$PREFIX/bin/.graphviz-post-link.sh"
    chmod 755 "$PREFIX/bin/.graphviz-post-link.sh"
    """
    return _package("graphviz", "2.43.0", script, run=["greeter"])


def _greeter() -> dict[str, Any]:
    """Return a package of pure Python with a command, for every Python."""
    script = """
    mkdir -p "$PREFIX/site-packages/greeter"
    echo "def main(): print('hello')" >"$PREFIX/site-packages/greeter/__init__.py"
    """
    points = {"entry_points": ["greet = greeter:main"]}
    return _package("greeter", "1.0", script, run=["python"], noarch="python", python=points)


def _clobber() -> dict[str, Any]:
    """Return a package with a file that another has."""
    script = 'mkdir -p "$PREFIX/bin"; echo other >"$PREFIX/bin/where"'
    return _package("clobber", "1.0", script)
