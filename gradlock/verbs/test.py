"""The verb `test`."""

from __future__ import annotations

import os
import shlex
import sys

from invoke.context import Context
from invoke.exceptions import Exit

from gradlock import store
from gradlock.verbs import flags
from gradlock.verbs.outcome import verb


@verb(
    help={
        **flags.GPU_REQUIRED,
        "fresh": "Repeat the suites that have passed before in the same images, too.",
    }
)
def test(
    context: Context,
    gpu_required: bool = False,  # noqa: PT028 - a verb
    fresh: bool = False,  # noqa: PT028
) -> None:
    """Run every test that this machine can run: nox's default sessions.

    A suite that has passed in the same image, on the same kind of machine, is not repeated, and
    that is said. Where the variable CI is set, as continuous integration does, everything is.
    """
    nox = [sys.executable, "-m", "nox", "--noxfile", str(store.ROOT / "noxfile.py")]
    fresh = fresh or bool(os.environ.get("CI"))
    given = [*(["--gpu-required"] if gpu_required else []), *([] if fresh else ["--proven"])]
    extra = ["--", *given] if given else []
    with context.cd(str(store.ROOT)):
        done = context.run(shlex.join([*nox, *extra]), warn=True, pty=sys.stdout.isatty())
    if done is None or done.exited:
        raise Exit("error: a session failed; its report is above", code=done.exited if done else 1)
