"""What a registry brings is what was asked for, and what it refuses is told in words."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from gradlock import store
from gradlock.errors import RegistryError
from gradlock.progress import Meter
from gradlock.registry.client import Repository
from tests.unit.registry.loopback import Registry

DATA = bytes(range(256)) * 100
DIGEST = f"sha256:{store.digest(DATA)}"


def download(repository: Repository, path: Path) -> bytes:
    repository.download(DIGEST, len(DATA), path, Meter())
    return path.read_bytes()


def test_a_broken_connection_is_gone_on_from(
    repository: Repository, registry: Registry, tmp_path: Path
) -> None:
    registry.add(DATA)
    registry.breaks = [5000]
    assert download(repository, tmp_path / "part") == DATA


def test_what_a_killed_run_has_brought_is_not_asked_for_again(
    repository: Repository, registry: Registry, tmp_path: Path
) -> None:
    registry.add(DATA)
    (tmp_path / "part").write_bytes(DATA[:20_000])
    registry.breaks = [100]  # the first answer has 100 bytes, wherever it begins
    assert download(repository, tmp_path / "part") == DATA


def test_a_flipped_blob_is_refused_and_gone(
    repository: Repository, registry: Registry, tmp_path: Path
) -> None:
    registry.blobs[DIGEST] = b"x" + DATA[1:]
    with pytest.raises(RegistryError, match="refused the blob"):
        download(repository, tmp_path / "part")
    assert not (tmp_path / "part").exists()


def test_a_longer_blob_is_not_read_to_its_end(
    repository: Repository, registry: Registry, tmp_path: Path
) -> None:
    registry.blobs[DIGEST] = DATA * 100
    with pytest.raises(RegistryError, match="refused the blob"):
        download(repository, tmp_path / "part")


def test_a_manifest_with_another_digest_is_refused(
    repository: Repository, registry: Registry
) -> None:
    registry.manifests[DIGEST] = b"{}"
    with pytest.raises(RegistryError, match="refused the manifest"):
        repository.manifest(DIGEST)
    assert repository.manifest("sha256:0") is None


def test_too_many_requests_are_waited_for(repository: Repository, registry: Registry) -> None:
    registry.add(DATA)
    registry.statuses = [429, 503]
    assert repository.has(DIGEST)


@pytest.fixture
def rests(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return the seconds for which further tries wait, which takes none."""
    found: list[float] = []
    monkeypatch.setattr(repository.stop, "wait", found.append)
    return found


def after(wait: str | float) -> str:
    """Return a header's words; of a number the date that is so many seconds from now."""
    if isinstance(wait, str):
        return wait
    return format_datetime(datetime.now(UTC) + timedelta(seconds=wait), usegmt=True)


@pytest.mark.parametrize(
    ("said", "least", "most"),
    [("7", 7, 7), (30, 10, 30), (-30, 0, 0), ("soon", 0, 0)],
)
def test_a_registry_is_asked_again_when_it_wants(
    repository: Repository,
    registry: Registry,
    rests: list[float],
    said: str | float,
    least: float,
    most: float,
) -> None:
    registry.add(DATA)
    registry.statuses, registry.retry_after = [429], after(said)
    assert repository.has(DIGEST)
    assert len(rests) == 1
    assert least <= rests[0] <= most


def test_a_date_that_says_no_zone_is_utc_wherever_this_is(
    repository: Repository, registry: Registry, rests: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = (datetime.now(UTC) + timedelta(seconds=30)).replace(tzinfo=None)
    registry.add(DATA)
    registry.statuses, registry.retry_after = [429], format_datetime(moment)
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("TZ", "Pacific/Kiritimati")
        time.tzset()
        assert repository.has(DIGEST)
    time.tzset()
    assert 10 <= rests[0] <= 30


@pytest.mark.parametrize("said", ["3600", 3600])
def test_one_that_asks_for_too_long_a_wait_is_given_up_at_once(
    repository: Repository, registry: Registry, rests: list[float], said: str | float
) -> None:
    registry.statuses, registry.retry_after = [503, 503], after(said)
    with pytest.raises(RegistryError, match="503") as caught:
        repository.has(DIGEST)
    assert re.fullmatch(r"run it again in 3[56]\d\d seconds, as it asks", caught.value.mend)
    assert rests == []
    assert registry.statuses == [503]


@pytest.mark.parametrize("status", [400, 409, 412])
def test_a_tag_that_cannot_move_is_told(
    repository: Repository, registry: Registry, status: int
) -> None:
    registry.refuses_tags = status
    repository.tag(DIGEST, b"{}")
    with pytest.raises(RegistryError, match="TAG_INVALID") as caught:
        repository.tag("cpu", b"{}")
    assert "--to HOST/REPOSITORY:TAG" in caught.value.mend
    assert registry.manifests.keys() == {DIGEST}
