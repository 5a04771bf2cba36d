"""The committed fingerprints, one beside the other, and beside what was measured here."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from gradlock.fingerprint import document, drift, table
from gradlock.fingerprint.document import Fingerprint
from gradlock.fingerprint.drift import Drift

#: A column of the picture for each type and way that something is computed.
COLUMNS = (
    *(("float64", mode) for mode in ("eager", "function", "xla")),
    *(("float32", mode) for mode in ("eager", "function", "xla")),
    ("bfloat16", "eager"),
)
#: Shades, from bit-identical to past its limit; between, by the part of the limit that is used.
SHADES = ("#c9e7d2", "#f6e3a1", "#f2bd6c", "#e58a4a", "#c62828")
STEPS = (0.01, 0.1, 1.0)
LABELS = ("bit-identical", "to 1% of its limit", "to 10%", "to 100%", "past it")
#: The colour of all lines and letters, by the theme that a picture is for.
INK = {"light": "#24292f", "dark": "#d6dae3"}
#: Inches.
WIDTH, PANEL, ROW, MARGIN = 2.1, 1.9, 0.185, 1.35


@dataclass(frozen=True)
class Pair:
    """Two fingerprints that are compared, and what is said of them."""

    title: str
    ours: Fingerprint
    theirs: Fingerprint

    @property
    def drift(self) -> Drift:
        """Compare them; what was measured elsewhere is held to the wider limits."""
        return drift.hold(self.ours, self.theirs)


def pairs(committed: Path, reports: Path, variants: Sequence[str]) -> list[Pair]:
    """Return each variant beside the first, and each measurement beside what is committed.

    Measurements are what `./inv fingerprint` left in `reports`.
    """
    known = {
        name: document.read(committed / f"{name}.json")
        for name in variants
        if (committed / f"{name}.json").exists()
    }
    first, *others = known
    found = [Pair(f"{name} against {first}", known[name], known[first]) for name in others]
    for name, one in known.items():
        measured = reports / name / "fingerprint.json"
        if measured.exists():
            found.append(Pair(f"{name}, measured anew", document.read(measured), one))
    return found


def page(found: Sequence[Pair]) -> str:
    """Return the page that shows and explains the picture."""
    rows = [f"| {pair.title} | {_hardware(pair)} | {table.verdict(pair.drift)} |" for pair in found]
    return (
        "# Drift\n\n"
        "What each variant's image computes, to the last bit, is committed in "
        "[fingerprints](source/fingerprints/index.md): 163 numbers of 26 operations and three "
        "trainings. Here the variants stand beside one another, and what was measured where this "
        "site was built, perhaps on another CPU, beside what is committed. A number in a cell is "
        "a distance in norm-ulp. [Fingerprints](fingerprints.md) says how "
        "a distance is measured, and where its limit lies.\n\n"
        "[![How far apart the fingerprints are](drift-light.svg#only-light)](drift-light.svg)\n"
        "[![How far apart the fingerprints are](drift-dark.svg#only-dark)](drift-dark.svg)\n\n"
        "| what | CPU | result |\n|---|---|---|\n" + "\n".join(rows) + "\n\n"
        "```sh\n"
        "./inv drift cpu cu125                            # the same for two images\n"
        "./inv drift mine.json fingerprints/cpu.json      # or for any environment\n"
        "```\n"
    )


def _hardware(pair: Pair) -> str:
    return str(pair.ours.environment["hardware"]["model"]).removesuffix(" Processor")


def svg(found: Sequence[Pair], theme: str) -> bytes:
    """Return the picture: a panel for each pair, a row for each operation or training."""
    rows = tuple(dict.fromkeys(row for row, _ in map(_place, sorted(found[0].ours.metrics))))
    ink = INK[theme]
    with mpl.rc_context(
        {
            "font.size": 7.5,
            "svg.hashsalt": "gradlock",
            "svg.fonttype": "path",  # the same picture whatever fonts a reader has
            "text.color": ink,
            "xtick.color": ink,
            "ytick.color": ink,
        }
    ):
        size = (WIDTH + PANEL * len(found), MARGIN + ROW * len(rows))
        figure = Figure(figsize=size, layout="constrained")
        FigureCanvasSVG(figure)
        panels = figure.subplots(1, len(found), sharey=True, squeeze=False)[0]
        for panel, pair in zip(panels, found, strict=True):
            _draw(panel, pair, rows)
        panels[0].set_yticks([place + 0.5 for place in range(len(rows))], rows)
        panels[0].invert_yaxis()
        handles = [
            Patch(facecolor=shade, label=label) for shade, label in zip(SHADES, LABELS, strict=True)
        ]
        figure.legend(
            handles=handles, loc="outside lower center", ncols=len(handles), frameon=False
        )
        buffer = io.BytesIO()
        # Its date and maker's version are nothing that the picture shows.
        metadata = {"Date": None, "Creator": None}
        figure.savefig(buffer, format="svg", transparent=True, metadata=metadata)
    return buffer.getvalue()


def _draw(axes: Axes, pair: Pair, rows: Sequence[str]) -> None:
    """Draw one pair."""
    for name, shade, said in _cells(pair):
        row, column = _place(name)
        x, y = COLUMNS.index(column), rows.index(row)
        axes.add_patch(
            Rectangle((x + 0.04, y + 0.08), 0.92, 0.84, color=SHADES[shade], linewidth=0)
        )
        colour = "white" if shade == len(SHADES) - 1 else "black"
        axes.text(x + 0.5, y + 0.52, said, ha="center", va="center", fontsize=5, color=colour)
    axes.set_xlim(0, len(COLUMNS))
    axes.set_ylim(0, len(rows))
    axes.set_title(pair.title, fontsize=8.5)
    axes.xaxis.tick_top()
    axes.set_xticks(
        [place + 0.5 for place in range(len(COLUMNS))],
        [f"{dtype} {mode}" for dtype, mode in COLUMNS],
        rotation=90,
    )
    axes.tick_params(length=0)
    for side in axes.spines.values():
        side.set_visible(False)


def _cells(pair: Pair) -> Iterator[tuple[str, int, str]]:
    """Yield each metric, the number of its shade, and how far apart it is, in norm-ulp."""
    found = pair.drift
    apart = {one.name: one for one in found.differences}
    for name in sorted(pair.ours.metrics.keys() & pair.theirs.metrics.keys()):
        one = apart.get(name)
        if one is None:
            yield name, 0, ""
        else:
            part = one.norm_ulp / one.limit
            yield name, 1 + sum(not part <= step for step in STEPS), _short(one.norm_ulp)


def _short(distance: float) -> str:
    """Return a distance as a small cell has room for it."""
    return "<0.1" if distance < 0.1 else f"{distance:.2g}"


def _place(name: str) -> tuple[str, tuple[str, str]]:
    """Return the row and the column of a metric: `op/gelu/float32/xla`, `train/cnn/.../losses`."""
    _, what, dtype, mode, *part = name.split("/")
    return " ".join([what.replace("_", " "), *part]), (dtype, mode)
