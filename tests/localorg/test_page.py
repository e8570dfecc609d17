"""The page for people, in Debian's Chromium: what it shows, that it needs no internet and offers nothing to change."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from selenium import webdriver
from selenium.webdriver.common.by import By

from tests import chromium
from tests.localorg.bundles import ExternalApp, Keys, manifest, permission_set, zipped
from tests.localorg.landscape_client import Landscape, OrgClient

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
in_chromium = pytest.mark.skipif(not chromium.installed(), reason=chromium.REASON)


@pytest.fixture(scope="module")
def browser() -> Iterator[webdriver.Chrome]:
    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for word in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(word)
    options.accept_insecure_certs = True  # the local CA is not in the browser's store
    made = webdriver.Chrome(options=options, service=webdriver.ChromeService(str(DRIVER)))
    yield made
    made.quit()


@pytest.fixture
def app(org: OrgClient, keys: Keys) -> ExternalApp:
    """An app with one good and one refused grant, and a failed deploy beside it."""
    made = ExternalApp(keys)
    assert org.deploy(made.package())["success"]
    assert org.assign(made.set_name, "ci").status_code == 201
    org.grant(made.assertion(org.username("ci"), org.url))
    org.grant(made.assertion(org.username("deploy"), org.url))
    bad = {"package.xml": manifest({"PermissionSet": ["Bad"]}), **permission_set("Bad", "<description>d</description>")}
    assert not org.deploy(zipped(bad))["success"]
    return made


def row_of(browser: webdriver.Chrome, table: str, name: str) -> str:
    cells = browser.find_elements(By.XPATH, f"//section[@id='uat']//table[@class='{table}']//tr[contains(., '{name}')]")
    return " | ".join(each.text for each in cells)


@in_chromium
def test_the_page_shows_apps_sets_deploys_and_grants(
    browser: webdriver.Chrome, landscape: Landscape, org: OrgClient, app: ExternalApp
) -> None:
    browser.get(landscape.about["admin"] + "/")

    assert [each.text for each in browser.find_elements(By.CSS_SELECTOR, "nav a")] == ["acme", "uat", "dev", "sb03"]
    shown = row_of(browser, "apps", app.name)
    certificate = x509.load_pem_x509_certificate(app.keys.certificate.encode())
    assert certificate.fingerprint(hashes.SHA256()).hex(":").upper() in shown
    assert certificate.not_valid_after_utc.date().isoformat() in shown
    assert f"admin approved: {app.set_name}" in shown
    assert "api refresh_token" in shown
    assert org.username("ci") in row_of(browser, "sets", app.set_name)
    grants = row_of(browser, "grants", app.name)
    assert "invalid_app_access: user is not admin approved to access this app" in grants
    assert "granted" in grants
    assert "Required field is missing: label" in row_of(browser, "deploys", "Failed")


@in_chromium
def test_the_page_is_read_only_and_loads_nothing_else(browser: webdriver.Chrome, landscape: Landscape) -> None:
    browser.get(landscape.about["admin"] + "/")
    for selector in ("form", "button", "input", "script", "img", "link"):
        assert browser.find_elements(By.CSS_SELECTOR, selector) == []
    loaded = browser.execute_script("return performance.getEntriesByType('resource').map(e => e.name)")
    assert [each for each in loaded if not each.endswith("/favicon.ico")] == []


def test_what_people_wrote_is_shown_as_text(landscape: Landscape, org: OrgClient) -> None:
    body = "<description>&lt;script&gt;alert(1)&lt;/script&gt;</description><label>l</label>"
    name = "Marked_Up"
    org.deploy(zipped({"package.xml": manifest({"PermissionSet": [name]}), **permission_set(name, body)}))
    page = landscape.http.get(landscape.about["admin"] + "/", timeout=30)
    assert "<script>" not in page.text
    assert "&lt;script&gt;" in page.text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
