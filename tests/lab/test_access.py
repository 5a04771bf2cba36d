"""Who gets in: whoever has the printed URL, and nobody else."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.lab.desk import Address, Desk, Watch


def test_the_printed_url_opens_jupyterlab(page: Page, address: Address) -> None:
    Desk(page).open(address.url)
    expect(page).to_have_title(re.compile("JupyterLab"))
    expect(page.locator(".jp-LauncherCard").first).to_be_visible()
    assert "token" not in page.url


@pytest.mark.parametrize("token", ["", "?token=" + "0" * 48], ids=["none", "wrong"])
def test_without_the_token_there_is_a_form_and_nothing_else(
    page: Page, address: Address, token: str
) -> None:
    page.goto(f"{address.root}/lab{token}")
    expect(page.locator("#password_input")).to_be_visible()
    expect(page.locator("#jp-main-dock-panel")).to_have_count(0)
    answer = page.request.get(f"{address.root}/api/contents{token}")
    assert answer.status == 403


def test_the_form_refuses_a_wrong_token_and_takes_the_right_one(
    page: Page, address: Address
) -> None:
    page.goto(f"{address.root}/lab")
    field = page.locator("#password_input")
    field.fill("wrong")
    field.press("Enter")
    expect(page.get_by_text("Invalid credentials")).to_be_visible()
    field.fill(address.token)
    field.press("Enter")
    expect(page.locator("#jp-main-dock-panel")).to_be_visible()


def test_the_watch_sees_what_leaves(context: BrowserContext, address: Address) -> None:
    watch = Watch(context)
    page = context.new_page()
    page.goto(f"{address.root}/login")
    page.evaluate("fetch('https://one.example/').catch(() => 0)")
    page.evaluate("void new WebSocket('wss://two.example/')")
    page.wait_for_timeout(100)
    assert watch.elsewhere(address.host) == ["https://one.example/", "wss://two.example/"]
