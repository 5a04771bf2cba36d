"""The errors a user may meet: each says what is wrong, where, and how to mend it."""

from __future__ import annotations

from collections.abc import Iterable


class GradlockError(Exception):
    """Root of all expected failures; shown without a traceback.

    `what` is one sentence, `where` a file, package or URL, `mend` a command or an action.
    """

    def __init__(self, what: str, *, where: str = "", mend: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.mend = mend
        #: What it is made of, where `raise_all` made one of several.
        self.parts: tuple[GradlockError, ...] = (self,)

    def __str__(self) -> str:
        lines = [self.what]
        if self.where:
            lines.append(f"  where: {self.where}")
        if self.mend:
            lines.append(f"  mend:  {self.mend}")
        return "\n".join(lines)


class InputError(GradlockError):
    """What a person wrote (the table, requirements, a flag) cannot be used."""


class LockError(GradlockError):
    """A lock is missing, stale, truncated, edited by hand, or breaks a rule."""


class StaleError(LockError):
    """A lock's inputs moved on since it was made; `where` is its path in the project."""


class EditedError(LockError):
    """A lock is not what was written; `where` is its path in the project."""


class ArtifactError(GradlockError):
    """An artifact could not be fetched, or its bytes are not those of the lock."""


class CommandError(GradlockError):
    """A subprocess failed; `mend` ends with the last lines that it printed."""


class EngineError(GradlockError):
    """No Docker Engine, no permission on its socket, or it failed in mid-work."""


class RegistryError(GradlockError):
    """A registry refused, does not hold what is asked for, or holds something else."""


class AuditError(GradlockError):
    """A service of known vulnerabilities cannot be asked, or what it answers tells nothing."""


class PinError(GradlockError):
    """A build gave another image than `images.lock` says."""


class DriftError(GradlockError):
    """An image computes something else than its committed fingerprint says."""


class ProofError(GradlockError):
    """What is said of an image is wrong, is signed by nobody who is trusted, or is not said."""


class ToolError(GradlockError):
    """A library that gradlock works with lacks what it needs: it is older than it should be."""

    def __init__(self, said: str) -> None:
        super().__init__(
            f"a library of .venv is not as gradlock needs it: {said}",
            where="requirements/dev.txt, which .venv is made from",
            mend="git checkout it; or a later tools_as_of in variants.toml, and ./inv lock",
        )


def raise_all(kind: type[GradlockError], problems: Iterable[GradlockError]) -> None:
    """Raise nothing, the one problem, or all of them together as one `kind`."""
    found = list(problems)
    if len(found) == 1:
        raise found[0]
    if found:
        whole = kind(f"{len(found)} problems:\n" + "\n".join(str(problem) for problem in found))
        whole.parts = tuple(part for problem in found for part in problem.parts)
        raise whole
