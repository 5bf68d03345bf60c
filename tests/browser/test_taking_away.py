"""What a visitor takes along comes back: the link, the saved file, the page for offline; and what does not is said."""

from __future__ import annotations

import io
import os
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from attnviz.capture import open_capture
from attnviz.explanation import ablate
from attnviz.web.controls.before_after import moved
from tests.browser.app import PHONE, drawn, fits, saved, send_text, text_box
from tests.browser.conftest import WIDE, Watch
from tests.browser.serve import Server
from tests.figures.pointer import download, hover, value, with_options

pytestmark = pytest.mark.browser

TEXT = "The cat sat on the mat."
HOSTILE = "a </script><script>injected=1</script> <img src=x onerror=injected=1> <!-- b"
LINES = "我喜欢在下雨的晚上读书。👩🏽‍🚀👩🏽‍🚀\n" * 34 + "The end."


def upload(page: Page, path: Path) -> None:
    page.get_by_text("Open a saved file", exact=True).click()
    page.locator("[data-testid=stFileUploader] input").set_input_files(path)


def copied(page: Page, button: str = "Copy link") -> str:
    """The link that the button puts on the clipboard."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name=button).click()
    expect(page.get_by_text("Copied", exact=True)).to_be_visible()
    return page.evaluate("navigator.clipboard.readText()")


def test_a_saved_file_opens_on_a_server_without_the_model(page: Page, fresh_server, model):
    page.goto(f"/attention?text={TEXT.replace(' ', '+')}&layer=2&head=5")
    drawn(page)
    path = saved(page, "Save for AttnViz")
    assert path.name == "minilm-the-cat-sat-on-the-mat.attnviz"
    np.testing.assert_allclose(
        open_capture(path).attention(2, 5), model.capture(TEXT).attention(2, 5), atol=1e-6
    )

    bare: Server = fresh_server(ATTNVIZ_WARM="0")
    page.goto(bare.url)
    drawn(page)
    upload(page, path)
    expect(page.locator(".st-key-shown_text, [data-testid=sentence]:visible")).to_contain_text(TEXT)
    expect(page.get_by_text("Shown from the opened file, without the model.")).to_be_visible()
    page.get_by_role("button", name="Next head").click()
    drawn(page)
    expect(page.get_by_role("heading", name="Layer 3, head 2")).to_be_visible()
    hover(page, 4, 2)
    assert value(page) == pytest.approx(model.capture(TEXT).attention(3, 2)[4, 2], abs=1e-6)

    page.get_by_role("link", name="All heads").click()
    expect(page.get_by_role("button", name="Layer 5, head 11", exact=True)).to_be_visible()
    page.get_by_role("link", name="Attribution").click()
    expect(page.get_by_text("An opened file holds attention only")).to_be_visible()
    assert "torch" not in modules(bare), "the engine was loaded for a file"
    page.close()  # a page that outlives its server logs that it is gone
    bare.stop()


def modules(server: Server) -> str:
    """What the server's process has mapped into its memory: compiled libraries, by their paths."""
    return Path(f"/proc/{server.process.pid}/maps").read_text()


def test_another_text_leaves_the_file_for_the_model(page: Page):
    page.goto(f"/attention?text={TEXT.replace(' ', '+')}")
    drawn(page)
    path = saved(page, "Save for AttnViz")
    page.goto("/")
    drawn(page)
    upload(page, path)
    expect(page.locator(".st-key-shown_text, [data-testid=sentence]:visible")).to_contain_text(TEXT)
    send_text(page, "A dog ran.")
    expect(page.locator(".st-key-shown_text, [data-testid=sentence]:visible")).to_contain_text("A dog ran.")
    drawn(page)
    assert "file" not in urlsplit(page.url).query


DAMAGED = {
    "cut off": (lambda data: data[:-100], "is not an AttnViz capture, or it was cut off"),
    "another file": (lambda data: b"PK\x03\x04 not ours", "is not an AttnViz capture, or it was cut off"),
    "empty": (lambda data: b"", "is not an AttnViz capture, or it was cut off"),
    "no numbers": (lambda data: data[:-4] + b"\xff\xff\xff\x7f", "its parts do not fit together"),
}


def test_a_damaged_file_says_what_is_wrong_with_it(page: Page, root: Path, tmp_path: Path):
    whole = (root / "attnviz" / "examples" / "coreference.attnviz").read_bytes()
    page.goto("/")
    drawn(page)
    page.get_by_text("Open a saved file", exact=True).click()
    for name, (damage, message) in DAMAGED.items():
        path = tmp_path / f"{name} <b onclick=x>.attnviz"
        path.write_bytes(damage(whole))
        page.locator("[data-testid=stFileUploader] input").set_input_files(path)
        sidebar = page.get_by_test_id("stSidebar")
        expect(sidebar.get_by_text(f"{path.name} ").first).to_contain_text(message)
        drawn(page)  # the picture beside it still stands
        page.locator(
            "[data-testid=stFileUploader] button[aria-label*=emove], [data-testid=stFileUploaderDeleteBtn] button"
        ).first.click()
        expect(sidebar.get_by_text(message)).to_have_count(0)


def test_the_address_of_a_file_that_is_not_open_says_so(page: Page):
    page.goto("/attention?model=file:0123456789abcdef")
    expect(page.get_by_text("This file is not open here")).to_be_visible()
    page.get_by_role("button", name="Start anew").click()
    drawn(page)


def test_a_copied_link_reopens_this_view(page: Page, browser: Browser):
    page.goto(f"/attention?text={TEXT.replace(' ', '+')}&unit=word")
    drawn(page)
    page.get_by_role("button", name="Next layer").click()
    drawn(page)
    expect(page.get_by_role("heading", name="Layer 4, head 1")).to_be_visible()
    link = copied(page)
    context = browser.new_context(viewport=WIDE)
    other = context.new_page()
    other.goto(link)
    drawn(other)
    expect(other.get_by_role("heading", name="Layer 4, head 1")).to_be_visible()
    expect(with_options(other).get_by_role("combobox", name="Rows and columns")).to_have_value("word")
    expect(other.locator(".st-key-shown_text, [data-testid=sentence]:visible")).to_contain_text(TEXT)
    context.close()


def test_a_link_without_its_text_opens_the_view_and_asks_for_one(page: Page, browser: Browser):
    page.goto(f"/attention?text={TEXT.replace(' ', '+')}&pair=Another+text.&unit=word&layer=3&head=1&held=q2")
    drawn(page)
    link = copied(page, "Copy without text")
    assert link.partition("?")[2] == "model=minilm&text=&layer=3&head=1&unit=word"
    context = browser.new_context(viewport=WIDE)
    other = context.new_page()
    other.goto(link)
    expect(other.get_by_text("it was sent without its text")).to_be_visible()
    send_text(other, "A dog ran.")
    drawn(other)
    expect(other.get_by_role("heading", name="Layer 3, head 1")).to_be_visible()
    expect(with_options(other).get_by_role("combobox", name="Rows and columns")).to_have_value("word")
    context.close()


def test_a_long_text_travels_in_the_link(page: Page, browser: Browser):
    """Letter by letter the text would not fit; compressed it does."""
    page.goto("/attention?text=begin")
    drawn(page)
    send_text(page, LINES)
    page.wait_for_url("**packed=**")
    drawn(page)
    link = copied(page)
    assert len(link) < 6_500
    context = browser.new_context(viewport=WIDE)
    other = context.new_page()
    other.goto(link)
    drawn(other)
    expect(text_box(other)).to_have_value(LINES)
    context.close()


def test_a_text_too_long_for_any_link_offers_the_file(page: Page):
    noise = os.urandom(4_500).hex()
    page.goto("/attention?text=begin")
    drawn(page)
    send_text(page, f"{noise} The end.")
    expect(page.get_by_text("too long for a link, even compressed")).to_be_visible()
    expect(page.get_by_role("button", name="Copy link")).to_have_count(0)
    expect(page.get_by_role("button", name="Copy without text")).to_be_visible()
    expect(page.get_by_role("button", name="Save for AttnViz")).to_be_visible()


def test_without_a_clipboard_the_link_can_be_copied_by_hand(page: Page):
    page.add_init_script("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    page.goto(f"/attention?text={TEXT.replace(' ', '+')}")
    drawn(page)
    page.get_by_role("button", name="Copy link").click()
    field = page.get_by_label("Link to this view")
    expect(field).to_be_focused()
    assert "text=The+cat+sat" in field.input_value()
    assert field.evaluate("f => f.selectionEnd - f.selectionStart") == len(field.input_value())


# What stands in each page that is saved: its address, and a part of the figure with words or numbers.
SHEETS = {
    "attention": ("layer=1&head=3", "stage"),
    "attention, as text": ("layer=1&head=3&form=text", "strongest-from"),
    "heads": ("", "marked"),
    "allocation": ("", "stacks"),
    "compare": ("part=heads", "kinds"),
    "attribution": ("pair=A+cat+<b>sat</b>.", "bars0"),
    "ablation": ("pair=A+cat+<b>sat</b>.&off=2.5", "switches"),
    "ablation, forced": ("pair=A+cat+<b>sat</b>.&part=rows&forced=uniform.1&off=2.5", "switches"),
}


@pytest.mark.parametrize("name", SHEETS)
def test_the_web_page_works_offline(page: Page, browser: Browser, model, name: str):
    params, part = SHEETS[name]
    page.goto(f"/{name.split(',')[0]}?text={HOSTILE.replace(' ', '+')}&{params}")
    expect(page.get_by_role("button", name="Save as a web page")).to_be_visible()
    path = saved(page, "Save as a web page")
    context = browser.new_context(viewport=WIDE, offline=True)
    seen = Watch()
    seen.attach(context)
    sheet = context.new_page()
    sheet.goto(path.as_uri())
    expect(sheet.locator("#text")).to_contain_text(HOSTILE)
    expect(sheet.get_by_test_id(part)).to_be_attached()
    if name == "heads":
        sheet.get_by_role("button", name="Layer 5, head 11", exact=True).click()
        hover(sheet, 3, 4)
        said = sheet.get_by_test_id("detail-readout").get_attribute("data-value")
        assert float(said or "nan") == pytest.approx(model.capture(HOSTILE).attention(5, 11)[3, 4], abs=1e-6)
    if name == "attention":
        (_, drawing), (_, picture) = (download(sheet, label) for label in ("SVG drawing", "PNG picture"))
        assert b"<metadata>Model: minilm\n" in drawing
        assert b"iTXtComment" in picture
        assert b"capture = model.capture(" in picture
    if name == "ablation, forced":
        found = ablate(
            model, HOSTILE, [(2, 5)], "similarity", "A cat <b>sat</b>.", force="uniform", queries=[1]
        )
        expect(sheet.get_by_test_id("sentence")).to_contain_text(moved(found.before, found.after))
        row = sheet.locator(".av-found", has_text="The row of attention").locator("tbody tr").first
        expect(row.locator("td")).to_have_text(
            [f"{each[0]:.1%}" for each in (found.forced.before, found.forced.after)]
        )
    if name == "attention":
        hover(sheet, 3, 4)
        truth = model.capture(HOSTILE).attention(1, 3)
        assert value(sheet) == pytest.approx(truth[3, 4], abs=1e-6)
    with sheet.expect_download() as caught:
        sheet.get_by_text("Download", exact=True).click()
        sheet.get_by_role("button", name="CSV").click()
    assert caught.value.suggested_filename.endswith(".csv")
    assert sheet.evaluate("globalThis.injected ?? null") is None
    assert (seen.errors, seen.dialogs, seen.hosts) == ([], [], {""})
    context.close()


@pytest.mark.parametrize("name", ["attention", "heads", "allocation"])
def test_arrays_are_the_models(page: Page, model, name: str):
    page.goto(f"/{name}?text={TEXT.replace(' ', '+')}")
    expect(page.get_by_role("button", name="Save as arrays")).to_be_visible()
    with np.load(io.BytesIO(saved(page, "Save as arrays").read_bytes()), allow_pickle=False) as file:
        truth = model.capture(TEXT)
        assert file["attention"].shape == (72, 9, 9)
        np.testing.assert_allclose(file["attention"][30], truth.attention(2, 6), atol=1e-6)
        assert tuple(file["key_labels"]) == truth.tokens.labels


def test_a_bad_upload_keeps_the_opened_file(page: Page, root: Path, tmp_path: Path):
    whole = root / "attnviz" / "examples" / "similar.attnviz"
    bad = tmp_path / "bad.attnviz"
    bad.write_bytes(whole.read_bytes()[:1000])
    page.goto("/")
    drawn(page)
    upload(page, whole)
    expect(page.locator(".st-key-shown_text, [data-testid=sentence]:visible")).to_contain_text(
        "A man is playing a guitar"
    )
    page.locator("[data-testid=stFileUploader] input").set_input_files(bad)
    expect(page.get_by_text("The file that was opened before is still shown.")).to_be_visible()
    expect(page.locator(".st-key-shown_text, [data-testid=sentence]:visible")).to_contain_text(
        "A man is playing a guitar"
    )
    page.locator(
        "[data-testid=stFileUploader] button[aria-label*=emove], [data-testid=stFileUploaderDeleteBtn] button"
    ).first.click()
    expect(page.get_by_text("is not an AttnViz capture")).to_have_count(0)
    drawn(page)
    expect(page.locator(".st-key-shown_text, [data-testid=sentence]:visible")).to_contain_text(
        "A man is playing a guitar"
    )
    assert "model=file" in page.url


def test_an_opened_file_goes_by_the_name_of_its_model(page: Page, root: Path):
    page.goto("/")
    drawn(page)
    upload(page, root / "attnviz" / "examples" / "similar.attnviz")
    expect(page.locator(".st-key-shown_text, [data-testid=sentence]:visible")).to_contain_text(
        "A man is playing a guitar"
    )
    drawn(page)
    name, content = download(page, "SVG drawing")
    assert name == "attention_minilm_layer3_head1.svg"
    assert b"file:" not in content
    assert "\u00b7 minilm" in content.decode()


def test_on_a_phone_a_file_is_opened_in_the_sidebar(page: Page, root: Path):
    page.set_viewport_size(PHONE)
    page.goto("/")
    drawn(page)
    page.get_by_test_id("stExpandSidebarButton").click()
    page.get_by_text("Open a saved file", exact=True).click()
    file = root / "attnviz" / "examples" / "similar.attnviz"
    page.locator("[data-testid=stFileUploader] input").set_input_files(file)
    expect(page.get_by_test_id("sentence")).to_contain_text("A man is playing a guitar")
    assert fits(page)
