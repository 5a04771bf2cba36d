"""The verbs: `./inv --list` names them, `./inv --help VERB` teaches one."""

from __future__ import annotations

from invoke.collection import Collection

from gradlock.verbs.base import base
from gradlock.verbs.clean import clean
from gradlock.verbs.diff import diff
from gradlock.verbs.drift import drift
from gradlock.verbs.fetch import fetch
from gradlock.verbs.fingerprint import fingerprint
from gradlock.verbs.image import image
from gradlock.verbs.lab import lab
from gradlock.verbs.lock import lock
from gradlock.verbs.program import Program
from gradlock.verbs.setup import setup
from gradlock.verbs.shell import shell
from gradlock.verbs.suite import suite
from gradlock.verbs.test import test
from gradlock.verbs.variants import variants

#: What invoke finds where it is started by itself.
namespace = Collection(
    *(base, clean, diff, drift, fetch, fingerprint, image, lab),
    *(lock, setup, shell, suite, test, variants),
)

if __name__ == "__main__":
    Program(namespace).run()
