"""The record of what no case runs, and why: `unrun.toml`, by file, function and source text.

Line numbers move with every release; text does so where the code changed, and then it is news.
Of another release than the one that it was made with, `unrun.tensorflow-2.20.toml` has what is
not run there besides.
"""

from __future__ import annotations

import json
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from gradients.coverage.places import Place

PATH = Path(__file__).with_name("unrun.toml")
#: Of a function that is not run at all one word stands for all its places.
ALL = "*"
#: The reason of what nobody has looked at.
MISSING = "missing"
HEAD = """\
# What the suite `gradients` does not run of TensorFlow's and Keras's gradient code, and why: by
# file, function and reason the text of each statement, or of a condition and the way that it
# never takes; "*" is a whole function. Held to on every run: what is new here fails.
"""


@dataclass(frozen=True)
class Record:
    """Reasons by their name; by file and function, the reason of each text."""

    reasons: Mapping[str, str]
    unrun: Mapping[str, Mapping[str, Mapping[str, str]]]

    def reason(self, file: str, place: Place, *, whole: bool) -> str:
        """Return why a place is not run; empty: nobody knows.

        `whole` says that nothing of its function is run: only then one word speaks for all.
        """
        texts = self.unrun.get(file, {}).get(place.function, {})
        return texts.get(place.key) or (texts.get(ALL, "") if whole else "")

    def gone(self, unrun: Mapping[str, Iterable[Place]]) -> list[tuple[str, str, str]]:
        """Return what is recorded and is run, or is there no more: file, function, text."""
        left = {
            (file, place.function, key)
            for file, places in unrun.items()
            for place in places
            for key in (place.key, ALL)
        }
        return [
            (file, function, text)
            for file, functions in self.unrun.items()
            for function, texts in functions.items()
            for text in texts
            if (file, function, text) not in left
        ]

    def joined(self, other: Record) -> Record:
        """Return this record with another one's besides."""
        unrun = {
            file: {
                function: {
                    **self.unrun.get(file, {}).get(function, {}),
                    **other.unrun.get(file, {}).get(function, {}),
                }
                for function in {**self.unrun.get(file, {}), **other.unrun.get(file, {})}
            }
            for file in {**self.unrun, **other.unrun}
        }
        return Record({**self.reasons, **other.reasons}, unrun)

    def beyond(self, other: Record) -> Record:
        """Return what this record has, and another one has not."""
        found: dict[str, dict[str, dict[str, str]]] = {}
        for file, functions in self.unrun.items():
            for function, texts in functions.items():
                for text, reason in texts.items():
                    if text not in other.unrun.get(file, {}).get(function, {}):
                        found.setdefault(file, {}).setdefault(function, {})[text] = reason
        return _explained(self.reasons, found)


def of_release(release: str) -> Path:
    """Return the file of a release that `unrun.toml` was not made with."""
    return PATH.with_suffix(f".tensorflow-{release}.toml")


def held(release: str) -> Record:
    """Return the record that a release is held to."""
    path = of_release(release)
    return read().joined(read(path)) if path.exists() else read()


def read(path: Path = PATH) -> Record:
    """Return the committed record.

    Raises:
        ValueError: a reason that the file does not explain.

    """
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    reasons = document.pop("reasons", {})
    unrun: dict[str, dict[str, dict[str, str]]] = {}
    for file, functions in document.items():
        for function, by_reason in functions.items():
            for reason, texts in by_reason.items():
                if reason not in reasons:
                    raise ValueError(f"{path.name}: {file}, {function}: no reason {reason!r}")
                found = unrun.setdefault(file, {}).setdefault(function, {})
                found.update(dict.fromkeys(texts, reason))
    return Record(reasons, unrun)


def write(record: Record, path: Path = PATH) -> None:
    """Write a record, sorted."""
    lines = [HEAD, "[reasons]"]
    lines += [f"{name} = {json.dumps(why)}" for name, why in sorted(record.reasons.items())]
    for file, functions in sorted(record.unrun.items()):
        lines += ["", f"[{json.dumps(file)}]"]
        for function, texts in sorted(functions.items()):
            by_reason: dict[str, list[str]] = defaultdict(list)
            for text, reason in sorted(texts.items()):
                by_reason[reason].append(text)
            for reason, found in sorted(by_reason.items()):
                key = f"{json.dumps(function)}.{reason}"
                if len(found) == 1:
                    lines.append(f"{key} = [{json.dumps(found[0])}]")
                else:
                    lines += [f"{key} = [", *(f"  {json.dumps(text)}," for text in found), "]"]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def renewed(before: Record, unrun: Mapping[str, Iterable[Place]], whole: set[str]) -> Record:
    """Return a record of what is not run, with the reasons that stand, and else `missing`.

    `whole` has `<file>::<function>` of what is not run at all.
    """
    found: dict[str, dict[str, dict[str, str]]] = {}
    for file, places in unrun.items():
        for place in places:
            entire = f"{file}::{place.function}" in whole
            reason = before.reason(file, place, whole=entire) or MISSING
            texts = found.setdefault(file, {}).setdefault(place.function, {})
            texts[ALL if entire else place.key] = reason
    reasons = {**before.reasons, MISSING: "wants a row, or a reason: nobody has looked yet"}
    return _explained(reasons, found)


def _explained(
    reasons: Mapping[str, str], unrun: Mapping[str, Mapping[str, Mapping[str, str]]]
) -> Record:
    """Return a record with those reasons alone that are given."""
    given = {reason for of in unrun.values() for texts in of.values() for reason in texts.values()}
    return Record({name: why for name, why in reasons.items() if name in given}, unrun)
