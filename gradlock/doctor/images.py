"""TensorFlow: locks, images, and whether the one is what the other says."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from gradlock import store
from gradlock.doctor.api import AnswerError
from gradlock.doctor.findings import Finding, broken, fine, unseen, warning
from gradlock.doctor.question import Question
from gradlock.errors import GradlockError
from gradlock.inputs.variants import Variant

PINS = "images.lock"
#: What an image says of itself.
LOCKS, CHANNEL = "io.gradlock.locks", "io.gradlock.channel"


def locks(question: Question) -> Iterator[Finding]:
    """Look whether the locks are whole, current, and keep the rules."""
    if question.table is None:
        return
    try:
        from gradlock.locks import freshness, rules
    except ImportError as error:
        yield unseen(
            f"whether they are current: what reads them is not installed ({error.name})",
            mend="./inv setup",
        )
        return
    good = []
    for row in question.rows:
        try:
            found = freshness.current(row, question.table)
            rules.check(found, freshness.current(question.table.leader(row), question.table))
        except GradlockError as error:
            yield broken(
                f"the locks of {row.name}: {_line(error.what)}"
                + (f" ({error.where})" if error.where else ""),
                "an image is built from locks that are whole and current, and from nothing else",
                error.mend or "./inv lock",
            )
        else:
            good.append(row.name)
    if good:
        yield fine(f"the locks of {', '.join(good)} are current")


def images(question: Question) -> Iterator[Finding]:
    """Look at the variants' images in the engine, against `images.lock` and the locks."""
    sought = question.engine.get()
    pins = _pins()
    if isinstance(pins, Finding):
        yield pins
        pins = {}
    for row in question.rows:
        pin = _pin(pins, row)
        yield from _moved(row, question, pin)
        if sought.api is None:
            continue
        reference = f"gradlock:{row.name}"
        try:
            image = sought.api.image(reference)
        except AnswerError as error:
            if error.status != 404:
                yield unseen(f"{reference}: the engine answers {error}")
            else:
                yield fine(f"{reference} is not in the engine yet: {_build(row)} builds it")
            continue
        yield _held(row, image, pin)


def _pins() -> dict[str, Any] | Finding:
    """Return what `images.lock` says, or what is wrong with it."""
    try:
        return tomllib.loads((store.ROOT / PINS).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return warning(
            f"there is no {PINS}",
            "nothing says which ID an image must have",
            f"git checkout {PINS}",
        )
    except (OSError, ValueError) as error:
        return broken(
            f"{PINS} cannot be read: {error}", "no image can be held to it", f"git checkout {PINS}"
        )


def _pin(pins: Mapping[str, Any], row: Variant) -> Mapping[str, Any] | None:
    """Return what is pinned of a variant, from whichever channel."""
    found = [
        rows[row.name] for rows in pins.values() if isinstance(rows, dict) and row.name in rows
    ]
    return found[-1] if found and isinstance(found[-1], dict) else None


def _moved(row: Variant, question: Question, pin: Mapping[str, Any] | None) -> Iterator[Finding]:
    """Tell where the locks have moved since the image was pinned."""
    digest = _digest(row)
    if pin and digest and pin.get("locks") != digest:
        yield warning(
            f"the locks of {row.name} have moved since its image was pinned",
            f"a build gives another ID than {PINS} has, and fails",
            f"{_build(row)} --pin, and commit {PINS} with the locks; or git checkout the locks",
        )


def _held(row: Variant, image: Mapping[str, Any], pin: Mapping[str, Any] | None) -> Finding:
    """Hold an image of the engine to its pin, and to the locks that it was made of."""
    reference = f"gradlock:{row.name}"
    found, wanted = str(image.get("Id", "")), str(pin["id"]) if pin and "id" in pin else ""
    labels = (image.get("Config") or {}).get("Labels") or {}
    digest = _digest(row)
    if LOCKS not in labels:
        return warning(
            f"{reference} is no image of gradlock's: it lacks its labels",
            "something else was tagged with that name",
            f"{_build(row)} tags the right one",
        )
    if digest and labels[LOCKS] != digest:
        return warning(
            f"{reference} is older than the locks, or of other ones",
            "what runs in it is not what the locks say",
            _build(row),
        )
    if wanted and found != wanted and labels.get(CHANNEL, "debian") == "debian":
        return warning(
            f"{reference} is {found[:19]}; {PINS} has {wanted[:19]}",
            "it was built by another release of gradlock, or from changed files",
            _build(row),
        )
    cuda = f", CUDA {row.cuda}, cuDNN {row.cudnn}" if row.gpu else ""
    same = f", as {PINS} has it" if wanted else ""
    return fine(f"{reference} has TensorFlow {row.tensorflow}{cuda}{same}")


def _digest(row: Variant) -> str:
    """Return what an image of the locks as they are says of them; empty where nothing can."""
    try:
        from gradlock.locks import freshness

        return f"sha256:{freshness.read(row).digest}"
    except (ImportError, GradlockError):
        return ""  # the check of the locks tells why


def _build(row: Variant) -> str:
    return f"./inv image --variant {row.name}" if row.gpu else "./inv image"


def _line(text: str) -> str:
    """Return a message of several lines on one."""
    return " ".join(part.strip() for part in text.splitlines())
