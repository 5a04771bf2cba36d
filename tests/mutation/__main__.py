"""Plants mutants of gradient code inside the CPU image: `python -m tests.mutation --mutants 300`.

First the suite runs once, and keeps which test runs which line; then each mutant is held to those
tests. Leaves `gradients.mutation.json` in `reports/cpu`, and fails where no mutant was planted.
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys

from gradlock import store
from gradlock.engine import containers
from gradlock.inputs import variants
from gradlock.inside import box, suites
from gradlock.verbs import building, connection

#: Mutants by default, and the seconds that all of it may take.
MUTANTS, SECONDS = 300, 4 * 3600


def command(mutants: int, seed: str) -> list[str]:
    """Return what runs in the container: the suite, then the mutants."""
    pytest = ["python", "-m", "pytest", f"--junitxml={box.RESULTS}/gradients.xml"]
    suite = [*pytest, "-n", "auto", "--maxprocesses=4", "-q", "--coverage=rows", "gradients"]
    planted = [*pytest, "-q", f"--mutants={mutants}", f"--seed={seed}", "gradients"]
    # What fails in the suite fails without a mutant, and proves nothing: it is left out.
    words = f"{shlex.join(suite)}; {shlex.join(planted)}"
    return ["timeout", str(SECONDS), "sh", "-c", words]


def main() -> int:
    """Plant, keep the report, and return a status."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--mutants", type=int, default=MUTANTS, help="how many are drawn")
    mutants = parser.parse_args().mutants
    engine, row = connection.connect(), variants.load().cpu
    image = building.present(engine, row)
    argv = command(mutants, engine.client.images.get(image).id or image)
    options = box.options(engine)
    with containers.container(engine, image, argv, kind="tests", **options) as container:
        box.put(container, suites.sources())
        suites.follow(container, SECONDS + suites.GRACE)
        results = box.results(container)
    for name, data in results.items():
        if name.startswith("gradients.mutation."):
            with store.replacing(store.ROOT / "reports" / row.name / name) as part:
                part.write_bytes(data)
    return 0 if json.loads(results.get("gradients.mutation.json", b"[]")) else 1


if __name__ == "__main__":
    sys.exit(main())
