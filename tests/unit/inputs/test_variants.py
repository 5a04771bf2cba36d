"""The table: what a row means, which rows a command's flags choose, every fault at once."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gradlock.errors import InputError
from gradlock.inputs import variants
from gradlock.inputs.variants import Table, Variant

TEXT = """
as_of = "2026-11-20T00:00:00Z"
debian = "trixie"

[defaults]
python = "3.13"
tensorflow = "2.21.0"

[variants.cpu]

[variants.cu129]
cuda = "12.9.1"
cudnn = "9.24.0.43"
driver = "525.60.13"

[variants.cu126]
cuda = "12.6.3"
cudnn = "9.5.2.1"
driver = "560.28.03"
python = "3.12"
"""

CUDA = 'cuda = "12.9.1"\ncudnn = "9.24.0.43"\ndriver = "525.60.13"'


def load(folder: Path, text: str = TEXT) -> Table:
    path = folder / "variants.toml"
    path.write_text(text)
    return variants.load(path)


@pytest.fixture
def table(tmp_path: Path) -> Table:
    return load(tmp_path)


def test_a_row_says_what_differs_from_the_defaults(table: Table) -> None:
    assert table.as_of == datetime(2026, 11, 20, tzinfo=UTC)
    assert table.debian == "trixie"
    assert tuple(table) == (
        Variant("cpu", "3.13", "2.21.0"),
        Variant("cu129", "3.13", "2.21.0", "12.9.1", "9.24.0.43", "525.60.13"),
        Variant("cu126", "3.12", "2.21.0", "12.6.3", "9.5.2.1", "560.28.03"),
    )


def test_the_tools_have_a_date_of_their_own(tmp_path: Path) -> None:
    own = 'tools_as_of = "2026-10-01T00:00:00Z"'
    assert load(tmp_path).tools_as_of == load(tmp_path).as_of
    table = load(tmp_path, f"{own}\n{TEXT}")
    assert (table.as_of.month, table.tools_as_of.month) == (11, 10)


def test_a_second_cpu_row_is_one_of_another_environment(tmp_path: Path) -> None:
    rows = "[variants.cpu220]\ntensorflow = '2.20.0'\n[variants.arm]\nplatform = 'linux/arm64'\n"
    table = load(tmp_path, TEXT.replace("[variants.cpu]", f"{rows}[variants.cpu]"))
    assert table.cpu.name == "cpu"
    assert table.select() == (table.cpu,)
    assert table.named("arm").machine.conda == "linux-aarch64"
    assert [row.name for row in table.select(every=True)] == ["cpu220", "cpu", "cu129", "cu126"]
    assert table.select(variant="arm") == (table.named("arm"),)
    shared = {
        row.name: (row.shares_condas(table.cpu), row.shares_wheels(table.cpu)) for row in table
    }
    assert shared == {
        "cpu": (False, False),
        "cpu220": (True, False),
        "arm": (False, False),
        "cu129": (True, True),
        "cu126": (False, False),
    }


def test_only_a_row_with_cuda_is_a_gpu_variant(table: Table) -> None:
    assert [(row.gpu, row.cuda_minor) for row in table] == [
        (False, None),
        (True, "12.9"),
        (True, "12.6"),
    ]
    assert table.cpu.name == "cpu"


def test_a_row_becomes_plain_values_and_back(table: Table) -> None:
    for row in table:
        assert Variant(**row.to_dict()) == row
        assert row.to_dict().keys().isdisjoint({"platform", "extends", "packages"})


@pytest.mark.parametrize(
    ("flags", "names"),
    [
        ({}, ["cpu"]),
        ({"variant": "cu126"}, ["cu126"]),
        ({"cuda": "12.6"}, ["cu126"]),
        ({"cuda": "12.9.1"}, ["cu129"]),
        ({"gpu": True}, ["cu129"]),  # the newest, wherever its row stands
        ({"every": True}, ["cpu", "cu129", "cu126"]),
    ],
)
def test_flags_choose_variants(table: Table, flags: dict[str, object], names: list[str]) -> None:
    assert [row.name for row in table.select(**flags)] == names  # type: ignore[arg-type]


def test_releases_are_compared_as_numbers(tmp_path: Path) -> None:
    table = load(tmp_path, TEXT.replace('"12.6.3"', '"12.10.0"'))
    assert table.newest_gpu.cuda == "12.10.0"


@pytest.mark.parametrize(
    ("flags", "known"),
    [
        ({"variant": "cu999"}, "'cu999': the table has cpu, cu129, cu126"),
        ({"cuda": "11.8"}, "'11.8': the table has 12.9, 12.6"),
        ({"cuda": "12"}, "'12': the table has 12.9, 12.6"),
    ],
)
def test_an_unknown_name_lists_the_known_ones(
    table: Table, flags: dict[str, str], known: str
) -> None:
    with pytest.raises(InputError, match=known):
        table.select(**flags)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "flags", [{"variant": "cpu", "gpu": True}, {"cuda": "12.6", "every": True}]
)
def test_flags_that_contradict_each_other_are_refused(
    table: Table, flags: dict[str, object]
) -> None:
    with pytest.raises(InputError, match="choose one of"):
        table.select(**flags)  # type: ignore[arg-type]


def test_a_table_without_gpu_variants_says_so(tmp_path: Path) -> None:
    table = load(tmp_path, TEXT.split("[variants.cu129]")[0])
    with pytest.raises(InputError, match="no GPU variant"):
        table.select(gpu=True)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("2026-11-20T00:00:00Z", "yesterday", "as_of is 'yesterday': write a UTC time in quotes"),
        ("2026-11-20T00:00:00Z", "2026-13-45T00:00:00Z", "as_of is '2026-13-45T00:00:00Z': write"),
        (
            'as_of = "2026-11-20T00:00:00Z"',
            "",
            'is missing: write a UTC time in quotes, as_of = "2',
        ),
        ('"trixie"', "13", "debian must be a suite's name"),
        ('python = "3.13"', "", "cpu: python is missing"),
        ('"3.13"', '"3"', "cpu: python = '3' is malformed"),
        ('"2.21.0"', "2.21", "cpu: tensorflow = 2.21 is malformed"),
        ('"12.9.1"', '"12.9"', "cu129: cuda = '12.9' is malformed"),
        ('driver = "525.60.13"', "", "cu129: a GPU variant needs all of cuda, cudnn and driver"),
        ("driver", "drivers", "cu129: unknown key 'drivers'"),
        ("[variants.cpu]", "[variants.cpu]\nname = 'other'", "cpu: unknown key 'name'"),
        ("variants.cu129", "variants.CU-129", "CU-129: name = 'CU-129' is malformed"),
        ("[variants.cpu]", "", "there must be a row 'cpu' without cuda"),
        ("[variants.cpu]", "[variants.other]", "there must be a row 'cpu' without cuda"),
        ("[variants.cpu]", f"[variants.cpu]\n{CUDA}", "there must be a row 'cpu' without cuda"),
        ("[variants.cpu]", "[variants.cpu]\n[variants.other]", "other differs from cpu in nothing"),
        ("[variants.cpu]", "[variants.cpu]\nplatform = 'linux/riscv64'", "is malformed"),
        (
            "[variants.cu129]",
            "[variants.cu129]\nplatform = 'linux/arm64'",
            "cu129: there is no CUDA for linux/arm64: TensorFlow's wheels for aarch64 are without",
        ),
        (
            "[variants.cpu]",
            "[variants.cpu]\ntensorflow = '2.19.0'",
            "cpu: TensorFlow 2.19 has no wheels for Python 3.13, but for 3.9 to 3.12",
        ),
        ("[variants.cpu]", "[variants]\ncpu = 3", "cpu must be a table, but is 3"),
        ("[defaults]", "defaults = 3\n[other]", "defaults must be a table, but is 3"),
        ("[variants.cpu]", "[variants.cpu", "not valid TOML"),
    ],
)
def test_a_fault_is_named_with_its_row(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in TEXT
    with pytest.raises(InputError) as caught:
        load(tmp_path, TEXT.replace(old, new, 1))
    assert said in caught.value.what
    assert caught.value.where.startswith(str(tmp_path / "variants.toml"))


def test_all_faults_are_named_at_once(tmp_path: Path) -> None:
    text = TEXT.replace("trixie", "13").replace("12.9.1", "new").replace("12.6.3", "newer")
    with pytest.raises(InputError) as caught:
        load(tmp_path, text)
    for fault in ("debian must be", "cu129: cuda = 'new'", "cu126: cuda = 'newer'"):
        assert fault in caught.value.what


def test_the_projects_own_table_is_valid() -> None:
    table = variants.load()
    assert table.cpu.name == "cpu"
    assert table.newest_gpu in tuple(table)


@pytest.mark.parametrize(
    ("own", "condas", "wheels"),
    [
        ({}, True, True),
        ({"tensorflow": "2.20.0"}, True, False),
        ({"python": "3.12"}, False, False),
    ],
)
def test_a_row_shares_what_its_python_and_tensorflow_allow(
    own: dict[str, str], condas: bool, wheels: bool
) -> None:
    table = variants.load()
    row = dataclasses.replace(table.newest_gpu, **own)
    assert row.shares_condas(table.cpu) == condas
    assert row.shares_wheels(table.cpu) == wheels


def test_the_cpus_row_follows_nobody() -> None:
    cpu = variants.load().cpu
    assert not cpu.shares_condas(cpu)
    assert not cpu.shares_wheels(cpu)
