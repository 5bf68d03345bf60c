"""The document's policy in a real browser: foreign scripts do not run, foreign sites hear nothing, pages still draw."""

from __future__ import annotations

from urllib.parse import quote

from playwright.sync_api import Page, expect

from tests.browser.conftest import Watch
from tests.browser.serve import Server

INJECT = """() => new Promise((done) => {
  const seen = [];
  document.addEventListener("securitypolicyviolation", (event) => seen.push(event.effectiveDirective));
  const script = document.createElement("script");
  script.textContent = "window.injected = true";
  document.head.append(script);
  const image = new Image();
  image.src = "http://127.0.0.1:9/picture?" + location.search;
  document.body.append(image);
  // Later, since a test's own call may evaluate what it likes.
  setTimeout(() => {
    let evaluated = true;
    try { new Function("return 1")(); } catch { evaluated = false; }
    done({ seen: seen.sort(), injected: window.injected ?? false, evaluated });
  }, 200);
})"""


def test_what_is_not_ours_neither_runs_nor_is_asked(page: Page, watch: Watch):
    page.goto("/?text=The+cat+sat")
    expect(page.locator("canvas").first).to_be_visible()
    assert watch.errors == []
    watch.strict = False  # what is tried now is logged as an error
    found = page.evaluate(INJECT)
    assert found["injected"] is False
    assert found["evaluated"] is False
    assert {"img-src", "script-src-elem"} <= set(found["seen"])


def test_the_servers_log_holds_no_texts(page: Page, server: Server):
    page.goto(f"/?text={quote('a text that nobody should log')}")
    expect(page.locator("canvas").first).to_be_visible()
    assert "nobody" not in server.log


def test_a_visitor_at_home_may_name_a_directory_and_one_behind_a_proxy_may_not(page: Page, tmp_path):
    heading = page.get_by_role("heading", name="This link asks for a model that is not in the catalogue")
    page.goto(f"/?text=a&model={quote(str(tmp_path))}")
    expect(heading).to_be_visible()
    page.get_by_role("button", name="Load this model").click()
    expect(page.get_by_text("There is no model", exact=False).first).to_be_visible()
    expect(page.get_by_text("does not load directories", exact=False)).to_have_count(0)
