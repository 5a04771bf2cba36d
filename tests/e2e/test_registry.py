"""Images by way of a real registry: from one store to another, held to images.lock."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import signal
import socket
import socketserver
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path

import pytest
from docker.errors import DockerException

from gradlock import store
from gradlock.engine.engine import Engine
from gradlock.errors import RegistryError
from gradlock.images import pins
from gradlock.images.pins import ImagePin
from gradlock.progress import Meter
from gradlock.proof import bill, envelope
from gradlock.registry import reference, referrers
from gradlock.registry.client import Repository
from gradlock.registry.referrers import Document
from gradlock.registry.upload import upload
from tests import registries
from tests.e2e.conftest import Invoke
from tests.registries import Registry

Start = Callable[..., Registry]
pytestmark = pytest.mark.skipif(registries.PROGRAM is None, reason=registries.MISSING)
needs_skopeo, needs_podman = (
    pytest.mark.skipif(
        shutil.which(name) is None, reason=f"needs Debian's {name}: apt-get install {name}"
    )
    for name in ("skopeo", "podman")
)
#: Where nothing answers: an image that comes from a registry needs no mirror and no index.
NOWHERE = {
    "GRADLOCK_DEBIAN_MIRROR": "http://127.0.0.1:9/debian",
    "GRADLOCK_DEBIAN_SECURITY_MIRROR": "http://127.0.0.1:9/debian-security",
    "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
    "PIP_EXTRA_INDEX_URL": "",
}


def pin() -> ImagePin:
    found = pins.find("debian", "cpu")
    assert found
    return found


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Return a starter of registries, each with a name and what `serving` takes."""
    with ExitStack() as running:

        def serve(name: str, **given: str) -> Registry:
            home = tmp_path_factory.mktemp(name)
            return running.enter_context(registries.serving(home, **given))

        yield serve


@pytest.fixture(scope="module")
def pushed(start: Start, invoke: Invoke, cpu_image: str) -> Registry:
    """Return a registry that the CPU image was pushed to, after a push that was killed.

    What had come as a whole by then is not sent again.
    """
    del cpu_image  # it is in the store
    registry = start("plain")
    killed = invoke("push", "--to", registry.place)
    deadline = time.monotonic() + 300
    while not registry.whole() and killed.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.communicate()
    assert registry.tags() == set()
    had = registry.whole()
    out = finished(invoke("push", "--to", registry.place))
    assert f"{registry.place}@{pin().manifest}" in out
    sent, size = map(float, re.findall(r"([\d.]+) MB of (\d+) MB sent", out)[0])
    assert sent == pytest.approx(size - had / 1e6, abs=1)
    return registry


def finished(process: subprocess.Popen[str], status: int = 0) -> str:
    """Wait for a command; return what it printed to stdout, or, of one that fails, to stderr."""
    out, err = process.communicate()
    assert process.returncode == status, out + err
    return err if status else out


def test_a_push_tags_what_people_look_for_and_sends_nothing_twice(
    pushed: Registry, invoke: Invoke
) -> None:
    assert {"cpu", "2.21.0-cpu"} < pushed.tags()
    assert "  0.0 MB of" in finished(invoke("push", "--to", pushed.place)).replace("; ", ";  ")


def test_an_engine_pulls_it_by_its_digest(pushed: Registry, docker_engine: Engine) -> None:
    image = docker_engine.client.images.pull(pushed.place, tag=pin().manifest)
    try:
        assert image.id == pin().id or pin().manifest in str(image.attrs["RepoDigests"])
        told = docker_engine.client.containers.run(
            image, ["python", "-c", "import numpy; print(numpy.ones(3).sum())"], remove=True
        )
        assert told.strip() == b"3.0"
    finally:
        for name in image.attrs["RepoDigests"]:
            docker_engine.client.images.remove(name)


def ran(*argv: str) -> str:
    """Run another program; return what it printed."""
    done = subprocess.run(argv, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@needs_skopeo
def test_skopeo_sees_and_copies_the_same_image(pushed: Registry, tmp_path: Path) -> None:
    place = f"docker://{pushed.place}:cpu"
    told = json.loads(ran("skopeo", "inspect", "--tls-verify=false", place))
    assert told["Digest"] == pin().manifest
    assert len(told["Layers"]) == len(pin().layers)
    ran("skopeo", "copy", "--src-tls-verify=false", place, f"oci:{tmp_path}/layout:cpu")
    (row,) = json.loads((tmp_path / "layout/index.json").read_text())["manifests"]
    assert row["digest"] == pin().manifest
    config = json.loads(ran("skopeo", "inspect", "--raw", f"oci:{tmp_path}/layout:cpu"))["config"]
    assert config["digest"] == pin().id


@pytest.fixture
def podman() -> Iterator[Callable[..., str]]:
    """Return a podman with storage of its own, and no other user's."""
    home = Path(tempfile.mkdtemp(prefix="podman-"))  # it refuses long paths
    own = ("podman", f"--root={home}/data", f"--runroot={home}/run")
    try:
        yield partial(ran, *own)
    finally:
        subprocess.run([*own, "rmi", "--all", "--force"], check=False, capture_output=True)
        subprocess.run(["umount", f"{home}/data/overlay"], check=False, capture_output=True)
        shutil.rmtree(home)


@needs_podman
def test_podman_pulls_and_loads_the_same_image(
    pushed: Registry, invoke: Invoke, podman: Callable[..., str], tmp_path: Path
) -> None:
    """By its digest out of a registry, and out of a file."""
    place = f"{pushed.place}@{pin().manifest}"
    identity = podman("pull", "--quiet", "--tls-verify=false", place).strip()
    assert f"sha256:{identity}" == pin().id
    assert podman("image", "inspect", "--format={{.Digest}}", identity).strip() == pin().manifest
    saved = tmp_path / "cpu.tar"
    finished(invoke("save", str(saved)))
    podman("untag", identity)
    podman("load", "--quiet", f"--input={saved}")
    saved.unlink()
    loaded = podman("image", "inspect", "--format={{.Id}}", "gradlock:cpu").strip()
    assert f"sha256:{loaded}" == pin().id


def test_a_machine_without_a_mirror_gets_the_pinned_image(
    pushed: Registry, invoke: Invoke, tmp_path: Path
) -> None:
    """Also where the first try is killed half-way."""
    env = {"GRADLOCK_STORE": str(tmp_path / "store"), "GRADLOCK_CACHE": pushed.place, **NOWHERE}
    killed = invoke("image", "--no-smoke", "--no-load", **env)
    deadline = time.monotonic() + 300
    while not list((tmp_path / "store").glob("layers/*.tar")) and killed.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.communicate()
    out = finished(invoke("image", "--no-smoke", "--pinned", **env))
    assert pin().id in out
    assert not (tmp_path / "store/artifacts").exists()  # nothing was built
    # And it goes on with what the store has, without the cache.
    again = invoke("image", "--no-smoke", **{**env, "GRADLOCK_CACHE": ""})
    assert pin().id in finished(again)


@pytest.mark.parametrize("fault", ["flipped", "truncated", "gone"])
def test_what_a_registry_has_of_another_layer_is_refused(
    fault: str, pushed: Registry, invoke: Invoke, tmp_path: Path
) -> None:
    """The registry's disk is edited by hand."""
    victim = pushed.layers(pin().manifest)[5]
    data = victim.read_bytes()
    try:
        if fault == "gone":
            victim.unlink()
        else:
            half = len(data) // 2
            rest = b"" if fault == "truncated" else bytes([data[half] ^ 1]) + data[half + 1 :]
            victim.write_bytes(data[:half] + rest)
        env = {"GRADLOCK_STORE": str(tmp_path / "store"), **NOWHERE}
        err = finished(invoke("pull", "--from", pushed.place, "--no-load", **env), status=1)
        assert "where:" in err
        assert "mend:" in err
        name = list(pin().layers.values())[5]
        assert not (tmp_path / "store/layers" / f"{name}.tar").exists()
    finally:
        victim.write_bytes(data)


def test_the_cache_keeps_artifacts(pushed: Registry, invoke: Invoke, tmp_path: Path) -> None:
    finished(invoke("image", "--no-smoke", "--push-cache", GRADLOCK_CACHE=pushed.place))
    env = {"GRADLOCK_STORE": str(tmp_path / "store"), "GRADLOCK_CACHE": pushed.place, **NOWHERE}
    assert "verified" in finished(invoke("fetch", **env))


def test_a_cache_that_is_gone_costs_a_line(invoke: Invoke, cpu_image: str) -> None:
    (store.folder("pulled") / pin().id.removeprefix("sha256:")).unlink(missing_ok=True)
    begin = time.monotonic()
    process = invoke("image", "--no-smoke", GRADLOCK_CACHE=f"127.0.0.1:{registries.free_port()}/x")
    out, err = process.communicate()
    assert process.returncode == 0, err
    assert cpu_image in out
    assert "the team's cache failed" in err
    assert time.monotonic() - begin < 60


def test_a_password_and_a_ca_of_ones_own(
    start: Start, invoke: Invoke, tmp_path: Path, cpu_image: str
) -> None:
    del cpu_image
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-keyout", str(tmp_path / "key.pem"), "-out", str(tmp_path / "ca.pem")),
            *("-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1"),
        ],
        check=True,
        capture_output=True,
    )
    words = ["htpasswd", "-Bbn", "who", "secret"]
    if shutil.which(words[0]) is None:
        pytest.skip("needs htpasswd: apt-get install apache2-utils")
    line = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    (tmp_path / "htpasswd").write_text(line)
    tls = f"  tls:\n    certificate: {tmp_path}/ca.pem\n    key: {tmp_path}/key.pem\n"
    auth = f"auth:\n  htpasswd:\n    realm: test\n    path: {tmp_path}/htpasswd\n"
    registry = start("guarded", http=tls, more=auth)
    config = tmp_path / "docker"
    config.mkdir()
    env = {"DOCKER_CONFIG": str(config), "GRADLOCK_STORE": str(store.store())}

    def push(**more: str) -> subprocess.Popen[str]:
        return invoke("push", "--to", registry.place, **env, **more)

    assert "is not trusted" in finished(push(), status=1)
    trusted = {"REQUESTS_CA_BUNDLE": str(tmp_path / "ca.pem")}
    assert "docker login" in finished(push(**trusted), status=1)
    login = "d2hvOnNlY3JldA=="  # who:secret
    (config / "config.json").write_text(json.dumps({"auths": {registry.host: {"auth": login}}}))
    assert pin().manifest in finished(push(**trusted))


def test_an_upload_that_breaks_within_a_piece_is_brought_all_the_same(start: Start) -> None:
    registry = start("broken")
    data = os.urandom(40 << 20)
    digest = f"sha256:{store.digest(data)}"
    limits = [8 << 20, 20 << 20]
    with cutting(registry.host, limits) as host:
        place = reference.parse(f"{host}/team/gradlock")
        with Repository(place, waits=(0.1, 0.1)) as repository:
            assert upload(repository, digest, io.BytesIO(data), len(data), Meter())
    assert limits == []
    assert registry.blob(digest).read_bytes() == data


@contextmanager
def cutting(host: str, limits: list[int]) -> Iterator[str]:
    """Pass connections on to a registry, and cut each that has sent as much as the next limit."""

    class Passer(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            address, port = host.split(":")
            with socket.create_connection((address, int(port))) as there:
                back = threading.Thread(target=self.back, args=(there,))
                back.start()
                sent = 0
                while data := self.request.recv(1 << 16):
                    sent += len(data)
                    if limits and sent > limits[0]:
                        del limits[0]
                        break
                    there.sendall(data)
                for end in (there, self.request):
                    with suppress(OSError):  # the other end was sooner
                        end.shutdown(socket.SHUT_RDWR)
                back.join()

        def back(self, there: socket.socket) -> None:
            with suppress(OSError):  # it was cut
                while data := there.recv(1 << 16):
                    self.request.sendall(data)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Passer) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.skipif(os.geteuid() != 0, reason="a file system that is full needs root")
def test_a_registry_without_room_says_so_and_has_nothing(tmp_path: Path) -> None:
    home = tmp_path / "registry"
    (home / "data").mkdir(parents=True)
    ran("mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(home / "data"))
    try:
        data = os.urandom(40 << 20)
        digest = f"sha256:{store.digest(data)}"
        with registries.serving(home) as registry:
            place = reference.parse(registry.place)
            with Repository(place, waits=(0.1,)) as repository:
                with pytest.raises(RegistryError, match="no room") as caught:
                    upload(repository, digest, io.BytesIO(data), len(data), Meter())
                assert not repository.has(digest)
            assert "make room" in caught.value.mend
            assert registry.tags() == set()
    finally:
        ran("umount", str(home / "data"))


def test_a_saved_image_is_taken_by_an_engine_and_by_another_client(
    docker_engine: Engine, invoke: Invoke, cpu_image: str, tmp_path: Path
) -> None:
    saved = tmp_path / "cpu.tar"
    assert cpu_image in finished(invoke("save", str(saved)))
    if shutil.which("skopeo"):
        told = json.loads(ran("skopeo", "inspect", "--config", f"oci-archive:{saved}:cpu"))
        assert told["config"]["Labels"]["io.gradlock.variant"] == "cpu"
    try:
        with saved.open("rb") as stream:
            (image,) = docker_engine.client.images.load(stream)
    except DockerException as error:
        pytest.fail(str(error))
    assert image.id == cpu_image


def verify(invoke: Invoke, registry: Registry, *words: str, status: int = 0) -> dict[str, bool]:
    """Verify the pushed image; return which checks passed."""
    process = invoke("verify", f"{registry.place}:cpu", "--json", *words)
    out, err = process.communicate()
    assert process.returncode == status, out + err
    return {row["check"]: row["passed"] for row in json.loads(out)}


CHECKS = ("whole", "pin", "locks", "bill", "provenance")


def test_a_pushed_image_is_proven_rebuilt_and_signed(
    pushed: Registry, invoke: Invoke, tmp_path: Path
) -> None:
    """The registry is one that does not list referrers; of two that are trusted, one signs."""
    rows = [finished(invoke("key", str(tmp_path / f"{name}.pem"))) for name in ("alice", "bob")]
    policy = tmp_path / "policy.toml"
    policy.write_text("need = 1\n" + "\n".join(rows))
    assert verify(invoke, pushed) == dict.fromkeys(CHECKS, True)
    unsigned = verify(invoke, pushed, "--policy", str(policy), status=1)
    assert unsigned == {**dict.fromkeys(CHECKS, True), "policy": False}
    signed = verify(invoke, pushed, "--sign", str(tmp_path / "alice.pem"), "--policy", str(policy))
    assert signed == dict.fromkeys((*CHECKS, "rebuilt", "signed", "policy"), True)
    policy.write_text("need = 2\n" + "\n".join(rows))
    assert not verify(invoke, pushed, "--policy", str(policy), status=1)["policy"]


def test_a_bill_that_is_edited_on_the_registrys_disk_is_refused(
    pushed: Registry, invoke: Invoke
) -> None:
    with Repository(reference.parse(pushed.place)) as repository:
        (one,) = referrers.find(repository, pin().manifest, bill.KIND)
        manifest = repository.manifest(one.digest)
        assert manifest is not None
        (layer,) = json.loads(manifest)["layers"]
    victim = pushed.blob(layer["digest"])
    data = victim.read_bytes()
    try:
        victim.write_bytes(data.replace(b"tensorflow", b"tensorflaw"))
        assert not verify(invoke, pushed, status=1)["bill"]
    finally:
        victim.write_bytes(data)
    assert verify(invoke, pushed)["bill"]


def test_those_who_say_something_at_once_are_all_listed(pushed: Registry) -> None:
    place = reference.parse(pushed.place)
    with Repository(place) as repository:
        manifest = repository.manifest(pin().manifest)
        before = {one.digest for one in referrers.find(repository, pin().manifest)}
    assert manifest is not None

    def say(number: int) -> None:
        with Repository(place) as own:
            kept = Document("application/vnd.test", f"{number}".encode())
            referrers.attach(own, manifest, [kept])

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(say, range(6)))
    with Repository(place) as repository:
        after = referrers.find(repository, pin().manifest)
    assert len([one for one in after if one.kind == "application/vnd.test"]) == 6
    assert before <= {one.digest for one in after}


def test_what_one_machine_has_proved_the_next_does_not_repeat(
    pushed: Registry, invoke: Invoke, tmp_path: Path
) -> None:
    """It trusts who signed it; that it repeats what nobody trusted has signed is a unit test."""
    key, policy = tmp_path / "ci.pem", tmp_path / "policy.toml"
    policy.write_text(finished(invoke("key", str(key))))
    finished(invoke("suite", "smoke", "--proven"))  # by a session before this one, most often
    assert "has passed" in finished(invoke("suite", "smoke", "--proven"))
    out = finished(invoke("push", "--to", pushed.place, "--receipts", str(key)))
    assert "suites that passed in it, signed" in out
    with Repository(reference.parse(pushed.place)) as repository:
        assert referrers.find(repository, pin().manifest, envelope.KIND)
    env = {"GRADLOCK_STORE": str(tmp_path / "store"), "GRADLOCK_CACHE": pushed.place, **NOWHERE}
    trusting = invoke("suite", "smoke", "--proven", GRADLOCK_POLICY=str(policy), **env)
    assert "before (signed by ci): not repeated" in finished(trusting)
