"""A notebook's day: made, run, saved, opened again, restarted, in two tabs at once."""

from __future__ import annotations

import json
from pathlib import Path

from playwright.sync_api import BrowserContext, expect

from tests.lab.conftest import Shoot
from tests.lab.desk import Address, Desk, tab


def test_a_notebook_is_made_run_saved_and_opened_again(
    desk: Desk, address: Address, folder: Path
) -> None:
    desk.notebook()
    out = desk.run("import tensorflow as tf\nprint('sum', float(tf.reduce_sum(tf.ones([3, 4]))))")
    expect(out.last).to_have_text("sum 12.0\n")
    desk.save("kept.ipynb")
    kept = folder / "kept.ipynb"
    desk.until(lambda: kept.exists() and "sum 12.0" in kept.read_text())
    assert kept.stat().st_uid == folder.stat().st_uid
    cells = json.loads(kept.read_text())["cells"]
    assert "sum 12.0\n" in [line for out in cells[0]["outputs"] for line in out.get("text", ())]
    desk.open(f"{address.root}/lab/workspaces/again/tree/kept.ipynb?reset")
    desk.ready()
    expect(desk.cells.first.locator(".jp-OutputArea-output").last).to_have_text("sum 12.0\n")


def test_a_plot_is_seen(desk: Desk) -> None:
    desk.notebook()
    out = desk.run(
        "import matplotlib.pyplot as plt\nimport numpy as np\n"
        "x = np.linspace(0, 6.28, 200)\nplt.plot(x, np.sin(x))\nplt.title('a sine');"
    )
    picture = out.locator("img")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.naturalWidth") > 300
    colours = picture.evaluate(
        """image => {
            const canvas = document.createElement('canvas');
            [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
            const pen = canvas.getContext('2d');
            pen.drawImage(image, 0, 0);
            const data = pen.getImageData(0, 0, canvas.width, canvas.height).data;
            const seen = new Set();
            for (let i = 0; i < data.length; i += 4) seen.add(data.slice(i, i + 3).join());
            return [...seen];
        }"""
    )
    assert "31,119,180" in colours, "matplotlib's first colour, that of the line"


def test_a_restarted_kernel_has_forgotten(desk: Desk) -> None:
    desk.notebook()
    desk.run("kept = 1")
    desk.menu("Kernel", "Restart Kernel…")
    desk.dialog("Restart")
    desk.ready()
    expect(desk.run("print('kept' in globals())").last).to_have_text("False\n")


def test_a_kernel_that_dies_is_said_and_comes_back(desk: Desk, shoot: Shoot) -> None:
    desk.notebook()
    desk.cells.first.locator(".cm-content").click()
    desk.page.keyboard.insert_text("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")
    desk.page.keyboard.press("Shift+Enter")
    expect(desk.page.locator(".jp-Dialog")).to_contain_text("kernel for Untitled")
    shoot(desk.page, "dialog")
    desk.dialog("Ok")
    expect(desk.run("print('back')").last).to_have_text("back\n")


def test_a_large_output_leaves_the_page_usable(desk: Desk) -> None:
    desk.notebook()
    out = desk.run("for number in range(30_000):\n    print(number, 'x' * 60)")
    expect(out.last).to_contain_text("29999 x")
    expect(desk.run("print('and on')").last).to_have_text("and on\n")


def test_two_tabs_overwrite_nothing_silently(
    desk: Desk, context: BrowserContext, address: Address, shoot: Shoot
) -> None:
    desk.notebook()
    desk.run("print('first')")
    desk.save("both.ipynb")
    with tab(context) as other:
        other.open(f"{address.root}/lab/workspaces/other/tree/both.ipynb?reset")
        other.ready()
        expect(other.cells.first.locator(".jp-OutputArea-output")).to_have_text("first\n")
        other.run("print('second')")
        other.save()
        shoot(other.page, "other")
    desk.run("print('third')")
    desk.page.keyboard.press("Control+s")
    expect(desk.page.locator(".jp-Dialog")).to_contain_text("has changed on disk")
    shoot(desk.page, "dialog")
    desk.dialog("Revert")
    expect(desk.panel).to_contain_text("second")
