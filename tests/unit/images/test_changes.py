"""What moved between two texts of images.lock."""

from __future__ import annotations

from pathlib import Path

import pytest

from gradlock import store
from gradlock.images import changes

pytestmark = pytest.mark.usefixtures("own_store")


def entry(variant: str, **layers: str) -> str:
    """Return an image's entry, whose ID is what it is made of."""
    rows = "".join(f'{name} = "{digest}"\n' for name, digest in layers.items())
    image = "".join(layers.values())
    head = f'[debian.{variant}]\nid = "sha256:{image}"\nlocks = ""\n'
    return f"{head}[debian.{variant}.layers]\n{rows}"


def weigh(**sizes: int) -> None:
    """Put layers of these sizes into the store."""
    for digest, size in sizes.items():
        (store.folder("layers") / f"{digest}.tar").write_bytes(bytes(size))


def test_only_what_is_new_is_pulled() -> None:
    weigh(aa=5, bb=7, cc=11)
    (one,) = changes.compare(entry("cpu", base="aa", own="bb"), entry("cpu", base="aa", own="cc"))
    assert (one.variant, one.channel) == ("cpu", "debian")
    assert (one.old_size, one.new_size, one.pulled, one.layers) == (12, 16, 11, ("own",))


def test_a_layer_under_another_name_is_not_pulled_again() -> None:
    weigh(aa=5, bb=7)
    (one,) = changes.compare(entry("cpu", base="aa", own="bb"), entry("cpu", own="bb", more="aa"))
    assert (one.pulled, one.layers) == (0, ())


def test_what_the_store_lacks_has_no_size() -> None:
    weigh(aa=5)
    (one,) = changes.compare(entry("cpu", base="aa"), entry("cpu", base="bb"))
    assert (one.old_size, one.new_size, one.pulled) == (5, None, None)


def test_images_come_and_go() -> None:
    weigh(aa=5, bb=7)
    gone, came = changes.compare(entry("cpu", base="aa"), entry("cu1", base="bb"))
    assert (gone.variant, gone.new, gone.pulled) == ("cpu", None, None)
    assert (came.variant, came.old, came.pulled) == ("cu1", None, 7)


def test_of_a_new_image_only_what_the_one_below_it_lacks_is_pulled() -> None:
    weigh(aa=5, bb=7, cc=11)
    below = entry("cpu", base="aa", files="bb")
    both = below + entry("nlp", base="aa", own="cc", files="bb")
    (one,) = changes.compare(below, both, {"nlp": "cpu"})
    assert (one.variant, one.old, one.pulled, one.layers) == ("nlp", None, 11, ("own",))
    assert one.new_size == 23


@pytest.mark.parametrize("text", [None, "", "no [ TOML"])
def test_no_file_is_no_image(text: str | None, own_store: Path) -> None:
    assert changes.compare(text, text) == ()
    assert [one.old for one in changes.compare(text, entry("cpu", base="aa"))] == [None]
