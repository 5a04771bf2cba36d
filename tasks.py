"""The verbs: `./inv --list` names them, `./inv --help VERB` teaches one."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence

from invoke.collection import Collection

from gradlock.verbs.program import Program

#: Each the one of the module of its name.
VERBS = (
    *("audit", "base", "clean", "compose", "cuda", "deploy", "diff", "doctor", "drift", "fetch"),
    *("fingerprint", "image", "key", "lab", "lock", "logs", "ps", "pull", "push", "save", "sbom"),
    *("setup", "shell", "stop", "suite", "tensorboard", "test", "variants", "verify"),
)


def verbs(words: Sequence[str] = ()) -> Collection:
    """Return the verbs that a command line begins with or names; all, where it begins otherwise.

    To import them all takes longer than most of them.
    """
    begins = bool(words) and words[0] in VERBS and not {"-l", "--list"} & set(words)
    named = [name for name in VERBS if not begins or name in words]
    modules = (importlib.import_module(f"gradlock.verbs.{name}") for name in named)
    return Collection(*(getattr(module, name) for module, name in zip(modules, named, strict=True)))


if __name__ == "__main__":
    Program(verbs(sys.argv[1:])).run()
else:
    #: What invoke finds where it is started by itself.
    namespace = verbs()
