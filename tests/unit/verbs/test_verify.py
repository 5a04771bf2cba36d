"""The verb `verify`: what cannot be is told at once; a check that fails is its status."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from invoke.context import Context
from invoke.exceptions import Exit

from gradlock.errors import InputError, ProofError
from gradlock.images import pins
from gradlock.images.build import Means
from gradlock.images.pins import ImagePin
from gradlock.images.recipe import Recipe
from gradlock.inputs import variants
from gradlock.proof import keys, verification
from gradlock.proof.verification import Finding, Target
from gradlock.registry.client import Repository
from gradlock.verbs import verify as module
from gradlock.verbs.verify import verify

CPU = variants.load().cpu.name
PLACE = "127.0.0.1:9/team/gradlock"


@pytest.mark.parametrize(
    ("image", "given", "words"),
    [
        (PLACE, {}, "no image in it"),
        (f"{PLACE}@sha256:1", {}, "is no digest"),
        ("absent", {}, "absent"),
        (CPU, {}, "no team's cache"),
        (CPU, {"channel": "absent"}, "unknown channel"),
        (f"{PLACE}:cpu", {"channel": "debian"}, "says its own"),
        (f"{PLACE}:cpu", {"expires": "2027-01-01"}, "is of a signature"),
        (f"{PLACE}:cpu", {"sign": "absent.pem"}, "key cannot be read"),
        (f"{PLACE}:cpu", {"policy": "absent.toml"}, "policy cannot be read"),
    ],
)
def test_what_cannot_be_is_told_at_once(
    image: str, given: dict[str, str], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GRADLOCK_CACHE", raising=False)
    with pytest.raises(Exit, match=words):
        verify.body(Context(), image, **given)


@pytest.mark.parametrize(
    ("channel", "pinned", "meant"),
    [
        ("debian", {"debian", "conda-forge"}, "sha256:debian"),
        ("conda-forge", {"debian", "conda-forge"}, "sha256:conda-forge"),
        ("", {"debian", "conda-forge"}, "sha256:conda-forge"),  # what `image` builds
        ("", {"debian"}, "sha256:debian"),
    ],
)
def test_a_channel_tells_which_pinned_image_of_a_variant_is_meant(
    channel: str, pinned: set[str], meant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def find(channel: str, _variant: str) -> ImagePin | None:
        return ImagePin("", f"sha256:{channel}", "", {}) if channel in pinned else None

    monkeypatch.setattr(pins, "find", find)
    monkeypatch.setenv("GRADLOCK_CACHE", PLACE)
    assert module._named(CPU, variants.load(), channel)[1] == meant


def test_a_channel_that_is_not_pinned_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pins, "find", lambda *_: None)
    with pytest.raises(InputError, match="no image of cpu from conda-forge") as caught:
        module._named(CPU, variants.load(), "conda-forge")
    assert "--channel conda-forge --pin" in caught.value.mend


def test_a_day_that_is_none_is_told(tmp_path: Path) -> None:
    keys.make(tmp_path / "key.pem")
    with pytest.raises(Exit, match="--expires takes a day"):
        verify.body(Context(), f"{PLACE}:cpu", sign=str(tmp_path / "key.pem"), expires="soon")


class Checked:
    """Stands for what is in a registry: its checks end as a test wants, and it notes signatures."""

    def __init__(self) -> None:
        self.problem: ProofError | None = None
        self.rebuild: ProofError | None = None
        self.did: list[str] = []

    def find(self, repository: Repository, _name: str) -> Target:
        """Return an image of the CPU variant."""
        return Target(repository, "sha256:1", "sha256:2", b"", (), CPU, "debian", "", (), "")

    def checks(self, *_: object) -> list[Finding]:
        """Return one finding."""
        return [Finding("pin", "what it says", self.problem)]

    def check(self, _target: Target, _recipe: Recipe, means: Means) -> str:
        """Build it again, from artifacts that are hashed anew, and whatever comes out of them."""
        assert means.verify
        assert not means.held
        self.did.append("rebuild")
        if self.rebuild:
            raise self.rebuild
        return "equal"

    def sign(self, *_: object) -> str:
        """Sign it."""
        self.did.append("sign")
        return "signed"


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch, own_store: Path) -> Checked:
    from gradlock.proof import rebuilding

    del own_store
    made = Checked()
    monkeypatch.setattr(verification, "find", made.find)
    monkeypatch.setattr(verification, "checks", made.checks)
    monkeypatch.setattr(rebuilding, "check", made.check)
    monkeypatch.setattr(rebuilding, "sign", made.sign)
    monkeypatch.setattr(module.room, "here", lambda: None)
    return made


def test_what_each_check_found_is_printed(
    checked: Checked, capfd: pytest.CaptureFixture[str]
) -> None:
    verify.body(Context(), f"{PLACE}:cpu")
    assert "what it says" in capfd.readouterr().out
    verify.body(Context(), f"{PLACE}:cpu", json=True)
    told = json.loads(capfd.readouterr().out)
    assert told == [{"check": "pin", "passed": True, "said": "what it says", "digest": "sha256:1"}]


def test_a_check_that_fails_is_the_status_and_is_printed(
    checked: Checked, capfd: pytest.CaptureFixture[str]
) -> None:
    checked.problem = ProofError("it is not so", where="there")
    with pytest.raises(Exit, match="it is not so") as caught:
        verify.body(Context(), f"{PLACE}:cpu", json=True)
    assert caught.value.code == 1
    assert json.loads(capfd.readouterr().out)[0]["passed"] is False


def test_to_sign_is_to_rebuild_first(checked: Checked, tmp_path: Path) -> None:
    keys.make(tmp_path / "key.pem")
    verify.body(Context(), f"{PLACE}:cpu", sign=str(tmp_path / "key.pem"))
    assert checked.did == ["rebuild", "sign"]


@pytest.mark.parametrize("what", ["problem", "rebuild"])
def test_nothing_is_signed_that_did_not_pass(checked: Checked, tmp_path: Path, what: str) -> None:
    keys.make(tmp_path / "key.pem")
    setattr(checked, what, ProofError("it is not so"))
    with pytest.raises(Exit, match="it is not so"):
        verify.body(Context(), f"{PLACE}:cpu", sign=str(tmp_path / "key.pem"))
    assert "sign" not in checked.did
