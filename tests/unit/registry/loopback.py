"""A registry on loopback that has what a test gives it, and the faults that a test names."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from gradlock import store
from gradlock.registry.reference import Reference


@dataclass
class Registry:
    """What it holds, and how it behaves; `asked` are the requests, each a method and a path."""

    port: int = 0
    blobs: dict[str, bytes] = field(default_factory=dict)
    manifests: dict[str, bytes] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    #: Who may write: a name and its password, and whether a token stands between.
    login: tuple[str, str] | None = None
    by_token: bool = False
    expired: set[str] = field(default_factory=set)
    #: Statuses that are answered, once each, before anything else is.
    statuses: list[int] = field(default_factory=list)
    #: Bytes of a blob after which the connection breaks, once each.
    breaks: list[int] = field(default_factory=list)
    refuses_tags: bool = False
    #: Whether it lists what has a subject by itself.
    lists_referrers: bool = False
    uploads: dict[str, bytes] = field(default_factory=dict)
    tokens: int = 0

    @property
    def place(self) -> Reference:
        """Return the repository that it has."""
        return Reference(f"127.0.0.1:{self.port}", "team/gradlock")

    def add(self, data: bytes) -> str:
        """Hold a blob; return its digest."""
        digest = f"sha256:{store.digest(data)}"
        self.blobs[digest] = data
        return digest

    def referrers(self, subject: str) -> bytes:
        """List what has a subject, as a registry does that knows of referrers."""
        rows = []
        for name, data in self.manifests.items():
            told = json.loads(data)
            if name.startswith("sha256:") and told.get("subject", {}).get("digest") == subject:
                notes = {"annotations": told["annotations"]} if "annotations" in told else {}
                kind = told["artifactType"]
                rows.append({"digest": name, "size": len(data), "artifactType": kind, **notes})
        return json.dumps({"manifests": rows}).encode()

    def allows(self, header: str) -> bool:
        """Tell whether a request with such an authorization may go on."""
        if self.login is None:
            return True
        if self.by_token:
            token = header.removeprefix("Bearer ")
            return token == f"token-{self.tokens}" and token not in self.expired
        return header == basic(self.login)


def basic(login: tuple[str, str]) -> str:
    return "Basic " + base64.b64encode(":".join(login).encode()).decode()


@contextmanager
def serving() -> Iterator[Registry]:
    registry = Registry()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def answer(self, status: int, data: bytes = b"", **headers: str) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data)

        def refuse(self, status: int, code: str) -> None:
            said = {"errors": [{"code": code, "message": code.lower()}]}
            self.answer(status, json.dumps(said).encode())

        def handle_one(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            url = urlsplit(self.path)
            asked = {name: values[0] for name, values in parse_qs(url.query).items()}
            registry.asked.append((self.command, self.path))
            header = self.headers.get("Authorization", "")
            if url.path == "/token":
                if registry.login and header != basic(registry.login):
                    return self.refuse(401, "UNAUTHORIZED")
                registry.tokens += 1
                told = {"token": f"token-{registry.tokens}"}
                return self.answer(200, json.dumps(told).encode())
            if registry.statuses:
                return self.refuse(registry.statuses.pop(0), "TOOMANYREQUESTS")
            if not registry.allows(header):
                realm = f'Bearer realm="http://127.0.0.1:{registry.port}/token",service="s"'
                challenge = realm if registry.by_token else 'Basic realm="s"'
                return self.answer(401, WWW_Authenticate=challenge)
            kind, _, name = url.path.removeprefix("/v2/team/gradlock/").partition("/")
            if kind == "manifests":
                return self.manifest(name, body)
            if kind == "referrers" and registry.lists_referrers:
                return self.answer(200, registry.referrers(name))
            if name.startswith("uploads/"):
                return self.upload(name.removeprefix("uploads/"), body, asked)
            return self.blob(name)

        do_GET = do_HEAD = do_POST = do_PATCH = do_PUT = handle_one  # noqa: N815

        def manifest(self, name: str, body: bytes) -> None:
            if self.command == "PUT":
                if registry.refuses_tags and not name.startswith("sha256:"):
                    return self.refuse(409, "TAG_INVALID")
                registry.manifests[name] = body
                told = {"OCI_Subject": "of it"} if registry.lists_referrers else {}
                return self.answer(201, **told)
            if name not in registry.manifests:
                return self.refuse(404, "MANIFEST_UNKNOWN")
            return self.answer(200, registry.manifests[name])

        def upload(self, name: str, body: bytes, asked: dict[str, str]) -> None:
            if self.command == "POST":
                name = f"upload-{len(registry.asked)}-{threading.get_ident()}"
                registry.uploads[name] = b""
            here = f"/v2/team/gradlock/blobs/uploads/{name}"
            if self.command == "POST":
                return self.answer(202, Location=here)
            if self.command == "PATCH":
                registry.uploads[name] += body
                return self.answer(202, Location=here)
            if f"sha256:{store.digest(registry.uploads[name])}" != asked["digest"]:
                return self.refuse(400, "DIGEST_INVALID")
            registry.blobs[asked["digest"]] = registry.uploads.pop(name)
            return self.answer(201)

        def blob(self, name: str) -> None:
            if name not in registry.blobs:
                return self.refuse(404, "BLOB_UNKNOWN")
            data = registry.blobs[name]
            start = int(self.headers.get("Range", "bytes=0-")[6:].rstrip("-"))
            if registry.breaks and self.command == "GET":
                self.send_response(206 if start else 200)
                self.send_header("Content-Length", str(len(data) - start))
                self.end_headers()
                self.wfile.write(data[start : start + registry.breaks.pop(0)])
                self.close_connection = True
                return None
            return self.answer(206 if start else 200, data[start:])

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        registry.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield registry
        finally:
            server.shutdown()
            thread.join()
