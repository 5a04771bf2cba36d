"""The verbs: `./inv --list` names them, `./inv --help VERB` teaches one."""

from __future__ import annotations

from invoke.collection import Collection

from gradlock.verbs.audit import audit
from gradlock.verbs.base import base
from gradlock.verbs.clean import clean
from gradlock.verbs.compose import compose
from gradlock.verbs.cuda import cuda
from gradlock.verbs.deploy import deploy
from gradlock.verbs.diff import diff
from gradlock.verbs.doctor import doctor
from gradlock.verbs.drift import drift
from gradlock.verbs.fetch import fetch
from gradlock.verbs.fingerprint import fingerprint
from gradlock.verbs.image import image
from gradlock.verbs.key import key
from gradlock.verbs.lab import lab
from gradlock.verbs.lock import lock
from gradlock.verbs.logs import logs
from gradlock.verbs.program import Program
from gradlock.verbs.ps import ps
from gradlock.verbs.pull import pull
from gradlock.verbs.push import push
from gradlock.verbs.save import save
from gradlock.verbs.sbom import sbom
from gradlock.verbs.setup import setup
from gradlock.verbs.shell import shell
from gradlock.verbs.stop import stop
from gradlock.verbs.suite import suite
from gradlock.verbs.tensorboard import tensorboard
from gradlock.verbs.test import test
from gradlock.verbs.variants import variants
from gradlock.verbs.verify import verify

#: What invoke finds where it is started by itself.
namespace = Collection(
    *(audit, base, clean, compose, cuda, deploy, diff, doctor, drift, fetch),
    *(fingerprint, image, key, lab, lock, logs, ps, pull, push, save, sbom, setup),
    *(shell, stop, suite, tensorboard, test, variants, verify),
)

if __name__ == "__main__":
    Program(namespace).run()
