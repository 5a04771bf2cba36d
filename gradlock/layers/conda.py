"""The conda layer: exact package files, installed into a staged prefix by py-rattler.

Link scripts are not run. A package that has some keeps them in the prefix, where conda looks
for them, and is named.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from gradlock import command, progress, store
from gradlock.inputs.platforms import Platform
from gradlock.layers import PREFIX, cache, conda_bytecode, conda_contents, conda_rattler, tar
from gradlock.locks.resolve.forge import CONDA_FORGE

RECIPE = cache.recipe(
    *("layers/conda.py", "layers/conda_contents.py", "layers/conda_rattler.py"),
    "layers/conda_bytecode.py",
    libraries=("py-rattler",),
)
#: How conda numbers a copied file. How rattler made it (a hard link, a copy on write) depends
#: on the file system; in a layer it is a file of its own.
COPY = 3
#: What rattler records of this machine and this moment.
VOLATILE = (
    "extracted_package_dir",
    "package_tarball_full_path",
    "requested_spec",
    "requested_specs",
)


def write(writer: tar.LayerWriter, packages: Sequence[Path], machine: Platform) -> None:
    """Write the prefix that package files of conda-forge make as a layer.

    Nothing is solved, fetched, or held to a hash. A subset makes a
    layer of its own; laid over the others' it makes the same prefix.
    """
    with store.scratch("prefix") as stage:
        stage_prefix(packages, stage, CONDA_FORGE, machine)
        tar.add_tree(writer, stage)


def stage_prefix(packages: Sequence[Path], stage: Path, channel: str, machine: Platform) -> None:
    """Install package files into `stage` as if it were the root of an image.

    `channel` is the URL that conda-meta gives as their origin; `machine` is what the image runs on.

    Raises:
        ArtifactError: a package cannot be read, or would write outside of the prefix.
        LockError: two packages hold the same file, or one counts on a script.

    """
    conda_contents.checked(packages)
    target = stage / PREFIX
    with store.scratch("rattler") as work:
        command.run(
            [
                *(sys.executable, "-m", conda_rattler.__name__, "install"),
                *(target, Path("/") / PREFIX, work / "cache", machine.conda),
                *packages,
            ],
            purpose="installing the conda packages",
            env=command.plain(PYTHONPATH=str(store.CODE), HOME=str(work), TMPDIR=str(work)),
        )
    conda_bytecode.drop(target)
    # rattler marks a prefix as a cache, which backups may skip; an image's is none.
    (target / "CACHEDIR.TAG").unlink()
    normalise(target / "conda-meta", channel)
    scripts = sorted((target / "bin").glob(".*-post-link.sh"))
    if scripts:
        names = ", ".join(path.name[1:].removesuffix("-post-link.sh") for path in scripts)
        progress.say(f"link scripts were not run: {names}")


def normalise(meta: Path, channel: str) -> None:
    """Rewrite a prefix's records without what differs from machine to machine.

    They stay what conda reads: every package has its file name, hashes and paths.
    """
    for path in sorted(meta.glob("*.json")):
        record = json.loads(path.read_text(encoding="utf-8"))
        for key in VOLATILE:
            record.pop(key, None)
        record["channel"] = channel
        record["url"] = f"{channel}/{record['subdir']}/{record['fn']}"
        record["link"] = {"source": "", "type": COPY}
        record["files"].sort()
        record["paths_data"]["paths"].sort(key=lambda entry: entry["_path"])
        for entry in record["paths_data"]["paths"]:
            if entry["path_type"] == "softlink":
                # rattler has hashed the file that the link leads to, on this machine.
                entry.pop("sha256_in_prefix", None)
        path.write_text(json.dumps(record, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    # conda takes a folder for a prefix by its history, which an image has none of.
    (meta / "history").touch()
    for path in meta.iterdir():
        path.chmod(0o644)  # rattler keeps its files to their owner; the image's user reads them
