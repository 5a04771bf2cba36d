"""The verb `diff`."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace

from invoke.context import Context

from gradlock.errors import InputError
from gradlock.inputs.variants import Variant
from gradlock.locks import diff as diffs
from gradlock.locks import revisions
from gradlock.locks.diff import Environment
from gradlock.locks.revisions import Tree
from gradlock.proof import contents, verification
from gradlock.proof.verification import Target
from gradlock.registry import reference
from gradlock.registry.client import Repository
from gradlock.verbs import changes, flags
from gradlock.verbs.outcome import verb


@verb(
    help={
        "old": "A git revision, a variant, REVISION:VARIANT, or an image in a registry, "
        "HOST/REPOSITORY@DIGEST or HOST/REPOSITORY:TAG (default: HEAD).",
        "new": "The other one (default: the working tree).",
        "markdown": "Print Markdown: for a pull request.",
        "json": "Print JSON: for a program.",
    },
)
def diff(
    _context: Context,
    old: str = "HEAD",
    new: str = "",
    markdown: bool = False,
    json_: bool = False,
) -> None:
    """Say what moved in the locks: packages, CUDA, images' sizes, and the numbers."""
    flags.only_one(markdown=markdown, json_=json_)
    report = _report(old, new)
    if json_:
        print(changes.to_json(report))
    elif markdown:
        print(changes.markdown(report), end="")
    else:
        changes.show(report)


def _report(old: str, new: str) -> changes.Report:
    """Compare what two words name."""
    if reference.is_image(old) or reference.is_image(new):
        with ExitStack() as opened:
            return _images(*(_target(word, opened) or word for word in (old, new)))
    (before, one), (after, other) = _side(old), _side(new)
    if one and other:
        return changes.across((before, one), (after, other))
    if one or other:
        raise InputError(
            "a variant is compared with another one, not with all",
            mend="name two: ./inv diff cpu cu125, or ./inv diff HEAD:cpu cpu",
        )
    return changes.between(before, after)


def _target(word: str, opened: ExitStack) -> Target | None:
    """Return the image that a word names in a registry, which is open meanwhile; else None."""
    if not reference.is_image(word):
        return None
    place, name = reference.parse_image(word)
    return verification.find(opened.enter_context(Repository(place)), name)


def _images(old: Target | str, new: Target | str) -> changes.Report:
    """Compare two images in registries, or one with what is locked for its variant, or another.

    Where no bill, and no lock of this folder, tells an image's packages, its layers are compared.
    """
    targets = [one for one in (old, new) if isinstance(one, Target)]
    held = {one.id: contents.environment(one, changes.size_of) for one in targets}
    untold = [one for one in targets if held[one.id] is None]
    if untold and len(targets) == 1:
        raise InputError(
            "an image's packages cannot be told: it has no bill, and other locks made it",
            where=untold[0].where,
            mend="./inv push, of the commit that it was made from, brings a bill",
        )
    if untold:
        sides = [(one.where, contents.outside(one)) for one in targets]
        without = " and ".join(one.where for one in untold)
        report = changes.images_of(sides[0], sides[1], contents.compared(*targets))
        return replace(report, untold=f"packages are not told: no bill, and other locks: {without}")
    named = [_held(one, held, targets[0]) for one in (old, new)]
    moved = contents.compared(*targets) if len(targets) > 1 else ()
    return changes.images_of(named[0], named[1], moved)


def _held(
    one: Target | str, held: Mapping[str, Environment | None], image: Target
) -> tuple[str, Environment]:
    """Return what an image holds, or what a word names has locked for such an image."""
    if isinstance(one, Target):
        found = held[one.id]
        assert found is not None, "asked before"
        return one.where, found
    tree, row = _side(one)
    row = row or diffs.rows(tree).get(image.variant)
    if row is None:
        raise InputError(f"{tree.name} has no variant {image.variant!r}, which the image is of")
    whole = diffs.environment(tree, row, changes.size_of)
    return f"{row.name} in {tree.name}", contents.as_in(whole, image.channel)


def _side(word: str) -> tuple[Tree, Variant | None]:
    """Return the state of the project that a word names, and the variant if it names one."""
    here = revisions.here()
    if not word:
        return here, None
    if row := diffs.rows(here).get(word):
        return here, row
    revision, colon, name = word.partition(":")
    tree = revisions.of(revision)
    if not colon:
        return tree, None
    rows = diffs.rows(tree)
    if name not in rows:
        raise InputError(f"{revision} has no variant {name!r}: it has {', '.join(rows)}")
    return tree, rows[name]
