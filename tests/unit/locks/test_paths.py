"""Where the locks lie: each at a path of its own, all of them committed."""

from __future__ import annotations

from gradlock import store
from gradlock.inputs import variants
from gradlock.locks import paths

TABLE = variants.load()


def test_every_lock_has_a_path_of_its_own() -> None:
    found = paths.every(TABLE)
    assert len(set(found)) == len(found) == 3 + 3 * len(TABLE.variants)
    assert all(path.is_file() for path in found)


def test_every_has_each_kind_and_variant() -> None:
    found = paths.every(TABLE)
    for row in TABLE:
        assert {paths.conda(row), paths.pip(row)} <= set(found)
    assert {paths.APT, paths.TOOLS, paths.DESK} <= set(found)


def test_conda_tools_find_the_cpus_lock_where_they_look() -> None:
    assert paths.conda(TABLE.cpu) == store.ROOT / "conda-lock.yml"
