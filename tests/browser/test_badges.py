"""The badges beside an explanation in the real app: the numbers of the engine, and what a red one means."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.app import PHONE, at_rest, fits
from tests.browser.axe import violations

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def expected():
    """The badges of agreement of the example, by method, made in this process."""
    from attnviz.explanation.evaluation import verdict
    from attnviz.runtime import get_runtime

    runtime = get_runtime()
    titles = {info.name: info.title for info in runtime.methods()}
    pair = runtime.default_pair_query
    return lambda method: verdict.agreement_badges(runtime.agreement(pair, "similarity", method), titles)


@pytest.mark.parametrize("method", ["leave-one-out", "rollout"])
def test_a_badge_has_its_numbers_and_a_red_one_its_meaning(page: Page, expected, method):
    page.goto(f"/attribution?method={method}")
    row, meanings = page.locator(".st-key-badges"), page.locator(".st-key-badge_meanings")
    for badge in expected(method):
        expect(row.get_by_text(badge.words)).to_be_visible()
        if badge.holds:
            expect(meanings).to_contain_text(badge.note)
        else:
            expect(meanings).to_contain_text(f"The red badge “{badge.words}” means: {badge.meaning}")
    at_rest(page)
    assert violations(page) == []


def test_on_a_phone_the_badges_stay_on_the_screen(page: Page, expected):
    page.set_viewport_size(PHONE)
    page.goto("/attribution?method=leave-one-out")
    for badge in expected("leave-one-out"):
        expect(page.locator(".st-key-badges").get_by_text(badge.words)).to_be_visible()
    at_rest(page)
    assert fits(page)
