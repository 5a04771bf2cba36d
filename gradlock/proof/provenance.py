"""Where an image comes from, by SLSA's form: its locks, the revision, and who built it.

It is a function of the image, the revision and the builder: no clock, and no host's name.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from gradlock import __version__, command, store
from gradlock.errors import CommandError, ProofError
from gradlock.images.recipe import Recipe
from gradlock.locks.lockfile import LockText
from gradlock.proof.statement import Statement

KIND = "https://slsa.dev/provenance/v1"
#: What turns the locks of a checkout into an image.
BUILD = "urn:gradlock:image:v1"
#: Who builds where no workflow of GitHub's does: somebody, at a command line.
SOMEBODY = "urn:gradlock:builder:command-line"


def make(recipe: Recipe, manifest: str) -> Statement:
    """Return where an image comes from, whose manifest has some digest."""
    definition = {
        "buildType": BUILD,
        "externalParameters": {
            "variant": recipe.variant.to_dict(),
            "channel": recipe.channel,
            "as_of": recipe.created.strftime("%Y-%m-%dT%H:%M:%SZ"),
        },
        "internalParameters": {"locks": f"sha256:{recipe.locks.digest}"},
        "resolvedDependencies": [*dependencies(recipe), *_source(revision(), os.environ)],
    }
    details = {"builder": {"id": builder(os.environ), "version": {"gradlock": __version__}}}
    predicate = {"buildDefinition": definition, "runDetails": details}
    return Statement(f"gradlock/{recipe.name}", manifest, KIND, predicate)


def dependencies(recipe: Recipe) -> list[dict[str, Any]]:
    """Return what an image is made from: each lock, with the digest of what it holds.

    Those of the rows that the variant extends are among them: they tell how layers are cut.
    """
    held = [
        lock
        for locks in (*recipe.below, recipe.locks)
        for lock in (locks.apt, locks.conda, locks.pip)
    ]
    return [_lock(lock) for lock in {lock.path: lock for lock in held}.values()]


def _lock(lock: LockText) -> dict[str, Any]:
    short = PurePath(lock.path).relative_to(store.ROOT).as_posix()
    return {"name": short, "uri": f"urn:gradlock:lock:{short}", "digest": {"sha256": lock.digest}}


def builder(environment: Mapping[str, str]) -> str:
    """Return who builds: a workflow of GitHub's, by its name and revision, or somebody."""
    workflow = environment.get("GITHUB_WORKFLOW_REF")
    server = environment.get("GITHUB_SERVER_URL")
    return f"{server}/{workflow}" if workflow and server else SOMEBODY


def _source(commit: str, environment: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the revision of this checkout; nothing where what is here is none."""
    if not commit:
        return []
    server, project = environment.get("GITHUB_SERVER_URL"), environment.get("GITHUB_REPOSITORY")
    uri = f"git+{server}/{project}" if server and project else "urn:gradlock:source"
    return [{"name": "source", "uri": uri, "digest": {"gitCommit": commit}}]


def revision() -> str:
    """Return the commit that is checked out; empty for no clone, or one with changed files."""
    # Whoever owns the clone: nothing of it is run.
    git = ["git", "-c", "safe.directory=*", "-C", str(store.ROOT)]
    try:
        changed = command.run(
            [*git, "status", "--porcelain", "--untracked-files=no"], purpose="asking git"
        )
        commit = command.run([*git, "rev-parse", "--verify", "HEAD"], purpose="asking git")
    except CommandError:
        return ""
    return "" if changed.strip() else commit.strip()


def check(statement: Statement, recipe: Recipe, *, where: str) -> str:
    """See that an image's locks are those of this checkout; return who built it, from what.

    Raises:
        ProofError: it was made from other locks, or is no provenance of gradlock's.

    """
    try:
        definition = statement.predicate["buildDefinition"]
        named = definition["resolvedDependencies"]
        by_name = {row["name"]: row["digest"] for row in named}
        built = str(statement.predicate["runDetails"]["builder"]["id"])
        kind = definition["buildType"]
    except (KeyError, TypeError) as error:
        raise ProofError(
            f"a provenance lacks what SLSA wants: {error}", where=where, mend="push it again"
        ) from error
    if kind != BUILD:
        raise ProofError(f"it tells of another way to build: {kind}", where=where)
    differing = [
        row["name"] for row in dependencies(recipe) if by_name.get(row["name"]) != row["digest"]
    ]
    if differing:
        raise ProofError(
            f"it was made from other locks: {', '.join(differing)}",
            where=where,
            mend="go to the commit that pinned it, or push the image of these locks",
        )
    commit = by_name.get("source", {}).get("gitCommit", "")
    return f"by {built}, from {commit[:12] or 'a changed checkout'}"
