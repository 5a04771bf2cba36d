"""Takes an image's fingerprint: `measure.py`, run inside it as any user's program is."""

from __future__ import annotations

from pathlib import Path

from gradlock import progress
from gradlock.engine import containers
from gradlock.engine.engine import Engine, working
from gradlock.errors import EngineError
from gradlock.fingerprint import document
from gradlock.fingerprint.document import Fingerprint
from gradlock.inside import box
from gradlock.inside.settings import Settings

PROGRAM = Path(__file__).with_name("measure.py")
#: Seconds that it may take (it takes 20), and may outlast that before it is given up.
LIMIT, GRACE = 300, 60
#: What it writes.
RESULT = "fingerprint.json"
THREADS = 2
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
    settings = Settings(threads=threads, onednn=onednn)
    progress.say(f"measuring {image}: some 20 s")
    argv = [
        *("timeout", "--kill-after=10", str(LIMIT), "python"),
        *(str(box.TESTS / PROGRAM.name), str(box.RESULTS / RESULT)),
        *("--threads", str(threads)),
    ]
    with working(engine, f"measuring {image}"):
        options = box.options(engine, **settings.environment)
        with containers.container(engine, image, argv, kind="tests", **options) as container:
            box.put(container, {PROGRAM.name: PROGRAM.read_bytes()})
            container.start()
            status = container.wait(timeout=LIMIT + GRACE)["StatusCode"]
            # TensorFlow's greetings are no news, unless it failed.
            said = container.logs(tail=20).decode(errors="replace")
            found = {} if status else box.results(container)
        attributes = engine.client.images.get(image).attrs
    if RESULT not in found:
        raise EngineError(
            f"the fingerprint of {image} failed with status {status}:\n{said.rstrip()}"
        )
    taken = document.parse(found[RESULT].decode(), image)
    labels = attributes["Config"].get("Labels") or {}
    names = {name: labels[label] for name, label in LABELS.items() if label in labels}
    return taken.of({"id": attributes["Id"], **names})
