"""Images by way of a real registry: from one store to another, held to images.lock."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from docker.errors import DockerException

from gradlock import store
from gradlock.engine.engine import Engine
from gradlock.images import pins
from gradlock.images.pins import ImagePin
from gradlock.proof import bill, envelope
from gradlock.registry import reference, referrers
from gradlock.registry.client import Repository
from gradlock.registry.referrers import Document
from tests.e2e.conftest import Invoke

PROGRAM = shutil.which("docker-registry")
pytestmark = pytest.mark.skipif(
    PROGRAM is None, reason="needs Debian's docker-registry: apt-get install docker-registry"
)
#: Seconds that a registry may take to start.
PATIENCE = 20
#: Where nothing answers: an image that comes from a registry needs no mirror and no index.
NOWHERE = {
    "GRADLOCK_DEBIAN_MIRROR": "http://127.0.0.1:9/debian",
    "GRADLOCK_DEBIAN_SECURITY_MIRROR": "http://127.0.0.1:9/debian-security",
    "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
    "PIP_EXTRA_INDEX_URL": "",
}


@dataclass(frozen=True)
class Registry:
    """A registry of this machine: its address, and where its data lie."""

    host: str
    data: Path

    @property
    def place(self) -> str:
        """Return the repository that tests use."""
        return f"{self.host}/team/gradlock"

    def blob(self, digest: str) -> Path:
        """Return where a blob's data lie."""
        sha256 = digest.removeprefix("sha256:")
        return self.data / f"docker/registry/v2/blobs/sha256/{sha256[:2]}/{sha256}/data"

    def layers(self) -> list[Path]:
        """Return the compressed layers of the pinned image, bottom first."""
        told = json.loads(self.blob(pin().manifest).read_bytes())
        return [self.blob(row["digest"]) for row in told["layers"]]

    def tags(self) -> set[str]:
        """Return what is tagged; nothing before there is a repository."""
        answer = httpx.get(f"http://{self.host}/v2/team/gradlock/tags/list", trust_env=False)
        return set(answer.json()["tags"]) if answer.status_code == httpx.codes.OK else set()


def pin() -> ImagePin:
    found = pins.find("debian", "cpu")
    assert found
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    """Return a starter of registries on loopback; `more` is YAML below `http` and `auth`."""
    running: list[subprocess.Popen[bytes]] = []

    def serve(name: str, *, http: str = "", more: str = "") -> Registry:
        home = tmp_path_factory.mktemp(name)
        host = f"127.0.0.1:{free_port()}"
        settings = (
            f"version: 0.1\nlog:\n  level: error\nstorage:\n  filesystem:\n"
            f"    rootdirectory: {home}/data\nhttp:\n  addr: {host}\n{http}{more}"
        )
        (home / "config.yml").write_text(settings)
        assert PROGRAM
        running.append(subprocess.Popen([PROGRAM, "serve", str(home / "config.yml")]))
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                socket.create_connection(("127.0.0.1", int(host.rpartition(":")[2]))).close()
                return Registry(host, home / "data")
            except OSError:
                assert time.monotonic() < deadline, "the registry does not start"
                time.sleep(0.05)

    yield serve
    for process in running:
        process.terminate()
        process.wait()


@pytest.fixture(scope="module")
def pushed(start: object, invoke: Invoke, cpu_image: str) -> Registry:
    """Return a registry that the CPU image was pushed to, after a push that was killed."""
    del cpu_image  # it is in the store
    registry: Registry = start("plain")  # type: ignore[operator]
    killed = invoke("push", "--to", registry.place)
    deadline = time.monotonic() + 300
    while not list(registry.data.rglob("*/data")) and killed.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.communicate()
    assert registry.tags() == set()
    out = finished(invoke("push", "--to", registry.place))
    assert f"{registry.place}@{pin().manifest}" in out
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


@pytest.mark.skipif(shutil.which("skopeo") is None, reason="needs skopeo: apt-get install skopeo")
def test_another_client_sees_the_same_image(pushed: Registry, tmp_path: Path) -> None:
    argv = ["skopeo", "copy", "--src-tls-verify=false", f"docker://{pushed.place}:cpu"]
    subprocess.run([*argv, f"oci:{tmp_path}/layout:cpu"], check=True, capture_output=True)
    (row,) = json.loads((tmp_path / "layout/index.json").read_text())["manifests"]
    assert row["digest"] == pin().manifest


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
    victim = pushed.layers()[5]
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
    process = invoke("image", "--no-smoke", GRADLOCK_CACHE=f"127.0.0.1:{free_port()}/x")
    out, err = process.communicate()
    assert process.returncode == 0, err
    assert cpu_image in out
    assert "the team's cache failed" in err
    assert time.monotonic() - begin < 60


def test_a_password_and_a_ca_of_ones_own(
    start: object, invoke: Invoke, tmp_path: Path, cpu_image: str
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
    registry: Registry = start("guarded", http=tls, more=auth)  # type: ignore[operator]
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


def test_a_saved_image_is_taken_by_an_engine_and_by_another_client(
    docker_engine: Engine, invoke: Invoke, cpu_image: str, tmp_path: Path
) -> None:
    saved = tmp_path / "cpu.tar"
    assert cpu_image in finished(invoke("save", str(saved)))
    if shutil.which("skopeo"):
        argv = ["skopeo", "inspect", "--config", f"oci-archive:{saved}:cpu"]
        told = json.loads(subprocess.run(argv, check=True, capture_output=True).stdout)
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
    finished(invoke("suite", "smoke"))
    assert "has passed" in finished(invoke("suite", "smoke", "--proven"))
    out = finished(invoke("push", "--to", pushed.place, "--receipts", str(key)))
    assert "suites that passed in it, signed" in out
    with Repository(reference.parse(pushed.place)) as repository:
        assert referrers.find(repository, pin().manifest, envelope.KIND)
    env = {"GRADLOCK_STORE": str(tmp_path / "store"), "GRADLOCK_CACHE": pushed.place, **NOWHERE}
    trusting = invoke("suite", "smoke", "--proven", GRADLOCK_POLICY=str(policy), **env)
    assert "before (signed by ci): not repeated" in finished(trusting)
