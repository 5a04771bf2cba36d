"""What a shared library asks of the dynamic loader: just enough of ELF to read that.

64-bit little-endian files only, which is what Linux on x86-64 and aarch64 loads.
Layout: System V ABI, chapters 4 (headers) and 5 (dynamic section).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

PT_LOAD, PT_DYNAMIC = 1, 2
DT_NULL, DT_STRTAB, DT_SONAME, DT_RPATH, DT_RUNPATH = 0, 5, 14, 15, 29


@dataclass(frozen=True)
class Dynamic:
    """The name that a library answers to, and the directories where it looks for others."""

    soname: str | None
    runpath: tuple[str, ...]


@dataclass(frozen=True)
class Segment:
    """A program header: `size` bytes at `offset` in the file are loaded at `address`."""

    kind: int
    offset: int
    address: int
    size: int


def dynamic(path: Path) -> Dynamic:
    """Read a library's dynamic section; `$ORIGIN` is expanded, repetitions are dropped.

    Raises:
        ValueError: the file is no 64-bit little-endian ELF file with a dynamic section.

    """
    with path.open("rb") as file:
        segments = _segments(file, path)
        tables = [segment for segment in segments if segment.kind == PT_DYNAMIC]
        if not tables:
            raise ValueError(f"{path} has no dynamic section")
        entries = _entries(file, tables[0])
        strings = _file_offset(segments, dict(entries)[DT_STRTAB])
        named = {tag: _string(file, strings + value) for tag, value in entries
                 if tag in (DT_SONAME, DT_RPATH, DT_RUNPATH)}  # fmt: skip
    # Where both are present the loader heeds RUNPATH alone.
    search = named.get(DT_RUNPATH, named.get(DT_RPATH, ""))
    expanded = search.replace("${ORIGIN}", "$ORIGIN").replace("$ORIGIN", str(path.parent))
    return Dynamic(named.get(DT_SONAME), tuple(dict.fromkeys(filter(None, expanded.split(":")))))


def _segments(file: BinaryIO, path: Path) -> list[Segment]:
    header = file.read(64)
    if len(header) < 64 or header[:6] != b"\x7fELF\x02\x01":
        raise ValueError(f"{path} is no 64-bit little-endian ELF file")
    (table,) = struct.unpack_from("<Q", header, 32)
    size, count = struct.unpack_from("<HH", header, 54)
    file.seek(table)
    rows = [file.read(size) for _ in range(count)]
    # p_type, p_flags, p_offset, p_vaddr, p_paddr, p_filesz
    fields = [struct.unpack_from("<IIQQQQ", row) for row in rows]
    return [Segment(kind, offset, address, length)
            for kind, _, offset, address, _, length in fields]  # fmt: skip


def _entries(file: BinaryIO, table: Segment) -> list[tuple[int, int]]:
    file.seek(table.offset)
    entries = []
    for tag, value in struct.iter_unpack("<qQ", file.read(table.size)):
        if tag == DT_NULL:
            break
        entries.append((tag, value))
    return entries


def _file_offset(segments: list[Segment], address: int) -> int:
    for segment in segments:
        if segment.kind == PT_LOAD and 0 <= address - segment.address < segment.size:
            return segment.offset + address - segment.address
    raise ValueError(f"address {address:#x} is in no loaded segment")


def _string(file: BinaryIO, offset: int) -> str:
    file.seek(offset)
    text = b""
    while b"\0" not in text:
        block = file.read(4096)
        if not block:
            raise ValueError("a string runs past the end of the file")
        text += block
    return text.partition(b"\0")[0].decode()
