"""Takes an image's fingerprint: `measure.py`, run inside it as any user's program is."""

from __future__ import annotations

import shutil
from pathlib import Path

from gradlock import progress, store
from gradlock.engine import engine as engines
from gradlock.engine.engine import Engine
from gradlock.errors import EngineError, InputError
from gradlock.fingerprint import document
from gradlock.fingerprint.document import Fingerprint
from gradlock.inside import suites as inside

PROGRAM = Path(__file__).with_name("measure.py")
#: Seconds that it may take; it takes 20.
LIMIT = 300
THREADS = 2
ONEDNN = {
    "default": {},
    "on": {"TF_ENABLE_ONEDNN_OPTS": "1"},
    "off": {"TF_ENABLE_ONEDNN_OPTS": "0"},
}
#: The image's labels that a fingerprint keeps.
LABELS = {"variant": "io.gradlock.variant", "locks": "io.gradlock.locks"}


def take(
    engine: Engine, image: str, *, threads: int = THREADS, onednn: str = "default"
) -> Fingerprint:
    """Measure what an image computes.

    Raises:
        InputError: no such image, or a setting that does not exist.
        EngineError: the engine refused, or TensorFlow failed inside the image.

    """
    if onednn not in ONEDNN:
        raise InputError(f"unknown setting of oneDNN {onednn!r}: use {', '.join(ONEDNN)}")
    if threads < 1:
        raise InputError(f"{threads} threads: use one at least")
    progress.say(f"measuring {image}: some 20 s")
    with store.scratch("fingerprint") as scratch, engines.working(engine, f"measuring {image}"):
        tests, results = scratch / "tests", scratch / "results"
        for folder, mode in ((tests, 0o755), (results, 0o777)):
            folder.mkdir()
            folder.chmod(mode)
        shutil.copy(PROGRAM, tests)
        (tests / PROGRAM.name).chmod(0o644)
        found = results / "fingerprint.json"
        box = inside.box(tests, results)
        box["environment"] |= ONEDNN[onednn]
        argv = [
            *("timeout", "--kill-after=10", str(LIMIT), "python"),
            *(f"/gradlock/tests/{PROGRAM.name}", f"/gradlock/results/{found.name}"),
            *("--threads", str(threads)),
        ]
        with engines.container(engine, image, argv, kind="tests", **box) as container:
            container.start()
            status = container.wait(timeout=LIMIT + inside.GRACE)["StatusCode"]
            # TensorFlow's greetings are no news, unless it failed.
            said = container.logs(tail=20).decode(errors="replace")
        if status:
            raise EngineError(
                f"the fingerprint of {image} failed with status {status}:\n{said.rstrip()}"
            )
        taken = document.parse(found.read_text(encoding="utf-8"), image)
        attributes = engine.client.images.get(image).attrs
    labels = attributes["Config"].get("Labels") or {}
    names = {name: labels[label] for name, label in LABELS.items() if label in labels}
    return taken.of({"id": attributes["Id"], **names})
