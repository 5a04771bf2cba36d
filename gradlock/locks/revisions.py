"""The project's files as they are, as they were when a run began, or in a revision of git."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gradlock import command, store
from gradlock.errors import CommandError, InputError

#: What this folder holds now, for a message.
HERE = "the working tree"


@dataclass(frozen=True)
class Tree:
    """A state of the project: `read` returns a file's text, or None where it has none."""

    name: str
    read: Callable[[Path], str | None]


def here() -> Tree:
    """Return the files as they are."""
    return Tree(HERE, _text)


def held(paths: tuple[Path, ...], name: str) -> Tree:
    """Return the files as they are, these as they are now, whatever becomes of them."""
    texts = {path: _text(path) for path in paths}
    return Tree(name, lambda path: texts[path] if path in texts else _text(path))


def of(revision: str) -> Tree:
    """Return the files of a revision, as git spells it: `HEAD~3`, a tag, a branch.

    Raises:
        InputError: git knows no such revision, or this is no clone.

    """
    try:
        commit = _git(
            "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"
        )
    except CommandError:
        raise InputError(
            f"{revision!r} is neither a revision that git knows nor a variant",
            where=str(store.ROOT),
            mend="git log names revisions, ./inv variants names variants",
        ) from None
    return Tree(revision, lambda path: _committed(commit.strip(), path))


def last(path: Path) -> Tree | None:
    """Return the files of the commit that last changed a file; None where git tells of none."""
    try:
        commit = _git("log", "-1", "--format=%H", "--", path.relative_to(store.ROOT).as_posix())
    except CommandError:
        return None
    return of(commit.strip()) if commit.strip() else None


def forked() -> Tree | None:
    """Return the files from which both sides of a merge began; None where there is none.

    It is under way, or the last commit: git commits at once what conflicts in no file.
    """
    for sides in (("HEAD", "MERGE_HEAD"), ("HEAD^1", "HEAD^2")):
        try:
            return of(_git("merge-base", *sides).strip())
        except (CommandError, InputError):
            continue
    return None


def _text(path: Path) -> str | None:
    return path.read_bytes().decode(errors="replace") if path.is_file() else None


def _committed(commit: str, path: Path) -> str | None:
    try:
        return _git("show", f"{commit}:{path.relative_to(store.ROOT).as_posix()}")
    except CommandError:
        return None


def _git(*words: str) -> str:
    return command.run(
        # Whoever owns the clone: nothing of it is run.
        ["git", "-c", "safe.directory=*", "-C", store.ROOT, *words],
        purpose="asking git",
    )
