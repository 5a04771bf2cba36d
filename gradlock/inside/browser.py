"""The user's browser, opened where there is one."""

from __future__ import annotations

import contextlib
import html
import os
import sys
import tempfile
import threading
import webbrowser
from collections.abc import Iterator
from pathlib import Path

#: Goes on to the address at once, as a link does that is followed.
PAGE = '<!doctype html><meta http-equiv="refresh" content="0;url={url}"><a href="{url}">{url}</a>\n'


def wanted() -> bool:
    """Whether a browser can be expected to show something to who started this.

    Not where nobody is at a terminal, nor behind ssh, nor for root, as whom browsers refuse
    to run. Who names a browser in BROWSER has one that works: editors do so behind ssh.
    """
    if not sys.stdout.isatty():
        return False
    if os.environ.get("BROWSER"):
        return True
    if remote() or os.geteuid() == 0:
        return False
    shown = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    return sys.platform == "darwin" or bool(shown)


def remote() -> str:
    """Return what a person who came here by ssh types at home to reach a port of this machine.

    It has `{port}` where the port goes; nothing where nobody came by ssh.
    """
    fields = os.environ.get("SSH_CONNECTION", "").split()
    if len(fields) != 4:
        return ""
    host, port = fields[2], fields[3]
    other = "" if port == "22" else f"-p {port} "
    user = os.environ.get("USER") or os.environ.get("LOGNAME")
    return f"ssh -N -L {{port}}:127.0.0.1:{{port}} {other}{f'{user}@' if user else ''}{host}"


@contextlib.contextmanager
def shown(url: str) -> Iterator[None]:
    """Open an address, while the block lasts, by a page that this user alone can read.

    A command line would show the address, with its token, to everybody on this machine.
    """
    with tempfile.TemporaryDirectory(prefix="gradlock-") as folder:
        page = Path(folder) / "open.html"
        page.write_text(PAGE.format(url=html.escape(url)), encoding="utf-8")
        # A browser in the terminal would not return before it ends.
        threading.Thread(target=webbrowser.open, args=[page.as_uri()], daemon=True).start()
        yield
