"""The verb `diff`."""

from __future__ import annotations

from invoke.context import Context

from gradlock.errors import InputError
from gradlock.inputs.variants import Variant
from gradlock.locks import diff as diffs
from gradlock.locks import revisions
from gradlock.locks.revisions import Tree
from gradlock.verbs import changes, flags
from gradlock.verbs.outcome import verb


@verb(
    help={
        "old": "A git revision, a variant, or REVISION:VARIANT (default: HEAD).",
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
    (before, one), (after, other) = _side(old), _side(new)
    if one and other:
        return changes.across((before, one), (after, other))
    if one or other:
        raise InputError(
            "a variant is compared with another one, not with all",
            mend="name two: ./inv diff cpu cu125, or ./inv diff HEAD:cpu cpu",
        )
    return changes.between(before, after)


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
