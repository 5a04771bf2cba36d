"""Reading .debs: every packing, and whatever is no package."""

from __future__ import annotations

from pathlib import Path

import pytest

from gradlock.errors import ArtifactError
from gradlock.layers import deb
from tests.unit.layers import debs


def read(tmp_path: Path, data: bytes) -> deb.Deb:
    path = tmp_path / "one_1_amd64.deb"
    path.write_bytes(data)
    return deb.read(path)


@pytest.mark.parametrize("packing", debs.PACKINGS)
def test_a_package_is_read_in_every_packing(tmp_path: Path, packing: str) -> None:
    made = debs.deb("one", ("usr/file", b"odd"), packing=packing, postinst=b"#!/bin/sh\n")
    package = read(tmp_path, made)
    assert package.name == "one"
    assert package.control["postinst"] == b"#!/bin/sh\n"
    with deb.opened(package.data) as archive:
        assert [deb.plain_name(member.name) for member in archive] == ["usr/file"]


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        ("", "one"),
        ("Multi-Arch: foreign\n", "one"),
        ("Multi-Arch: same\n", "one:amd64"),
    ],
)
def test_dpkgs_name_has_the_architecture_where_several_may_be(
    tmp_path: Path, fields: str, key: str
) -> None:
    assert read(tmp_path, debs.deb("one", fields=fields)).key == key


@pytest.mark.parametrize(
    ("fields", "source"),
    [
        ("", ("one", "1")),
        ("Source: whole\n", ("whole", "1")),
        ("Source: whole (1:0.9-2)\n", ("whole", "1:0.9-2")),
    ],
)
def test_a_package_names_its_source(tmp_path: Path, fields: str, source: tuple[str, str]) -> None:
    path = tmp_path / "one.deb"
    path.write_bytes(debs.deb("one", fields=fields))
    assert deb.source(path) == source


def test_a_package_names_what_it_needs(tmp_path: Path) -> None:
    path = tmp_path / "one.deb"
    fields = "Pre-Depends: libc6 (>= 2.36)\nDepends: aa:any, bb (= 1) | c++, d.e\nRecommends: f\n"
    path.write_bytes(debs.deb("one", fields=fields))
    assert deb.needs(path) == {"libc6", "aa", "bb", "c++", "d.e"}
    path.write_bytes(debs.deb("one"))
    assert deb.needs(path) == set()


def test_names_are_bytes_in_no_locale(tmp_path: Path) -> None:
    package = read(tmp_path, debs.deb("one", ("usr/F\u0151tan\u00fas\u00edtv\u00e1ny", b"")))
    with deb.opened(package.data) as archive:
        assert archive.getnames() == ["./usr/F\u0151tan\u00fas\u00edtv\u00e1ny"]


def broken(packing: str) -> dict[str, bytes]:
    """Return packages by what is wrong with them."""
    whole = debs.deb("one", ("usr/file", b"text" * 99), packing=packing)
    return {
        "empty": b"",
        "a-page-of-html": b"<html>not found</html>",
        "cut-in-a-header": whole[:90],
        "cut-in-the-data": whole[:-40],
        "of-another-format": whole.replace(b"2.0\n", b"3.0\n"),
        "without-data": debs.ar([("debian-binary", b"2.0\n")]),
        "of-unknown-packing": whole.replace(
            f"data.tar{packing}".encode(), b"data.tar.bz9"[: 8 + len(packing)]
        ),
        "whose-control-names-nothing": debs.ar(
            [
                ("debian-binary", b"2.0\n"),
                ("control.tar", debs.plain([("control", b"Package: one\n")])),
                ("data.tar", debs.plain([])),
            ]
        ),
    }


@pytest.mark.parametrize("packing", [".xz", ".zst", ".gz"])
@pytest.mark.parametrize("fault", broken(".xz"))
def test_what_is_no_package_is_named_and_said_how_to_mend(
    tmp_path: Path, fault: str, packing: str
) -> None:
    with pytest.raises(ArtifactError, match="not a Debian package") as caught:
        read(tmp_path, broken(packing)[fault])
    assert caught.value.where == "one_1_amd64.deb"
    assert "fetch" in caught.value.mend


@pytest.mark.parametrize("packing", [".xz", ".zst", ".gz"])
def test_packed_data_that_is_cut_is_no_package(tmp_path: Path, packing: str) -> None:
    data = debs.PACKINGS[packing](debs.plain([("file", bytes(range(256)) * 400)]))
    control = debs.plain([("control", b"Package: one\nVersion: 1\nArchitecture: all\n")])
    made = [("debian-binary", b"2.0\n"), ("control.tar", control)]
    assert read(tmp_path, debs.ar([*made, (f"data.tar{packing}", data)]))
    with pytest.raises(ArtifactError):
        read(tmp_path, debs.ar([*made, (f"data.tar{packing}", data[:-20])]))


def test_a_name_that_leads_out_of_the_root_is_refused() -> None:
    assert deb.plain_name("./usr//bin/./x") == "usr/bin/x"
    assert deb.plain_name("/") == deb.plain_name("./") == ""
    with pytest.raises(ArtifactError, match="out of the root"):
        deb.plain_name("./usr/../../etc/passwd")
