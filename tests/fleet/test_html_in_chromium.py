"""The HTML report in Debian's Chromium: no error, no request, no barrier, on a large and a small screen, in light, dark and on paper."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

from orgkey.fleet.formats.html import html
from orgkey.fleet.report import Report
from tests import chromium
from tests.fleet.checkers import axe
from tests.fleet.made_up import landscape, many

pytestmark = pytest.mark.skipif(not chromium.installed(), reason=chromium.REASON)

LARGE, SMALL = (1280, 900), (360, 800)
both_schemes = pytest.mark.parametrize("scheme", ["light", "dark"])
both_sizes = pytest.mark.parametrize("size", [LARGE, SMALL], ids=["large", "small"])
Open = Callable[..., webdriver.Chrome]


@pytest.fixture(scope="module")
def browser() -> Iterator[webdriver.Chrome]:
    options = webdriver.ChromeOptions()
    options.binary_location = str(shutil.which("chromium"))
    for word in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(word)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    made = webdriver.Chrome(options=options, service=webdriver.ChromeService(str(shutil.which("chromedriver"))))
    yield made
    made.quit()


@pytest.fixture
def show(browser: webdriver.Chrome, tmp_path: Path) -> Open:
    """Open a report, on a screen of a size, in a colour scheme; with `all_open` every stack's details are."""

    def opened(
        report: Report, *, size: tuple[int, int] = LARGE, scheme: str = "light", all_open: bool = False
    ) -> webdriver.Chrome:
        file = tmp_path / "drift.html"
        file.write_text(html(report), encoding="utf-8")
        command(
            "Emulation.setDeviceMetricsOverride",
            {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": size == SMALL},
        )
        emulate(media="", scheme=scheme)
        browser.get(file.as_uri())
        if all_open:
            browser.execute_script("for (const each of document.querySelectorAll('details')) each.open = true")
        return browser

    def emulate(*, media: str, scheme: str) -> None:
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        command("Emulation.setEmulatedMedia", {"media": media, "features": features})

    def command(name: str, values: dict[str, Any]) -> None:
        browser.execute_cdp_cmd(name, values)

    return opened


@both_sizes
def test_the_page_opens_without_an_error_and_without_a_request(show: Open, size: tuple[int, int]) -> None:
    show(landscape()).get_log("performance")  # what came before
    browser = show(landscape(), size=size, all_open=True)
    assert browser.get_log("browser") == []
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    sent = [each["params"]["request"]["url"] for each in messages if each["method"] == "Network.requestWillBeSent"]
    assert sent == [browser.current_url]
    assert browser.execute_script("return performance.getEntriesByType('resource').map(each => each.name)") == []


@both_sizes
@both_schemes
def test_axe_finds_no_barrier(show: Open, scheme: str, size: tuple[int, int]) -> None:
    browser = show(landscape(), scheme=scheme, size=size, all_open=True)
    browser.execute_script(axe())
    found = browser.execute_async_script("axe.run(document, {resultTypes: ['violations']}).then(arguments[0])")
    assert found["testEngine"]["name"] == "axe-core"
    assert len(found["passes"]) > 20
    assert [
        (each["id"], each["impact"], [node["html"] for node in each["nodes"][:3]]) for each in found["violations"]
    ] == []


@both_schemes
def test_the_page_has_the_colours_of_its_scheme(show: Open, scheme: str) -> None:
    browser = show(landscape(), scheme=scheme)
    colour = browser.find_element(By.TAG_NAME, "body").value_of_css_property("background-color")
    channels = [int(each) for each in colour.partition("(")[2].rstrip(")").split(",")[:3]]
    assert all(each < 0x40 for each in channels) if scheme == "dark" else all(each > 0xE0 for each in channels)


@pytest.mark.parametrize("report", [landscape(), many(100)], ids=["hostile words", "100 stacks"])
@pytest.mark.parametrize("width", [320, 360, 768, 1280])
def test_nobody_has_to_scroll_the_page_sideways(show: Open, report: Report, width: int) -> None:
    browser = show(report, size=(width, 800), all_open=True)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width


def test_a_small_screen_scrolls_the_matrix_in_its_own_box(show: Open) -> None:
    browser = show(many(100), size=SMALL)
    box = browser.find_element(By.CSS_SELECTOR, ".matrix")
    assert browser.execute_script("return arguments[0].scrollWidth > arguments[0].clientWidth", box)
    box.send_keys(Keys.END)  # it can be reached and moved by keyboard
    assert browser.execute_script("return document.activeElement === arguments[0]", box)


@both_sizes
def test_the_head_of_the_matrix_stays_in_sight_over_a_hundred_stacks(show: Open, size: tuple[int, int]) -> None:
    browser = show(many(100), size=size)
    row = browser.find_elements(By.CSS_SELECTOR, ".matrix tbody tr")[80]
    head = browser.find_element(By.CSS_SELECTOR, ".matrix thead th")
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", row)
    place = browser.execute_script("return arguments[0].getBoundingClientRect().toJSON()", head)
    assert 0 <= place["top"] < size[1]
    below = browser.execute_script("return arguments[0].getBoundingClientRect().toJSON()", row)
    assert place["bottom"] <= below["top"] < size[1]


def test_a_mark_in_the_matrix_opens_the_details_of_its_finding(show: Open) -> None:
    browser = show(landscape())
    mark = browser.find_element(By.XPATH, "//tr[contains(., 'perf')]//a[contains(., 'certificate expires')]")
    finding = browser.find_element(By.CSS_SELECTOR, str(mark.get_dom_attribute("href")))
    assert not finding.is_displayed()
    mark.send_keys(Keys.ENTER)
    WebDriverWait(browser, 10, poll_frequency=0.05).until(lambda _: finding.is_displayed())
    assert "the certificate ended on 2026-11-20" in finding.text


def test_on_paper_every_detail_is_shown_in_dark_ink_without_background(show: Open) -> None:
    browser = show(landscape(), scheme="dark")
    dark = [{"name": "prefers-color-scheme", "value": "dark"}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print", "features": dark})
    articles = sum(len(each.findings) + len(each.unknown) for each in landscape().stacks)
    visible = "return [...document.querySelectorAll('article')].filter(each => each.checkVisibility({contentVisibilityAuto: true})).length"
    # what a changed medium makes visible counts as visible from the next frame on
    WebDriverWait(browser, 10, poll_frequency=0.05).until(lambda each: each.execute_script(visible) == articles)
    body = browser.find_element(By.TAG_NAME, "body")
    assert body.value_of_css_property("background-color") in {"rgba(255, 255, 255, 1)", "rgb(255, 255, 255)"}
    assert body.value_of_css_property("color") in {"rgba(29, 33, 38, 1)", "rgb(29, 33, 38)"}
