"""Suites inside an image, as several verbs run them."""

from __future__ import annotations

from collections.abc import Sequence

from invoke.exceptions import Exit

from gradlock import store
from gradlock.engine.engine import Engine
from gradlock.images.image import Image
from gradlock.inputs.variants import Variant
from gradlock.inside import suites as inside


def run(
    docker: Engine,
    row: Variant,
    reference: str,
    suites: Sequence[str],
    *,
    gpu_required: bool = False,
    tier: str = "core",
) -> None:
    """Run suites in a variant's image; what they report goes to `reports/VARIANT`.

    `gpu_required` means nothing in a CPU variant's.

    Raises:
        Exit: a suite failed; pytest's own report is above, its status is the command's.

    """
    status = inside.run_suites(
        docker,
        reference,
        suites,
        gpu=row.gpu,
        gpu_required=gpu_required and row.gpu,
        reports=store.ROOT / "reports" / row.name,
        tier=tier,
    )
    if status:
        raise Exit(f"error: {' and '.join(suites)} failed in {reference}", code=status)


def smoke(docker: Engine, row: Variant, built: Image) -> None:
    """Run the smoke tests once an image; a stamp in the store remembers what passed."""
    stamp = store.folder("passed") / inside.stamp(docker, built.id, gpu=row.gpu)
    if stamp.exists():
        return
    run(docker, row, built.reference, ["smoke"])
    stamp.touch()
