"""An engine behind ssh, as a Unix socket of this machine."""

from __future__ import annotations

import functools
import socketserver
import tempfile
import threading
from pathlib import Path
from urllib.parse import urlsplit

from gradlock import command
from gradlock.errors import EngineError

#: Forwards a connection to the engine of the machine where it runs; docker's own client does so.
RELAY = "docker system dial-stdio"


@functools.cache
def opened(host: str) -> str:
    """Return the address of a socket that leads to the engine at `ssh://[USER@]HOST[:PORT]`.

    It is there as long as this process. Each connection is an ssh of its own, so that all
    that an engine's API does works, streams in both directions too. The system's ssh brings
    the user's keys, agent and configuration; it asks nothing, since nobody may be there.

    Raises:
        EngineError: the address names no host.
        CommandError: there is no ssh.

    """
    parts = urlsplit(host)
    if not parts.hostname or parts.path.strip("/"):
        raise EngineError(
            "the address of an engine over ssh is ssh://[USER@]HOST[:PORT]",
            where=host,
            mend="the engine is the one that docker talks to there",
        )
    command.run(["ssh", "-V"], purpose=f"reaching {host}")
    argv = ["ssh", "-o", "BatchMode=yes"]
    argv += ["-l", parts.username] if parts.username else []
    argv += ["-p", str(parts.port)] if parts.port else []
    argv += ["--", parts.hostname, RELAY]

    class Relay(socketserver.BaseRequestHandler):
        """Lends a connection to an ssh until either ends."""

        def handle(self) -> None:
            with command.talking(argv, self.request, purpose=f"reaching {host}") as process:
                process.wait()

    # A Unix socket's path must be short, which the store's need not be.
    folder = tempfile.TemporaryDirectory(prefix="gradlock-")
    server = Server(folder, Relay)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"unix://{server.path}"


class Server(socketserver.ThreadingUnixStreamServer):
    """Listens in a folder that lasts as long as it does."""

    daemon_threads = True

    def __init__(
        self, folder: tempfile.TemporaryDirectory[str], relay: type[socketserver.BaseRequestHandler]
    ) -> None:
        self.folder = folder
        self.path = Path(folder.name) / "docker.sock"
        super().__init__(str(self.path), relay)
