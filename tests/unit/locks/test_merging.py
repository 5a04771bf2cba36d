"""Two branches that each moved a pin: git merges the locks, no verb takes that, no pin is lost."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from gradlock import store
from gradlock.errors import LockError
from gradlock.inputs import variants
from gradlock.locks import leftovers, lockfile, merging, start

ATTRIBUTES = store.ROOT / ".gitattributes"
#: For each lock: a pin in it, what one branch makes of it, another pin, and what the other does.
MOVES = {
    "requirements/cpu.txt": ("anyio", "9.1.0", "urllib3", "9.2.0"),
    "requirements/apt.lock": ("tini", "9.1.0", "bash", "9.2.0"),
    "requirements/cu125.conda-lock.yml": ("git", "9.1.0", "tini", "9.2.0"),
    "requirements/dev.txt": ("rich", "99.1.0", "httpx", "99.2.0"),
}


class Repository:
    """A repository of the project's inputs and locks."""

    def __init__(self, root: Path) -> None:
        self.root = root
        shutil.copy(ATTRIBUTES, root)
        self.git("init", "--quiet", "--initial-branch", "main")
        self.commit("main")

    def git(self, *words: str) -> int:
        """Run git, and nothing of the machine's own settings."""
        identity = ("-c", "user.name=A", "-c", "user.email=a@example")
        return subprocess.run(
            ["git", *identity, *words],
            cwd=self.root,
            env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1"},
            check=False,
            capture_output=True,
        ).returncode

    def commit(self, message: str) -> None:
        """Commit everything."""
        assert self.git("add", "--all") == 0
        assert self.git("commit", "--quiet", "--message", message) == 0

    def branch(self, name: str, path: str, pin: str, version: str) -> None:
        """Move a pin on a branch of its own, as `./inv lock` would write it."""
        assert self.git("checkout", "--quiet", "-b", name, "main") == 0
        lock = lockfile.read(self.root / path)
        body = moved(lock.body, pin, version)
        assert body != lock.body
        inputs = name.encode().hex().ljust(64, "0")
        lock.path.write_text(lockfile.with_header(body, inputs))
        self.commit(name)


def moved(body: str, name: str, version: str) -> str:
    """Return a lock's body with another version of a package."""
    if "version: 1" in body:
        (file,) = re.findall(rf"/({name}-[^-\n]+-[^-\n]+\.conda)\n", body)
        _, old, build = file.rsplit("-", 2)
        return body.replace(file, f"{name}-{version}-{build}").replace(
            f"- name: {name}\n  version: {old}\n", f"- name: {name}\n  version: {version}\n"
        )
    return re.sub(rf"(?m)^({name})(==| )[^\s;]+", rf"\g<1>\g<2>{version}", body)


@pytest.fixture
def repository(project: Path) -> Repository:
    return Repository(project)


@pytest.mark.parametrize("path", MOVES)
def test_both_sides_pins_are_kept(repository: Repository, path: str) -> None:
    one, first, other, second = MOVES[path]
    target = repository.root / path
    whole = {each.split()[0] for each in versions(lockfile.read(target))}
    repository.branch("one", path, one, first)
    repository.branch("other", path, other, second)
    conflict = repository.git("merge", "--quiet", "one") != 0
    assert conflict == (path == "requirements/dev.txt")
    with pytest.raises(LockError, match="two sides of a merge") as caught:
        lockfile.read(target)
    assert "./inv lock" in caught.value.mend
    kept = start.read(target).kept
    assert kept
    assert {f"{one} {first}", f"{other} {second}"} <= versions(kept)
    assert {each.split()[0] for each in versions(kept)} == whole


@pytest.mark.parametrize("path", MOVES)
def test_of_one_sides_move_the_other_sides_lock_says_nothing(
    repository: Repository, path: str
) -> None:
    """Also where git keeps both lines, since the next one moved on the other side: to an older."""
    one, _, other, second = MOVES[path]
    target = repository.root / path
    whole = lockfile.read(target)
    repository.branch("one", path, one, "0.1")
    repository.branch("other", path, other, second)
    assert (repository.git("merge", "--quiet", "one") != 0) == (path == "requirements/dev.txt")
    # As if git had kept, of neighbours that moved, all lines of either side.
    target.write_text(f"{target.read_text()}\n{whole.body}")
    kept = start.read(target).kept
    assert kept
    assert {f"{one} 0.1", f"{other} {second}"} <= versions(kept)
    assert len(versions(kept)) == len({each.split()[0] for each in versions(kept)})


def versions(lock: lockfile.LockText) -> set[str]:
    """Return `name version` of every pin."""
    if lock.path.suffix == ".lock":
        return {f"{pin.name} {pin.version}" for pin in lockfile.parse_debs(lock)}
    if lock.path.suffix == ".yml":
        return {f"{pin.name} {pin.version}" for pin in lockfile.parse_conda(lock)}
    return {f"{name} {version}" for name, version in start.PINNED.findall(lock.body)}


@pytest.mark.parametrize("ours", ["gone", "moved"])
def test_of_a_row_that_one_side_removed_a_lock_is_left_over(
    repository: Repository, ours: str
) -> None:
    """Git leaves what the other side moved; without markers, so that it reads as a whole lock."""
    table, path = repository.root / "variants.toml", "requirements/cu129.txt"
    repository.branch("moved", path, "anyio", "9.1.0")
    assert repository.git("checkout", "--quiet", "-b", "gone", "main") == 0
    table.write_text(re.sub(r"\[variants\.cu129\][^\[]*", "", table.read_text()))
    for left in leftovers.find(variants.load(table)):
        left.unlink()
    repository.commit("gone")
    assert repository.git("checkout", "--quiet", ours) == 0
    assert repository.git("merge", "--quiet", "gone" if ours == "moved" else "moved") != 0
    assert lockfile.read(repository.root / path)
    assert list(leftovers.find(variants.load(table))) == [repository.root / path]
    (repository.root / path).unlink()
    repository.commit("merged")
    assert not list(leftovers.find(variants.load(table)))


def test_a_merge_of_inputs_alone_is_no_conflict_of_locks(repository: Repository) -> None:
    path = "requirements/cpu.txt"
    repository.branch("one", path, "anyio", "9.1.0")
    assert repository.git("checkout", "--quiet", "-b", "other", "main") == 0
    (repository.root / "requirements/gpu.in").write_text("-r base.in\ntensorflow[and-cuda]\n")
    repository.commit("other")
    assert repository.git("merge", "--quiet", "--no-edit", "one") == 0
    assert lockfile.read(repository.root / path)


@pytest.mark.parametrize("base", ["", "||||||| 1234567\nx==0\n"])
def test_a_conflict_has_two_sides(base: str) -> None:
    text = f"a==1\n<<<<<<< HEAD\nx==1\n{base}=======\nx==2\ny==1\n>>>>>>> other\nz==1\n"
    assert merging.line_of(text) == 2
    assert merging.sides(text) == ("a==1\nx==1\nz==1\n", "a==1\nx==2\ny==1\nz==1\n")
    assert merging.sides("a==1\n") == ("a==1\n",)
    assert merging.line_of("a==1\n") == 0


def test_of_two_sides_the_newer_is_kept(project: Path) -> None:
    path = project / "requirements/cpu.txt"
    sha256 = "0" * 64

    def pin(version: str) -> str:
        return f"numpy=={version} \\\n    --hash=sha256:{sha256}\n"

    text = f"<<<<<<< HEAD\n{pin('2.10.0')}=======\n{pin('2.9.1')}>>>>>>> other\n"
    kept = start.recovered(path, text)
    assert kept
    assert [each.version for each in lockfile.parse_wheels(kept)] == ["2.10.0"]
