"""A repository of a registry: blobs and manifests by digest, tags, by OCI's distribution protocol.

Whatever comes is held to the digest that it was asked for by; whatever goes is there as a whole
or not at all, since a registry takes a blob only with its digest.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx

from gradlock import store
from gradlock.artifacts import network
from gradlock.artifacts.once import Once
from gradlock.progress import Meter
from gradlock.registry import refusals
from gradlock.registry.login import Login
from gradlock.registry.reference import Reference

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
#: What a tag may name; gradlock's images are of the first kind.
KINDS = (
    MANIFEST,
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
#: What a registry answers where there is nothing.
MISSING = (404,)
#: Seconds that a registry may take to say how it is spoken to.
GREETING = 5.0
#: Seconds that a registry may have a further try wait.
PATIENCE = 60.0


class Repository:
    """One repository; a context, which threads may share.

    `stop` ends what is under way in whichever thread. `waits` are the seconds before each
    further try where the network fails, and `timeout` those without a byte after which it has.
    A registry that asks for a longer wait gets it, up to `patience` seconds.
    """

    def __init__(
        self,
        place: Reference,
        *,
        stop: threading.Event | None = None,
        waits: Sequence[float] = network.BACKOFF,
        timeout: float = network.TIMEOUT,
        patience: float = PATIENCE,
    ) -> None:
        self.place = place
        self.stop = stop or threading.Event()
        self.waits = waits
        self._patience = patience
        self.login = Login(place)
        self._client = httpx.Client(
            verify=network.trust(Path("/etc/docker/certs.d", place.host)),
            auth=self.login,
            follow_redirects=True,
            timeout=httpx.Timeout(timeout, pool=None),
        )
        self._base = Once(self._greet)

    def __enter__(self) -> Repository:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._client.close()

    def has(self, digest: str) -> bool:
        """Tell whether the repository holds a blob."""
        return self.ask("HEAD", f"blobs/{digest}", nothing=MISSING) is not None

    def manifest(self, reference: str) -> bytes | None:
        """Return a manifest by its digest (held to it) or a tag; None where there is none.

        Raises:
            RegistryError: it cannot be had, or has another digest.

        """
        accept = {"Accept": ", ".join(KINDS)}
        answer = self.ask("GET", f"manifests/{reference}", headers=accept, nothing=MISSING)
        if answer is None:
            return None
        data = answer.content
        found = f"sha256:{store.digest(data)}"
        if reference.startswith("sha256:") and found != reference:
            raise refusals.other_bytes(self.place, f"the manifest {reference}", found)
        return data

    def blob(self, digest: str) -> bytes:
        """Return a small blob, held to its digest.

        Raises:
            RegistryError: it cannot be had, or has other bytes.

        """
        answer = self.ask("GET", f"blobs/{digest}")
        assert answer is not None
        found = f"sha256:{store.digest(answer.content)}"
        if found != digest:
            raise refusals.other_bytes(self.place, f"the blob {digest}", found)
        return answer.content

    def tag(self, reference: str, manifest: bytes, kind: str = MANIFEST) -> bool:
        """Put a manifest under its digest, or let a tag name it: the last step of a push.

        Tells whether the registry will list it by its subject.

        Raises:
            RegistryError: the registry refuses, since a tag may not move for example.

        """
        headers = {"Content-Type": kind}
        answer = self.ask("PUT", f"manifests/{reference}", headers=headers, content=manifest)
        return answer is not None and "OCI-Subject" in answer.headers

    def download(self, digest: str, size: int, part: Path, meter: Meter) -> None:
        """Bring a blob into a file, from the bytes on that it has already.

        Raises:
            RegistryError: it cannot be had, or has other bytes; then the file is gone.

        """
        told = 0

        def receive() -> None:
            nonlocal told
            have = part.stat().st_size if part.exists() else 0
            headers = {"Accept-Encoding": "identity"}
            if 0 < have < size:
                headers["Range"] = f"bytes={have}-"
            else:
                have = 0
            with self._client.stream("GET", self.url(f"blobs/{digest}"), headers=headers) as answer:
                refusals.check(answer, self.place)
                begun = have if answer.status_code == httpx.codes.PARTIAL_CONTENT else 0
                with part.open("r+b" if begun else "wb") as sink:
                    sink.seek(begun)
                    meter.advance(begun - told)
                    told = begun
                    for chunk in answer.iter_raw():
                        network.check(self.stop, str(self.place))
                        sink.write(chunk)
                        meter.advance(len(chunk))
                        told += len(chunk)
                        if told > size:
                            break

        if not part.exists() or part.stat().st_size != size:
            self._patiently(receive)
        with part.open("rb") as stream:
            found = f"sha256:{hashlib.file_digest(stream, 'sha256').hexdigest()}"
        if found != digest:
            part.unlink()
            raise refusals.other_bytes(self.place, f"the blob {digest}", found)

    def ask(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        content: bytes | None = None,
        nothing: Collection[int] = (),
        once: bool = False,
    ) -> httpx.Response | None:
        """Send a request; return the answer, or None for one of the statuses of `nothing`.

        With `once`, it is not tried again.

        Raises:
            RegistryError: the registry refuses, or no try has brought an answer.
            BusyError: of `once`: it may answer later.

        """

        def work() -> httpx.Response | None:
            answer = self._client.request(
                method, self.url(path), headers=headers, params=params, content=content
            )
            if answer.status_code in nothing:
                return None
            refusals.check(answer, self.place)
            return answer

        return work() if once else self._patiently(work)

    def url(self, path: str) -> str:
        """Return the URL of a path in the repository; of a URL, itself."""
        if "://" in path:
            return path
        return f"{self._base.get()}/v2/{self.place.repository}/{path}"

    def _patiently(self, work: Callable[[], Any]) -> Any:
        """Do what the network may fail, with a few tries.

        Raises:
            RegistryError: the last one failed, too.

        """
        for wait in (*self.waits, None):
            network.check(self.stop, str(self.place))
            try:
                return work()
            except (refusals.BusyError, httpx.HTTPError) as error:
                self.rest(error, wait)
        raise AssertionError("the last try returns, or raises")

    def rest(self, error: Exception, wait: float | None) -> None:
        """Wait before a further try; None: there is none.

        Raises:
            RegistryError: there is none, it would not help, or the registry asks for too long.

        """
        after = error.after if isinstance(error, refusals.BusyError) else 0.0
        if wait is None or refusals.untrusted(error) or after > self._patience:
            raise refusals.unreachable(self.place, error) from error
        self.stop.wait(max(wait, after))

    def _greet(self) -> str:
        """Return the registry's URL: without TLS only where it is on this machine."""
        secure = f"https://{self.place.address}"
        if not self.place.loopback:
            return secure
        try:
            self._client.get(f"{secure}/v2/", auth=None, timeout=GREETING)
        except httpx.TransportError as error:
            if not refusals.untrusted(error):
                return f"http://{self.place.address}"
        return secure
