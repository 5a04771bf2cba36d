"""The picture of a drift: norm-ulp by metric."""

from __future__ import annotations

import io
from pathlib import Path

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from gradlock import store
from gradlock.fingerprint.drift import Drift

#: Inches of a row, and of what stands around the rows.
ROW, MARGIN, WIDTH = 0.17, 1.4, 9.0


def png(drift: Drift, title: str) -> bytes:
    """Return a PNG with a row for each metric that is not bit-identical, the worst on top."""
    rows = tuple(reversed(drift.differences))
    finite = [one.norm_ulp for one in rows if 0 < one.norm_ulp < float("inf")]
    end = max(finite, default=1.0) * 4
    with mpl.rc_context({"font.size": 7, "svg.hashsalt": "gradlock"}):
        figure = Figure(figsize=(WIDTH, MARGIN + ROW * max(len(rows), 1)), layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.subplots()
        axes.set_title(f"{title}\n{drift.identical} more metrics are bit-identical")
        axes.set_xlabel("norm-ulp: max|a - b| / (epsilon max|b|)")
        axes.set_xscale("log")
        for place, one in enumerate(rows):
            colour = "tab:red" if one.alarming else "tab:blue"
            axes.plot([min(max(one.norm_ulp, 1e-3), end)], [place], "o", color=colour, markersize=4)
            axes.plot([one.limit], [place], "|", color="0.6")
        axes.set_yticks(range(len(rows)), [one.name for one in rows])
        axes.margins(y=0.5 / max(len(rows), 1))
        axes.grid(axis="x", color="0.9")
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=120, metadata={"Software": None})
    return buffer.getvalue()


def write(drift: Drift, title: str, path: Path) -> None:
    """Write the picture."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with store.replacing(path) as part:
        part.write_bytes(png(drift, title))
