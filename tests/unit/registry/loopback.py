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
    #: What stands for a name and its password, if anything.
    identity: str = ""
    expired: set[str] = field(default_factory=set)
    #: Statuses that are answered, once each, before anything else is.
    statuses: list[int] = field(default_factory=list)
    #: When it wants to be asked again after these, as the header says it.
    retry_after: str = ""
    #: What it says beside each refusal: words, or anything else.
    detail: object = None
    #: Bytes of a blob after which the connection breaks, once each.
    breaks: list[int] = field(default_factory=list)
    #: Bytes of a piece of an upload after which the connection breaks, once each.
    cuts: list[int] = field(default_factory=list)
    #: Statuses that pieces of uploads are answered with, once each.
    patches: list[int] = field(default_factory=list)
    #: Whether an upload goes on within a piece. Docker's own registry drops it.
    goes_on: bool = True
    #: Statuses that whole uploads are answered with, once each; 0: kept, and the answer is lost.
    ends: list[int] = field(default_factory=list)
    #: What it answers where a tag is to be moved; 0: it moves.
    refuses_tags: int = 0
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
            error = {"code": code, "message": code.lower(), "detail": registry.detail}
            said = {"errors": [error]}
            more = {"Retry_After": registry.retry_after} if registry.retry_after else {}
            self.answer(status, json.dumps(said).encode(), **more)

        def handle_one(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            url = urlsplit(self.path)
            asked = {name: values[0] for name, values in parse_qs(url.query).items()}
            registry.asked.append((self.command, self.path))
            header = self.headers.get("Authorization", "")
            if url.path == "/token":
                form = parse_qs(body.decode())
                known = registry.identity and form.get("refresh_token") == [registry.identity]
                if registry.login and header != basic(registry.login) and not known:
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
                    return self.refuse(registry.refuses_tags, "TAG_INVALID")
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
            if name not in registry.uploads:
                return self.refuse(404, "BLOB_UPLOAD_UNKNOWN")
            have = len(registry.uploads[name])
            if int(asked.get("offset", 0)) != have and not registry.goes_on:
                del registry.uploads[name]
                return self.refuse(416, "RANGE_INVALID")
            if self.command == "PATCH" and registry.patches:
                return self.refuse(registry.patches.pop(0), "TOOMANYREQUESTS")
            if self.command == "PATCH" and registry.cuts:
                registry.uploads[name] += body[: registry.cuts.pop(0)]
                self.close_connection = True
                return None
            if self.command == "PUT":
                return self.end(name, asked["digest"])
            registry.uploads[name] += body
            have += len(body)
            here = f"/v2/team/gradlock/blobs/uploads/{name}?offset={have}"
            status = 204 if self.command == "GET" else 202
            return self.answer(status, Location=here, Range=f"0-{max(have - 1, 0)}")

        def end(self, name: str, digest: str) -> None:
            """Keep what was uploaded, if its digest is right."""
            status = registry.ends.pop(0) if registry.ends else 201
            if status >= 400:
                return self.refuse(status, "BLOB_UPLOAD_UNKNOWN")
            if f"sha256:{store.digest(registry.uploads[name])}" != digest:
                return self.refuse(400, "DIGEST_INVALID")
            registry.blobs[digest] = registry.uploads.pop(name)
            if status:
                return self.answer(status)
            self.close_connection = True
            return None

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
