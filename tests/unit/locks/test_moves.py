"""What `--update` names: as people write it, and what it means for each lock."""

from __future__ import annotations

import pytest

from gradlock.errors import InputError
from gradlock.inputs import variants
from gradlock.locks import lockfile, moves, paths
from gradlock.locks.moves import Move

CPU = variants.load().cpu
LOCKS = [lockfile.read(path) for path in (paths.pip(CPU), paths.APT, paths.conda(CPU))]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["NumPy"], [Move("numpy")]),
        (["jupyter_server"], [Move("jupyter-server")]),
        (["pandas,numpy"], [Move("pandas"), Move("numpy")]),
        (["keras == 3.14.0"], [Move("keras", "3.14.0")]),
        (["libc6", "libc6"], [Move("libc6")]),
        (["pandas, ", "git==1:2"], [Move("pandas"), Move("git", "1:2")]),
        ([], []),
    ],
)
def test_names_are_read(words: list[str], found: list[Move]) -> None:
    assert list(moves.read(words, LOCKS)) == found


def test_all_that_no_lock_holds_are_named() -> None:
    with pytest.raises(InputError, match="no lock holds another, no-such"):
        moves.read(["no-such==1", "numpy", "another"], LOCKS)


def test_a_move_concerns_the_locks_that_hold_it() -> None:
    found = [moves.of(lock, [Move("numpy"), Move("git")]) for lock in LOCKS]
    assert found == [[Move("numpy")], [Move("git")], [Move("git")]]
    assert moves.of(None, [Move("numpy")]) == []


def test_debs_stay_but_for_those_of_the_source_that_moves() -> None:
    pins = lockfile.parse_debs(LOCKS[1])
    kept = moves.staying(pins, [Move("libkrb5-3"), Move("tini", "9")])
    names = {pin.name for pin in pins} - {pin.name for pin in kept}
    assert {"libkrb5-3", "libk5crypto3"} <= names
    assert "git" not in names
    assert [pin.version for pin in kept if pin.name == "tini"] == ["9"]
