"""Stages the site's pages and builds it: `nox -s docs` runs this with the tools of desk.txt.

python -m website                    pages in site/pages, the site in site/html
python -m website --complete         fail where a notebook was not executed, or a report lacks
python -m website --url URL          the address that the site will have
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from gradlock import command, progress, store
from gradlock.errors import GradlockError, InputError
from gradlock.inputs import variants
from website import pages


def main(argv: Sequence[str] | None = None) -> int:
    """Stage, build, and say where the site is."""
    parser = argparse.ArgumentParser(prog="website", description=__doc__)
    parser.add_argument("--complete", action="store_true", help="fail where a result is missing")
    parser.add_argument("--url", default="", help="the address that the site will have")
    parser.add_argument("--to", type=Path, default=store.ROOT / "site", help="default: site")
    given = parser.parse_args(argv)
    try:
        build(given.to.resolve(), url=given.url, complete=given.complete)
    except GradlockError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(given.to / "html" / "index.html")
    return 0


def build(folder: Path, *, url: str = "", complete: bool = False) -> None:
    """Stage the pages in a folder, and have MkDocs build them there.

    Raises:
        InputError: `complete`, and a notebook was not executed, or a report lacks.
        CommandError: MkDocs warned: a dead link, a page that the navigation lacks.

    """
    whole = pages.site()
    if complete and whole.missing:
        raise InputError(
            "the site would not be complete: " + "; ".join(whole.missing),
            where=str(store.ROOT / "reports"),
            mend="`./inv suite gradients notebooks`, then build it again",
        )
    for lack in whole.missing:
        progress.say(f"not complete: {lack}")
    with store.exclusive("site"):
        _build(whole, folder, url)


def _build(whole: pages.Site, folder: Path, url: str) -> None:
    staged, config = folder / "pages", folder / "mkdocs.yml"
    shutil.rmtree(staged, ignore_errors=True)
    for name, data in whole.files.items():
        path = staged / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    store.write_text(config, pages.configuration(whole, staged, folder / "html", url))
    # The locks' moment instead of the clock's: two builds give the same bytes.
    moment = str(int(variants.load().as_of.timestamp()))
    command.run(
        [sys.executable, *("-m", "mkdocs", "build", "--strict", "--config-file"), config],
        purpose="building the site",
        env=command.plain(SOURCE_DATE_EPOCH=moment),
    )


if __name__ == "__main__":
    sys.exit(main())
