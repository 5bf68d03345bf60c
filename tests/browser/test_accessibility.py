"""axe-core on every page, in light and dark: no rule is broken seriously or critically, Streamlit's parts included."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from attnviz.web.shell.site import SITE
from tests.browser.app import PHONE, at_rest
from tests.browser.axe import SCRIPT, check_light_and_dark, violations

pytestmark = pytest.mark.browser

FIGURE = ".av[class*=av-]"
# Each view of each page, and what is on screen when it is there.
VIEWS = {
    "/": FIGURE,
    "/attention?form=text": FIGURE,
    "/attention?form=lines": FIGURE,
    "/attention?form=qk": FIGURE,
    "/attention?unit=word&quantity=norm": FIGURE,
    "/attention?quantity=contribution&pool=sum&over=2.5,3.*&hide=first&keep=90": FIGURE,
    "/attention?pool=mean&over=model&hide=special": FIGURE,
    "/why?layer=3&head=1&held=q10,k2": FIGURE,
    "/heads": FIGURE,
    "/heads?open=2.5": ".av-detail",
    "/heads?layer=0,1&head=0,3": ".av-panes",
    "/compare": FIGURE,
    "/compare?part=heads": FIGURE,
    "/alignment": FIGURE,
    "/image": ".av-tile",
    "/image?part=label&covered=5": ".st-key-covered_patches",
    "/allocation": FIGURE,
    "/allocation?by=distance": FIGURE,
    "/allocation?by=paragraph": FIGURE,
    "/generation": ".st-key-takes_smollm2",
    "/attribution": FIGURE,
    "/attribution?method=leave-one-out&target=similarity": FIGURE,
    "/ablation?off=2.5,3.*": FIGURE,
    "/ablation?gate=mean": FIGURE,
    "/ablation?part=text&changed=A+man+is+playing+a+guitar.": ".st-key-result",
    "/ablation?part=text&edits=h5,s7~drums,d2,m10": ".av-edits",
    "/ablation?part=rows&forced=uniform.*&off=5.5": ".attnviz-row",
    "/ablation?part=contrast": ".attnviz-answers",
    "/layers": ".js-plotly-plot",
    "/layers?target=label-prompt": ".js-plotly-plot",
    "/report": ".st-key-report_empty",
    "/bertviz": "iframe",
    "/bertviz?document=model": "iframe",
}
PROBLEMS = {
    "/attention?text=": "There is no text yet",
    "/attention?model=some/model": "This link asks for a model that is not in the catalogue",
    f"/attention?text={'word+' * 700}": "The text is too long",
    "/attention?layer=99&form=none": "There is no layer 99",
}


def test_every_page_is_checked():
    assert {re.split(r"[/?]", address)[1] or "attention" for address in VIEWS} == {
        entry.name for entry in SITE
    }


@pytest.mark.parametrize("address", VIEWS)
def test_no_serious_violation(page: Page, address):
    page.goto(address)
    expect(page.locator(VIEWS[address]).first).to_be_visible()
    check_light_and_dark(page)


@pytest.mark.parametrize("address", PROBLEMS)
def test_no_serious_violation_where_something_is_missing(page: Page, address):
    page.goto(address)
    expect(page.get_by_text(PROBLEMS[address]).first).to_be_visible()
    check_light_and_dark(page)


def test_no_serious_violation_on_a_phone(page: Page):
    page.set_viewport_size(PHONE)
    page.goto("/attention")
    expect(page.locator(FIGURE).first).to_be_visible()
    check_light_and_dark(page)
    page.get_by_role("button", name="Edit text").click()
    expect(page.get_by_role("textbox", name="Text", exact=True)).to_be_visible()
    check_light_and_dark(page)
    page.get_by_role("button", name="Examples").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    check_light_and_dark(page)


def test_no_serious_violation_in_the_list_of_keys(page: Page):
    page.goto("/heads")
    expect(page.locator(FIGURE).first).to_be_visible()
    at_rest(page)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    check_light_and_dark(page)


def test_a_violation_would_be_found(page: Page):
    """Also one inside of a shadow root, where figures are drawn."""
    page.goto("/")
    expect(page.locator(FIGURE).first).to_be_visible()
    page.locator(FIGURE).first.evaluate("node => node.append(document.createElement('button'))")
    found = violations(page)
    assert len(found) == 1
    assert found[0].startswith("button-name at ")


def test_the_script_is_the_one_that_is_listed():
    listed = re.search(r"\| (\w{64}) \|", SCRIPT.with_name("README.md").read_text("utf-8"))[1]
    assert hashlib.sha256(Path(SCRIPT).read_bytes()).hexdigest() == listed
