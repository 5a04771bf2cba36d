"""Answers of the services, made by hand in the form that they document, and served on loopback.

The services themselves were not asked. Every vulnerability in them is made up.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from gradlock.audit.findings import Subject

KERAS = Subject("pip", "keras", "3.14.0", ("keras",), ("cpu", "cu125"))
CURL = Subject("apt", "curl", "8.14.1-2", ("libcurl4t64",), ("cpu",))


def record(name: str, package: str, *events: dict[str, str], **more: Any) -> dict[str, Any]:
    """Return OSV's record of a vulnerability in one package."""
    ecosystem = more.pop("ecosystem", "PyPI")
    affected = {
        "package": {"name": package, "ecosystem": ecosystem},
        "ranges": [{"type": "ECOSYSTEM", "events": list(events)}],
    }
    return {"id": name, "affected": [{**affected, **more.pop("affected", {})}], **more}


@dataclass
class Service:
    """A service on loopback, of both kinds; `fault` spoils every answer.

    `known` are the identifiers of each package of OSV's, `paged` those that come on a second page.
    """

    records: dict[str, dict[str, Any]] = field(default_factory=dict)
    known: dict[str, list[str]] = field(default_factory=dict)
    paged: dict[str, list[str]] = field(default_factory=dict)
    tracker: dict[str, Any] = field(default_factory=dict)
    fault: int | str = ""
    asked: list[dict[str, Any]] = field(default_factory=list)
    url: str = ""

    def batch(self, told: dict[str, Any]) -> dict[str, Any]:
        """Answer a question about many packages."""
        results = []
        for query in told["queries"]:
            self.asked.append(query)
            name = query["package"]["name"]
            rows = self.paged if "page_token" in query else self.known
            result: dict[str, Any] = {"vulns": [{"id": one} for one in rows.get(name, ())]}
            if name in self.paged and rows is self.known:
                result["next_page_token"] = "second"  # noqa: S105 - of a page
            results.append(result if result["vulns"] else {})
        return {"results": results[1:] if self.fault == "short" else results}


def handler(service: Service) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.answer(service.batch(json.loads(body)))

        def do_GET(self) -> None:
            name = self.path.rpartition("/")[2]
            self.answer(service.tracker if name == "tracker" else service.records[name])

        def answer(self, value: object) -> None:
            if isinstance(service.fault, int):
                self.send_error(service.fault)
                return
            if service.fault == "silent":
                done.wait(10)
                return
            body = json.dumps({} if service.fault == "strange" else value).encode()
            body = body[: len(body) // 2] if service.fault == "truncated" else body
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    done = threading.Event()
    Handler.done = done  # type: ignore[attr-defined]
    return Handler


@contextmanager
def serving() -> Iterator[Service]:
    """Serve both, on a port of their own."""
    service = Service()
    kind = handler(service)
    with ThreadingHTTPServer(("127.0.0.1", 0), kind) as server:
        server.daemon_threads = True
        service.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield service
        kind.done.set()  # type: ignore[attr-defined]
        server.shutdown()
        thread.join()
