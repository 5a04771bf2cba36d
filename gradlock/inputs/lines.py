"""What a line of a requirements file may say: a package, a wheel's place, or what to include.

uv and pip take more: indexes, folders, hashes, variables. What these stand for is no input of the
lock, so that others would lock something else; or it is what a lock has anyway.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from packaging.requirements import InvalidRequirement, Requirement

from gradlock.errors import InputError

#: A line that has a resolver read another file, in every way that pip spells it.
INCLUDE = re.compile(
    r"\s*(?:-|--(?=requirement|constraint))(?P<kind>[rc])(?:equirements?|onstraints?)?[ =]?\s*"
    r"(?P<file>[^\s#]+)"
)
#: A line that asks for a wheel by its path, which is from the project's folder on.
LOCAL = re.compile(r"\s*(?:[\w.-]+(?:\[[^]]*\])?\s*@\s*)?(\.{0,2}/[^\s#;]+\.whl)")
#: A wheel by its URL alone, or the URL of a named one; the rest is no wheel.
URL = re.compile(r"https?://\S+\.whl(?:[?#]\S*)?")
#: How the locks that gradlock writes begin.
LOCK = "# gradlock lock;"
#: A login in a URL, which no message repeats.
LOGIN = re.compile(r"(?<=://)[^/\s@]*@")

BUILD = "build a wheel of it, and name that: ./vendor/NAME-1.0-py3-none-any.whl"
#: What a line must not be, why, and what to do instead.
RULES = (
    (r".*\\\s*$", "goes on in the next one", "write it in one line"),
    (
        r".*\$\{\w+\}",
        "has a variable of the environment: others would lock something else",
        "write what it stands for; a login belongs in ~/.netrc",
    ),
    (r"\s*(-e|--editable)\b", "asks for a folder, which has no hash", BUILD),
    (
        r"\s*-",
        "is an option: others would lock something else",
        "remove it; docs/locks.md says where an index or a mirror is named",
    ),
    (r".*\s--", "has an option of its own", "remove it; hashes are in the lock"),
    (rf".*{LOGIN.pattern}", "has a login in it", "remove it; it belongs in ~/.netrc"),
    (r".*\b(git|hg|svn|bzr)\+", "asks for a repository, which has no hash", BUILD),
    (r".*@\s*(?!https?:|\.{0,2}/)\w", "names a place that others have not", BUILD),
)


def faults(text: str, shown: str) -> Iterator[InputError]:
    """Yield what is wrong with the lines of a requirements file, which errors call `shown`."""
    if text.startswith(LOCK):
        yield InputError(
            "an input is a lock, which holds what was resolved and not what is asked for",
            where=f"{shown}:1",
            mend="name the inputs that it is made from",
        )
        return
    for number, line in enumerate(text.splitlines(), 1):
        asked = stripped(line)
        if asked and line.rstrip().endswith("\\"):
            asked = line.strip()  # pip goes on in the next line before it looks for a comment
        elif not asked or INCLUDE.match(asked):
            continue
        what, mend = _fault(asked)
        if what:
            said = LOGIN.sub("****@", asked)[:120]
            yield InputError(f"a line {what}: {said!r}", where=f"{shown}:{number}", mend=mend)


def stripped(line: str) -> str:
    """Return a line without its comment, which is what pip takes for one."""
    return re.sub(r"(^|\s)#.*$", "", line).strip()


def _fault(asked: str) -> tuple[str, str]:
    """Return what is wrong with a line, and how to mend it; empty where nothing is."""
    for pattern, what, mend in RULES:
        if re.match(pattern, asked):
            return what, mend
    if LOCAL.match(asked) or URL.fullmatch(asked):
        return "", ""
    try:
        url = Requirement(asked).url
    except InvalidRequirement as error:
        why = str(error).partition("\n")[0].rstrip(".")
        return f"is no requirement ({why})", "write a package's name, and what bounds its version"
    if url and not URL.fullmatch(url):
        return "asks for what is no wheel, which has no file to lock", BUILD
    return "", ""
