"""The page in a real browser: what a visitor sees, presses and gets, without a single complaint of the browser."""

import shutil
from collections.abc import Iterator
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from tests.e2e.edition import Edition
from tests.e2e.people import sign_up

_CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
_FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
_PATIENCE_MS = 60_000

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.skipif(_CHROMIUM is None, reason="no Chromium here (Debian and Ubuntu: apt-get install chromium)"),
]

_SPEC = {
    "inputs": [{"name": "subject", "label": "Who or what", "type": "text", "default": "a red apple"}],
    "steps": [{"name": "picture", "kind": "image", "model": "demo-emoji", "params": {"prompt": "{{subject}}"}}],
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=list(_FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def visitor(browser: Browser, edition: Edition) -> Iterator[Page]:
    """A browser of its own at the gallery; whatever it complained about on the way fails the test."""
    complaints: list[str] = []

    def note(message: ConsoleMessage) -> None:
        # A visitor has no account yet, and asking who one is answers 401.
        if message.type in {"error", "warning"} and "401" not in message.text:
            complaints.append(message.text)

    page = browser.new_page(locale="en-GB")
    page.on("console", note)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.set_default_timeout(_PATIENCE_MS)
    expect.set_options(timeout=_PATIENCE_MS)
    page.goto(edition.address)
    yield page
    page.close()
    assert complaints == []


def _published(edition: Edition) -> str:
    """The title of a fresh result in the gallery."""
    ana, title = sign_up(edition.address, "ana"), f"Apple {uuid4().hex[:8]}"
    pipeline = ana.post("/pipelines", {"title": f"Draws {title}", "spec": _SPEC})
    run = ana.succeeded(ana.run(pipeline["id"], inputs={"subject": "a red apple"}, seed=7))
    ana.put(f"/runs/{run['id']}/result", {"title": title}, status=201)
    return title


def test_a_guest_opens_a_result_changes_a_word_and_watches_it_run(visitor: Page, edition: Edition) -> None:
    title = _published(edition)
    visitor.goto(f"{edition.address}/?sort=new")
    visitor.get_by_role("link", name=title).first.click()
    expect(visitor.get_by_role("heading", name="How it was made")).to_be_visible()
    expect(visitor.get_by_text("demo-emoji").first).to_be_visible()

    visitor.get_by_role("button", name="Change the words").click()
    visitor.get_by_label("Who or what").fill("a green apple")
    visitor.get_by_role("button", name="Run", exact=True).click()
    visitor.get_by_role("button", name="Continue as a guest").click()
    visitor.wait_for_url("**/runs/*")
    picture = visitor.locator("main img").first
    expect(picture).to_be_visible()
    expect(visitor.get_by_role("link", name="Guest")).to_be_visible()
    visitor.wait_for_function("() => document.querySelector('main img')?.naturalWidth >= 64")


def test_somebody_signs_up_and_rates_what_they_found(visitor: Page, edition: Edition) -> None:
    title = _published(edition)
    visitor.goto(f"{edition.address}/sign-up")
    visitor.get_by_label("Name").fill(f"ben-{uuid4().hex[:8]}")
    visitor.get_by_label("E-mail").fill(f"{uuid4().hex}@example.org")
    visitor.get_by_label("Password").fill("correct horse battery")
    visitor.get_by_role("button", name="Create the account").click()
    visitor.wait_for_url(lambda address: not address.endswith("/sign-up"))

    visitor.goto(f"{edition.address}/?sort=new")
    visitor.get_by_role("link", name=title).first.click()
    visitor.get_by_role("radio", name="5 of 5").check(force=True)
    expect(visitor.get_by_role("button", name="Take back")).to_be_visible()
    visitor.reload()
    expect(visitor.get_by_role("radio", name="5 of 5")).to_be_checked()


def test_the_page_speaks_russian(visitor: Page) -> None:
    visitor.get_by_role("button", name="RU: Русский").click()
    expect(visitor.get_by_role("link", name="Галерея")).to_be_visible()
    assert visitor.locator("html").get_attribute("lang") == "ru"


@pytest.mark.parametrize("language", ["en-GB", "ru-RU"])
def test_on_a_phone_nothing_is_cut_off(browser: Browser, edition: Edition, language: str) -> None:
    phone = browser.new_page(locale=language, viewport={"width": 390, "height": 844})
    account = {"handle": f"ben-{uuid4().hex[:8]}", "email": f"{uuid4().hex}@example.org", "password": "correct horse"}
    phone.request.post(f"{edition.address}/api/v1/accounts", data=account, headers={"Origin": edition.address})
    for path in ("/", "/pipelines", "/new", "/runs", "/account"):
        phone.goto(edition.address + path)
        links = phone.locator("nav a")
        expect(links).to_have_count(4)
        assert all(link.bounding_box()["x"] + link.bounding_box()["width"] <= 390 for link in links.all()), path
        assert phone.evaluate("document.documentElement.scrollWidth") <= 390, path
    phone.close()


def test_the_description_of_the_api_needs_nothing_from_elsewhere(visitor: Page, edition: Edition) -> None:
    asked: list[str] = []
    visitor.on("request", lambda request: asked.append(request.url))
    visitor.goto(f"{edition.address}/api/docs")
    expect(visitor.get_by_text("/api/v1/pipelines/{id}/remix")).to_be_visible()
    assert [url for url in asked if not url.startswith((edition.address, "data:"))] == []
