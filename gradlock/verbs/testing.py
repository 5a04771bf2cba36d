"""Suites inside an image, as several verbs run them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from invoke.exceptions import Exit

from gradlock import progress, store
from gradlock.engine import hardware
from gradlock.engine.engine import Engine
from gradlock.images.image import Image
from gradlock.inputs.variants import Variant
from gradlock.inside import suites as inside
from gradlock.proof import receipts
from gradlock.proof.statement import Statement
from gradlock.verbs.outcome import out

#: The suites that have tiers.
TIERED = ("gradients", "distributed")


def run(
    docker: Engine,
    row: Variant,
    image: Image,
    suites: Sequence[str],
    *,
    gpu_required: bool = False,
    tier: str = "core",
    proven: bool = False,
) -> None:
    """Run suites in a variant's image; what they report goes to `reports/VARIANT`.

    `gpu_required` means nothing in a CPU variant's. With `proven`, what has passed before is
    not run again, and that is said. What passes gets a receipt.

    Raises:
        Exit: a suite failed; pytest's own report is above, its status is the command's.
        InputError: the policy that says whose receipts count is none.

    """
    required = gpu_required and row.gpu
    claims = {suite: _claim(docker, row, image, suite, required, tier) for suite in suites}
    left = [
        suite for suite in suites if not (proven and _told(suite, claims[suite], image, out.print))
    ]
    if not left:
        return
    status = inside.run_suites(
        docker,
        image.reference,
        left,
        gpu=row.gpu,
        gpu_required=required,
        reports=store.ROOT / "reports" / row.name,
        tier=tier,
        seconds=inside.LIMIT * hardware.slowness(docker, row.machine),
        passed=lambda suite: receipts.note(claims[suite]),
    )
    if status:
        raise Exit(f"error: {' and '.join(left)} failed in {image.reference}", code=status)


def smoke(docker: Engine, row: Variant, built: Image) -> None:
    """Run the smoke tests, unless they have passed before: once an image, as a rule.

    Raises:
        Exit: they failed.

    """
    claim = _claim(docker, row, built, "smoke")
    if not receipts.known(claim) and not _told("smoke", claim, built, progress.say):
        run(docker, row, built, ["smoke"])


def _claim(
    docker: Engine,
    row: Variant,
    image: Image,
    suite: str,
    required: bool = False,
    tier: str = "core",
) -> Statement:
    """Return what a receipt of a suite says, with its tier where it has some."""
    tiers = tier if suite in TIERED else ""
    return receipts.claim(docker, image.id, receipts.Run(suite, row.gpu, required, tiers))


def _told(suite: str, claim: Statement, image: Image, say: Callable[[str], None]) -> bool:
    """Tell whether a suite has passed before, and say who says so."""
    who = receipts.proven(claim, image)
    if who:
        say(f"{suite} has passed in {image.reference} before ({who}): not repeated")
    return bool(who)
